"""A campaign looked into: from the list to who heard it, how long they listened, hour by hour."""

from dataclasses import dataclass
from typing import Any

from campaigns.outcome import ANSWERED, REACHED, Outcome
from campaigns.states import TargetState
from operations.calls_made import CallsMade, Made
from operations.progress import Progress, progress_of
from operations.spans import Span, spans
from operations.workspace import Workspace
from store import campaigns as kept
from store import lists
from store.engine import reading

_HOUR = 60
_BY_MINUTE = 3 * _HOUR


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way from the list to who heard the message.

    Attributes:
        name: `listed`, `concerned`, `allowed`, `called`, `reached`.
        count: people.
        share: of those of the first step, 0 to 1.
    """

    name: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Variant:
    """What came of the calls with one message; the campaign's own has no name."""

    name: str
    calls: int
    answered: int
    delivered: int
    opted_out: int


@dataclass(frozen=True, slots=True)
class Depth:
    """A campaign looked into.

    Attributes:
        funnel: from the list to who heard it, counted with every move.
        made: sums over its calls.
        listening: how many still listened at each second, from 0 to the length of the message.
        opt_out_rate: of the answered calls, those in which 9 was pressed; None before the first.
        spans: the oldest first, from its first call to its last.
        span_min: how many minutes each lasts: one where its calls took no more than three hours,
            otherwise 60.
        variants: message by message, where there are several.
        message: what is played, in the audio library; empty where it has none of its own.
        message_s: its length.
        removed: its calls were removed, so that only counts are left.
    """

    funnel: tuple[Step, ...]
    made: Made
    listening: tuple[int, ...]
    opt_out_rate: float | None
    spans: tuple[Span, ...]
    span_min: int
    variants: tuple[Variant, ...]
    message: str
    message_s: float
    removed: bool


def depth_of(
    workspace: Workspace, controller_id: int, campaign_id: int, calls_made: CallsMade
) -> Depth:
    """Look into a campaign; quick at any size, see `operations.calls_made`.

    Raises:
        NotFound: the controller has no such campaign.
    """
    progress = progress_of(workspace, controller_id, campaign_id)
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        ids = kept.lists_of(connection, campaign_id)
        listed = sum(lists.one(connection, controller_id, one)["accepted"] for one in ids)
        campaign = kept.by_id(connection, campaign_id)
    made = calls_made.of_campaign(
        workspace.engine, campaign_id, campaign.max_call_s, ended=row["ended_at"] is not None
    )
    ended = sum(progress.outcomes.values())
    span_min = _span_min(made)
    return Depth(
        funnel=_funnel(progress, listed),
        made=made,
        listening=tuple(made.listening(row["message_ms"] // 1000)),
        opt_out_rate=_opt_out_rate(progress),
        spans=spans(made, span_min),
        span_min=span_min,
        variants=_variants(made, row),
        message=row["message"],
        message_s=row["message_ms"] / 1000,
        removed=made.whole and made.calls == 0 < ended,
    )


def _funnel(progress: Progress, listed: int) -> tuple[Step, ...]:
    refused = progress.states.get(TargetState.REFUSED.value, 0)
    counts = {
        "listed": max(listed, progress.targets),
        "concerned": progress.targets,
        "allowed": progress.targets - refused,
        "called": progress.begun,
        "reached": progress.states.get(TargetState.REACHED.value, 0),
    }
    first = counts["listed"]
    return tuple(
        Step(name, count, count / first if first else 0.0) for name, count in counts.items()
    )


def _opt_out_rate(progress: Progress) -> float | None:
    answered = sum(progress.outcomes.get(one.value, 0) for one in ANSWERED)
    pressed = progress.outcomes.get(Outcome.OPTED_OUT.value, 0)
    return pressed / answered if answered else None


def _span_min(made: Made) -> int:
    minutes = [minute for minute, _ in made.outcomes]
    return 1 if not minutes or max(minutes) - min(minutes) < _BY_MINUTE else _HOUR


def _variants(made: Made, row: dict[str, Any]) -> tuple[Variant, ...]:
    if not row["variants"]:
        return ()
    names = sorted({name for name, _ in made.variants})
    return tuple(_variant(name, made) for name in names)


def _variant(name: str, made: Made) -> Variant:
    found = {outcome: many for (one, outcome), many in made.variants.items() if one == name}
    return Variant(
        name=name,
        calls=sum(found.values()),
        answered=sum(many for outcome, many in found.items() if outcome in ANSWERED),
        delivered=sum(many for outcome, many in found.items() if outcome in REACHED),
        opted_out=found.get(Outcome.OPTED_OUT.value, 0),
    )
