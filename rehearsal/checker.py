"""Compare what an engine reports with what the network saw. Pure, and on nobody's side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from rehearsal.expectation import Announced, expected_outcomes
from rehearsal.ledger import LedgerCall, peak_concurrent, peak_starts_per_second
from rehearsal.matching import IN_DOUBT, AttemptRecord, Matching, match
from rehearsal.numbering import e164

FINAL_OUTCOMES = frozenset({"delivered", "opted_out", "unwanted"})
"""After one of these nobody may be called again in the same campaign."""

_NEVER_LEFT = frozenset({"config_error", "pbx_lost", "cancelled", IN_DOUBT})
"""Outcomes of an attempt that need not have reached the network."""

TAKEN_WITHIN = 1.0
"""Seconds from the release of a key within which the PBX has taken what it says."""

OPTOUT_DELAY = 0.25
"""Seconds from the release of the key within which an opt-out must be in force."""


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """One target as the engine reports it.

    Attributes:
        attempts: how many it says left for the PBX (or may have), whether or not they count
            against the person.
    """

    target_id: str
    number: str
    state: str
    terminal: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What must never be passed: calls up at once, and call starts in any one second."""

    channels: int
    starts_per_second: int


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An attempt reported otherwise than the network saw it."""

    attempt_id: str
    expected: frozenset[str]
    got: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison. `faults` is empty exactly where nothing is wrong.

    Attributes:
        called_twice: numbers with more calls than attempts, with two calls up at once, or called
            again after a final outcome.
        lost: targets without a terminal state or whose attempts don't add up, and attempts the
            engine says it sent which nobody saw.
        optouts_sent: numbers from which the opt-out key was certainly heard.
        lost_optouts: those of them without a suppression.
        calls_after_optout: numbers called although they had opted out.
        uninvited: Call-IDs of calls that no attempt accounts for.
        in_doubt: attempts the engine says it knows no outcome of. Not faults, and never many.
        never_said: attempts in which something was said that nobody pressed a key for.
    """

    mismatches: list[Mismatch]
    called_twice: list[str]
    lost: list[str]
    optouts_sent: list[str]
    optouts_recorded: list[str]
    lost_optouts: list[str]
    calls_after_optout: list[str]
    uninvited: list[str]
    in_doubt: list[str]
    peak_channels: int
    limit_channels: int
    peak_cps: int
    limit_cps: int
    ledger_calls: int
    behaviours: dict[str, int] = field(default_factory=dict)
    never_said: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """One sentence for each kind of thing that is wrong."""
        lists: dict[str, Sequence[object]] = {
            "outcomes that differ": self.mismatches,
            "numbers called twice": self.called_twice,
            "targets or attempts lost": self.lost,
            "opt-outs lost": self.lost_optouts,
            "numbers called after they opted out": self.calls_after_optout,
            "calls without an attempt": self.uninvited,
            "calls in which nobody said what was recorded": self.never_said,
        }
        found = [f"{len(items)} {what}" for what, items in lists.items() if items]
        if self.peak_channels > self.limit_channels:
            found.append(f"{self.peak_channels} calls at once, limit {self.limit_channels}")
        if self.peak_cps > self.limit_cps:
            found.append(f"{self.peak_cps} starts in one second, limit {self.limit_cps}")
        return found

    def summary(self) -> dict[str, object]:
        """Counts in place of lists, ready for JSON."""
        return {name: _counted(value) for name, value in asdict(self).items()}


def _counted(value: object) -> object:
    return len(value) if isinstance(value, list) else value


def check(
    calls: Sequence[LedgerCall],
    attempts: Sequence[AttemptRecord],
    targets: Sequence[TargetRecord],
    limits: Limits,
    suppressed_numbers: Mapping[str, datetime],
    announced: Announced,
) -> Verdict:
    """Compare.

    Args:
        calls: the ledger, of one campaign.
        attempts: every attempt, in order; of each target all.
        suppressed_numbers: since when each number may not be called, by number in any form.
        announced: message length, ring time-out and opt-out key of the campaign.
    """
    matching = match(calls, attempts)
    pressed = _optouts(calls, announced)
    suppressed = {e164(number) for number in suppressed_numbers}
    return Verdict(
        mismatches=_mismatches(matching, announced),
        called_twice=_called_twice(calls, attempts, announced),
        lost=_lost(matching, attempts, targets),
        optouts_sent=sorted(pressed),
        optouts_recorded=sorted(pressed.keys() & suppressed),
        lost_optouts=sorted(pressed.keys() - suppressed),
        calls_after_optout=_called_after(calls, pressed),
        uninvited=[call.sip_call_id for call in matching.uninvited],
        in_doubt=[a.attempt_id for a in attempts if a.outcome == IN_DOUBT],
        peak_channels=peak_concurrent(calls),
        limit_channels=limits.channels,
        peak_cps=peak_starts_per_second(calls),
        limit_cps=limits.starts_per_second,
        ledger_calls=len(calls),
        behaviours=dict(Counter(call.behaviour for call in calls).most_common()),
        never_said=[
            attempt.attempt_id
            for attempt, call in matching.pairs
            if not all(_was_pressed(call, *one) for one in attempt.replies)
        ],
    )


def _was_pressed(call: LedgerCall, digit: str, at: float) -> bool:
    """Whether this key went up shortly before the PBX took it.

    Asterisk may take a key a moment before its end, of which three packets are sent.
    """
    return any(
        key.digit == digit and key.start <= at <= key.end + TAKEN_WITHIN for key in call.keys
    )


def _mismatches(matching: Matching, announced: Announced) -> list[Mismatch]:
    found = []
    for attempt, call in matching.pairs:
        seconds = attempt.message_seconds
        told = announced if seconds is None else replace(announced, message_seconds=seconds)
        expected = expected_outcomes(call, told)
        if attempt.outcome not in expected | {IN_DOUBT}:
            found.append(Mismatch(attempt.attempt_id, expected, attempt.outcome))
    return found


def _called_twice(
    calls: Sequence[LedgerCall], attempts: Sequence[AttemptRecord], announced: Announced
) -> list[str]:
    sent = Counter(e164(a.number) for a in attempts if a.may_have_left)
    seen: dict[str, list[LedgerCall]] = {}
    for call in sorted(calls, key=lambda c: c.invite_at):
        seen.setdefault(e164(call.number), []).append(call)
    return sorted(
        number
        for number, of_number in seen.items()
        if len(of_number) > sent[number] or _repeats(of_number, announced)
    )


def _repeats(calls: Sequence[LedgerCall], announced: Announced) -> bool:
    """Whether a later call overlaps an earlier one, or follows one that settled the matter."""
    for earlier, later in pairwise(calls):
        if earlier.ended_at is None or later.invite_at < earlier.ended_at:
            return True
        if expected_outcomes(earlier, announced) <= FINAL_OUTCOMES:
            return True
    return False


def _lost(
    matching: Matching, attempts: Sequence[AttemptRecord], targets: Sequence[TargetRecord]
) -> list[str]:
    made = Counter(a.target_id for a in attempts if a.may_have_left)
    lost = [
        f"target {t.target_id}: {_target_fault(t, made[t.target_id])}"
        for t in targets
        if _target_fault(t, made[t.target_id])
    ]
    known = {t.target_id for t in targets}
    lost += [f"target {i}: attempts but no such target" for i in sorted(made.keys() - known)]
    unseen = [a for a in matching.unseen if a.outcome not in _NEVER_LEFT]
    return lost + [f"attempt {a.attempt_id}: sent, but never seen" for a in unseen]


def _target_fault(target: TargetRecord, sent: int) -> str:
    if not target.terminal:
        return f"left in state {target.state}"
    if target.attempts != sent:
        return f"counts {target.attempts} attempts, {sent} were sent"
    return ""


def _optouts(calls: Sequence[LedgerCall], announced: Announced) -> dict[str, float]:
    """Numbers that certainly opted out, with the moment of the first release of the key."""
    pressed: dict[str, float] = {}
    for call in calls:
        if expected_outcomes(call, announced) == {"opted_out"}:
            released = min(k.end for k in call.keys if k.digit == announced.optout_digit)
            number = e164(call.number)
            pressed[number] = min(released, pressed.get(number, released))
    return pressed


def _called_after(calls: Sequence[LedgerCall], pressed: Mapping[str, float]) -> list[str]:
    never = float("inf")
    return sorted(
        {
            number
            for call in calls
            if call.invite_at > pressed.get(number := e164(call.number), never) + OPTOUT_DELAY
        }
    )
