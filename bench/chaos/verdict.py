"""What became of the campaign, held against the ledger; what each fault may leave behind."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from bench.chaos.faults import CLOSE_TO_A_KILL_S, Done
from bench.chaos.site import Site
from campaigns.states import AttemptState, TargetState
from cli.judge import Evidence, evidence
from dialer.journal import OptOutPressed, read
from rehearsal.ledger import LedgerCall
from rehearsal.matching import IN_DOUBT, AttemptRecord
from rehearsal.numbering import e164

ON_THE_WAY_S = 0.2
"""A key released so shortly before a kill may have died in the PBX before it was written."""

HEARD_LATE_S = 1.0
"""The PBX may write down the end of a call so long after the far side saw it."""

FINAL_SHARE = 0.995

KEYS_PER_KILL = 10
"""Opt-outs near each death of the PBX, on average: without them nothing is proved of it."""

LONGEST_S = 60.0
"""No call of such a campaign is longer."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run. Numbers of calls, targets or people, unless said otherwise.

    Attributes:
        keys_near_kills: opt-outs released within half a second of a kill of the PBX.
        in_doubt_after_dialer_kills: those that no death of the PBX explains.
        live_at_pbx_kills: calls up on the far side when the PBX was killed.
        final_share: targets with a final state, of all.
        starts_over_limit: calls beyond the limit in the worst second, as the far side counted.
    """

    seed: int
    dialer_kills: int
    pbx_kills: int
    link_faults: int
    database_faults: int
    keys_near_kills: int
    called_twice: int
    lost_optouts: int
    wrong_outcomes: int
    lost_targets: int
    uninvited_calls: int
    in_doubt_after_dialer_kills: int
    in_doubt_after_pbx_kills: int
    live_at_pbx_kills: int
    final_share: float
    starts_over_limit: int
    wrong_behaviour: int
    calls: int
    targets: int
    seconds: float

    @property
    def broken(self) -> list[str]:
        """Promises that were not kept."""
        plain = asdict(self)
        found = [
            name
            for name in (
                "called_twice",
                "lost_optouts",
                "wrong_outcomes",
                "lost_targets",
                "uninvited_calls",
                "in_doubt_after_dialer_kills",
                "wrong_behaviour",
            )
            if plain[name]
        ]
        if self.in_doubt_after_pbx_kills > self.live_at_pbx_kills:
            found.append("in_doubt_after_pbx_kills")
        if self.final_share < FINAL_SHARE:
            found.append("final_share")
        if self.keys_near_kills < KEYS_PER_KILL * self.pbx_kills:
            found.append("keys_near_kills")
        return found


@dataclass(frozen=True, slots=True)
class Finding:
    """The figures, and the cases behind those that are wrong."""

    result: Result
    cases: dict[str, list[str]]


def judge(site: Site, campaign: int, done: Done, seed: int, seconds: float) -> Finding:
    """Compare both records, knowing when the PBX was killed."""
    seen = evidence(site.workspace, site.controller, campaign, site.ledger)
    kills = done.pbx_kills
    heard = weighed(seen, kills)
    verdict = heard.verdict()
    doubts = [one for one in seen.attempts if one.outcome == IN_DOUBT]
    by_pbx = explained(doubts, seen.calls, kills)
    lost_optouts = {*verdict.lost_optouts, *_unheeded(site, heard)}
    cases = {
        "called_twice": verdict.called_twice,
        "lost_optouts": sorted(lost_optouts),
        "wrong_outcomes": [str(one) for one in verdict.mismatches],
        "lost_targets": verdict.lost,
        "uninvited_calls": verdict.uninvited,
        "in_doubt_after_dialer_kills": [
            one.attempt_id for one in doubts if one.attempt_id not in by_pbx
        ],
        "wrong_behaviour": done.wrongs + _sums(site, campaign, seen),
    }
    result = Result(
        seed=seed,
        **{name: done.counts[name] for name in _FAULTS},
        **{name: len(found) for name, found in cases.items()},
        keys_near_kills=_keys_near(seen.calls, kills),
        in_doubt_after_pbx_kills=len(by_pbx),
        live_at_pbx_kills=sum(_first_kill(call, kills) is not None for call in seen.calls),
        final_share=_final_share(seen),
        starts_over_limit=max(0, verdict.peak_cps - verdict.limit_cps),
        calls=len(seen.calls),
        targets=len(seen.targets),
        seconds=round(seconds, 1),
    )
    return Finding(result, cases)


_FAULTS = ("dialer_kills", "pbx_kills", "link_faults", "database_faults")


def weighed(seen: Evidence, kills: Sequence[float]) -> Evidence:
    """The same without keys that no PBX could hear, and with targets in doubt where they are."""
    known = {e164(number) for number in seen.suppressed_numbers}
    return replace(
        seen,
        calls=[audible(call, kills, known) for call in seen.calls],
        targets=[
            replace(one, terminal=one.terminal or one.state == TargetState.IN_DOUBT)
            for one in seen.targets
        ],
    )


def audible(call: LedgerCall, kills: Sequence[float], known: set[str]) -> LedgerCall:
    """The call without the keys pressed to a dead PBX.

    A key that it may or may not have heard counts where it was recorded.
    """
    death = _first_kill(call, kills)
    if death is None:
        return call
    surely = death if e164(call.number) in known else death - ON_THE_WAY_S
    return replace(call, keys=tuple(key for key in call.keys if key.end <= surely))


def _first_kill(call: LedgerCall, kills: Sequence[float]) -> float | None:
    """The death of the PBX that cut this call off; the far side may hold it up beyond the next."""
    over = float("inf") if call.ended_at is None else call.ended_at
    return next((at for at in kills if call.invite_at <= at <= over), None)


def explained(
    doubts: Sequence[AttemptRecord], calls: Sequence[LedgerCall], kills: Sequence[float]
) -> set[str]:
    """Attempts in doubt whose call was up, or about to be placed, when the PBX was killed."""
    by_number = {e164(call.number): call for call in calls}
    return {one.attempt_id for one in doubts if _died(one, by_number.get(e164(one.number)), kills)}


def _died(attempt: AttemptRecord, call: LedgerCall | None, kills: Sequence[float]) -> bool:
    begun = call.invite_at if call else _moment(attempt)
    over = call.ended_at if call and call.ended_at is not None else begun + LONGEST_S
    return any(begun - HEARD_LATE_S <= at <= over + HEARD_LATE_S for at in kills)


def _moment(attempt: AttemptRecord) -> float:
    return attempt.sent_at.timestamp() if attempt.sent_at else 0.0


def _keys_near(calls: Iterable[LedgerCall], kills: Sequence[float]) -> int:
    keys = [key.end for call in calls for key in call.keys if key.digit == "9"]
    return sum(abs(at - key) <= CLOSE_TO_A_KILL_S for at in kills for key in keys)


def _unheeded(site: Site, seen: Evidence) -> list[str]:
    """Numbers whose refusal stands in the PBX's journal, and that may be called."""
    numbers = {one.attempt_id: one.number for one in seen.attempts}
    journals = site.supervisor.instance.journal.glob("*.journal")
    pressed = {
        record.attempt_id
        for path in journals
        for record in read(path).records
        if isinstance(record, OptOutPressed)
    }
    return [
        numbers[one]
        for one in pressed
        if one in numbers and numbers[one] not in seen.suppressed_numbers
    ]


def _sums(site: Site, campaign: int, seen: Evidence) -> list[str]:
    """Whether the counts that are shown say the same as the rows, and no attempt is left open."""
    shown = {name: many for name, many in site.progress(campaign).states.items() if many}
    rows: dict[str, int] = {}
    for one in seen.targets:
        rows[one.state] = rows.get(one.state, 0) + 1
    found = [] if shown == rows else [f"states shown {shown}, rows {rows}"]
    open_ = sum(one.state == AttemptState.CLAIMED for one in seen.attempts)
    return found + ([f"{open_} attempts still open"] if open_ else [])


def _final_share(seen: Evidence) -> float:
    final = sum(one.terminal for one in seen.targets)
    return round(final / len(seen.targets), 5) if seen.targets else 1.0
