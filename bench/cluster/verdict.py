"""What came of it: our record held against the network's, limits against all calls together."""

import math
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from bench.chaos.verdict import audible, explained, weighed
from bench.cluster.run import Done, begun_calls
from bench.cluster.site import Site
from bench.figures import most_in_a_second, most_up
from bench.report import tell
from campaigns.states import TargetState
from cli.judge import Evidence, evidence
from operations.progress import progress_of
from rehearsal.ledger import LedgerCall
from rehearsal.matching import IN_DOUBT
from rehearsal.numbering import e164
from store import campaigns
from store.engine import reading
from store.tables import attempt


@dataclass(frozen=True, slots=True)
class Finding:
    """The figures, and the cases behind those that are wrong."""

    result: dict[str, Any]
    cases: dict[str, list[str]]


def judge(site: Site, campaign: int, done: Done) -> Finding:
    """Compare both records, knowing when an Asterisk was killed."""
    tell("comparing our record with the network's")
    seen = evidence(site.workspace, site.controller, campaign, site.ledger, begun_only=True)
    doubts = [one for one in seen.attempts if one.outcome == IN_DOUBT]
    by_pbx = explained(doubts, seen.calls, [at for _, at in done.pbx_kills])
    verdict = _waiting(_audible(seen, done, _placed_by(site, campaign))).verdict()
    states = progress_of(site.workspace, site.controller, campaign).states
    cases = {
        "called_twice": verdict.called_twice,
        "lost_optouts": sorted(verdict.lost_optouts),
        "lost_targets": verdict.lost,
        "wrong_outcomes": [str(one) for one in verdict.mismatches],
        "unexplained_doubts": [one.attempt_id for one in doubts if one.attempt_id not in by_pbx],
    }
    longest_s = _longest_s(site, campaign)
    lives = [(one.invite_at, _over(one, longest_s)) for one in seen.calls]
    up = most_up(lives, (0.0, math.inf))
    second = most_in_a_second(one.invite_at for one in seen.calls)
    limits = site.limits
    result = {
        **{name: len(found) for name, found in cases.items()},
        "limit_overshoot": max(0, up - limits.max_channels)
        + max(0, second - math.floor(limits.max_cps)),
        "most_up": up,
        "most_in_a_second": second,
        "calls": len(seen.calls),
        "called": begun_calls(site, campaign),
        "targets": sum(states.values()),
        "in_doubt": len(doubts),
        "faults": sum(done.counts.values()),
        **{name.replace(" ", "_"): count for name, count in sorted(done.counts.items())},
        "calls_per_second": len(seen.calls) / done.seconds,
        "seconds": done.seconds,
    }
    return Finding(result, cases)


def _longest_s(site: Site, campaign: int) -> int:
    with reading(site.workspace.engine) as connection:
        return campaigns.by_id(connection, campaign).max_call_s


def _over(call: LedgerCall, longest_s: int) -> float:
    """When a call was over at the latest: one that a dead PBX left has nobody to end it."""
    latest = call.invite_at + longest_s
    return latest if call.ended_at is None else min(call.ended_at, latest)


def _placed_by(site: Site, campaign: int) -> dict[str, set[str]]:
    """Nodes that called each number."""
    with reading(site.workspace.engine) as connection:
        asked = select(attempt.c.number, attempt.c.node).where(attempt.c.campaign_id == campaign)
        found: dict[str, set[str]] = {}
        for number, node in connection.execute(asked):
            found.setdefault(number, set()).add(node)
    return found


def _audible(seen: Evidence, done: Done, placed_by: dict[str, set[str]]) -> Evidence:
    """The same without keys that no PBX could hear: those of a call's own node alone matter."""
    known = {e164(number) for number in seen.suppressed_numbers}
    nodes = [placed_by.get(e164(call.number), set()) for call in seen.calls]
    return replace(
        weighed(seen, []),
        calls=[
            audible(call, [at for node, at in done.pbx_kills if node in theirs], known)
            for call, theirs in zip(seen.calls, nodes, strict=True)
        ],
    )


def _waiting(seen: Evidence) -> Evidence:
    """The same with people who wait to be called again left where they are."""
    waiting = TargetState.PENDING
    return replace(
        seen,
        targets=[
            replace(one, terminal=one.terminal or one.state == waiting) for one in seen.targets
        ],
    )
