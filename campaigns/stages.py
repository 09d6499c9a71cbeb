"""Staged launch, and the breakers of a campaign: what makes it wait for a person. Pure.

A campaign calls a few people first, then more, then everybody. At the end of each stage its calls
so far are measured; they are watched at every moment between. Where a measure exceeds its bound
the campaign is held until a named person releases it, and measuring begins anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from campaigns.errors import InvalidInput
from campaigns.outcome import ANSWERED, OURS, Outcome


class Measure(StrEnum):
    """What is watched of a campaign's calls."""

    OPT_OUTS = "opt_outs"
    INVALID_NUMBERS = "invalid_numbers"
    EARLY_HANG_UPS = "early_hang_ups"
    SILENT_CALLS = "silent_calls"
    UNWANTED = "unwanted"
    ANALYTICS_BLOCKED = "analytics_blocked"


class Cause(StrEnum):
    """What else a campaign waits for a person for: no share of its calls, and no bound."""

    RESTORED = "restored"  # from a backup: calls that came after it may be missing in the record


@dataclass(frozen=True, slots=True)
class Hold:
    """A bound that was exceeded.

    Attributes:
        measure: of what.
        share: of the calls it is measured on, 0 to 1.
        bound: the highest share allowed.
        calls: how many it was measured on.
    """

    measure: Measure
    share: float
    bound: float
    calls: int


LEAST_CALLS = 50
"""Fewer calls tell nothing: one of ten would be a share of 10 %."""

LEAST_EVENTS = 3
"""Fewer are chance, whatever their share: two of sixty people who pressed 9 are over 3 %."""

DEVIATIONS = 3.0
"""Between two stages a share must exceed its bound by so many standard deviations. It is looked at
twice a second for hours: with the usual two, chance alone would hold a good campaign some day."""

MOST_PEOPLE = 2**31 - 1
"""People in a stage above which it is taken for a mistake."""

LATE_MS = 2000
"""Milliseconds of silence after an answer from which on a call is a silent one, whatever came then.
47 CFR 64.1200(a)(7) (US) calls one abandoned after two seconds, as Ofcom (UK) does: nobody knows
yet who is calling, and most have hung up."""

LATE_START = "late_start"
"""How the calls are counted, beside their outcomes, whose message began later than that."""

HEARD_NOTHING = frozenset({Outcome.SILENT_CALL, Outcome.ANSWERED_TOO_LATE})
"""Outcomes of people who answered a silent line."""

_THEIRS = frozenset(Outcome) - OURS
"""Calls that reached the person's network. Our own faults count nowhere, or a night of congestion
would hide a bad list."""

_OF: Mapping[Measure, tuple[Collection[str], Collection[Outcome]]] = {
    Measure.OPT_OUTS: ({Outcome.OPTED_OUT}, ANSWERED),
    Measure.INVALID_NUMBERS: ({Outcome.INVALID_NUMBER}, _THEIRS),
    Measure.EARLY_HANG_UPS: ({Outcome.HUNG_UP_EARLY}, ANSWERED),
    Measure.SILENT_CALLS: (HEARD_NOTHING | {LATE_START}, ANSWERED),
    Measure.UNWANTED: ({Outcome.UNWANTED}, _THEIRS),
    Measure.ANALYTICS_BLOCKED: (
        {Outcome.ANALYTICS_BLOCKED},
        _THEIRS | {Outcome.ANALYTICS_BLOCKED},
    ),
}
"""What each measure counts, and among which outcomes: opt-outs among those who answered, 607 (RFC
8197) and 608 (RFC 8688) among all that reached a network."""


def verdict(
    counts: Mapping[str, int],
    baseline: Mapping[str, int],
    bounds: Mapping[str, float],
    *,
    ended: bool,
    up: int = 0,
) -> Hold | None:
    """The bound that is exceeded most; None where all is well.

    At the end of a stage the plain share decides, since going on calls ten times as many people.
    Between two ends the lower bound of Wilson's interval does, for the reason at `DEVIATIONS`; and
    calls that are up count as if they went well: a refusal ends a call at once and a message that
    is heard ends it late, so that of the first calls to end most are the bad ones.

    Args:
        counts: ended calls of the campaign by outcome, and those of them that began late.
        baseline: those of them that a person has answered for by a release.
        bounds: highest share by measure; what is absent is not watched.
        ended: whether a stage has just ended.
        up: calls that are up.
    """
    found = []
    for name, bound in bounds.items():
        measure = Measure(name)
        events, calls = _measured(measure, counts, baseline)
        enough = calls >= LEAST_CALLS and events >= LEAST_EVENTS
        if enough and (events / calls if ended else _at_least(events, calls + up)) > bound:
            found.append(Hold(measure, events / calls, bound, calls))
    return max(found, key=lambda one: one.share / one.bound, default=None)


def stage_over(limit: int | None, begun: int, first_calls_up: int) -> bool:
    """Whether everybody of a stage has been called once and those calls have ended.

    Args:
        limit: how many people may have been called by its end; None after the last stage.
        begun: how many have been.
        first_calls_up: calls to people called for the first time that have not ended. Retries
            are not waited for: they come and go for hours.
    """
    return limit is not None and begun >= limit and first_calls_up == 0


def check_stages(stages: Sequence[int]) -> None:
    """Refuse stages that cannot follow each other.

    Raises:
        InvalidInput: one is not larger than the one before it.
    """
    if any(later <= earlier for earlier, later in zip((0, *stages), stages, strict=False)):
        raise InvalidInput(
            "launch.stages",
            "each stage counts the people called since the launch, so it is larger than the one "
            "before it.",
            "Write them as [200, 2000, 20000].",
        )


def as_careful(stages: Sequence[int], usual: Sequence[int]) -> bool:
    """Whether nobody is called earlier than the usual stages would let them be."""
    return len(stages) >= len(usual) and all(
        own <= most for own, most in zip(stages, usual, strict=False)
    )


def _measured(
    measure: Measure, counts: Mapping[str, int], baseline: Mapping[str, int]
) -> tuple[int, int]:
    """(events, calls they are a share of) since the baseline."""

    def since(names: Collection[str]) -> int:
        return sum(max(0, counts.get(name, 0) - baseline.get(name, 0)) for name in names)

    events, among = _OF[measure]
    return since(events), since(among)


def _at_least(events: int, calls: int) -> float:
    """Lower bound of Wilson's score interval: the least share these calls make likely.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
    """
    share, slack = events / calls, DEVIATIONS**2 / calls
    spread = DEVIATIONS * sqrt((share * (1 - share) + slack / 4) / calls)
    return (share + slack / 2 - spread) / (1 + slack)
