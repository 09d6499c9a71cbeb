"""What other programs are told of calls, written with them where anybody wants to know."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.campaign import Campaign
from campaigns.contacts.suppression import SuppressionReason
from campaigns.rules.gates import Gate
from campaigns.states import TERMINAL_TARGET, TargetState
from campaigns.webhook import EventKind
from dialer.calls import Call, utc_now
from dialer.outcomes import Closing
from store import outbox
from store.outbox import Event


def refusals(connection: Connection, calls: Sequence[Call]) -> None:
    """Tell of people who pressed 9, whose numbers are suppressed already."""
    asked = outbox.wanted(connection) if calls else {}
    for call in calls if asked else ():
        outbox.note_opt_out(
            connection, call.campaign.controller_id, call.attempt.number, call.attempt.id,
            utc_now(), {"reason": SuppressionReason.KEY.value, **_ids(call)}, asked,
        )  # fmt: skip


def closings(connection: Connection, ended: Sequence[Closing]) -> None:
    """Tell of people who are not called again, and of those who refused."""
    asked = outbox.wanted(connection)
    if not asked:
        return
    for one in ended:
        if one.suppress == SuppressionReason.KEY.value:
            refusals(connection, [one.call])
    over = [one for one in ended if one.settled.state in TERMINAL_TARGET]
    outbox.note(connection, [_finished(one) for one in over], asked)


def kept_out(
    connection: Connection, campaign: Campaign, refused: Sequence[tuple[int, Gate]], now: datetime
) -> None:
    """Tell of people whom a gate keeps from ever being called, by target and gate."""
    asked = outbox.wanted(connection) if refused else {}
    if not asked:
        return
    outbox.note(connection, [_kept_out(campaign, *one, now) for one in refused], asked)


def _kept_out(campaign: Campaign, target_id: int, gate: Gate, now: datetime) -> Event:
    data = {
        "campaign_id": campaign.id,
        "target_id": target_id,
        "state": TargetState.REFUSED.value,
        "gate": gate.value,
        "rehearsal": campaign.rehearsal,
    }
    subject = f"target {target_id}"
    return Event(
        EventKind.TARGET_FINISHED, campaign.controller_id, f"refused {target_id}", subject, now,
        data,
    )  # fmt: skip


def _finished(one: Closing) -> Event:
    attempt = one.call.attempt
    data = {
        **_ids(one.call),
        "state": one.settled.state.value,
        "outcome": one.ended.outcome.value if one.ended.outcome else None,
        "attempts": one.settled.attempts,
        "heard_s": one.ended.heard_ms / 1000,
        "rehearsal": one.call.campaign.rehearsal,
    }
    return Event(
        EventKind.TARGET_FINISHED, one.call.campaign.controller_id, f"finished {attempt.id}",
        f"target {attempt.target_id}", one.ended.ended_at or utc_now(), data,
    )  # fmt: skip


def _ids(call: Call) -> dict[str, Any]:
    attempt = call.attempt
    return {
        "campaign_id": attempt.campaign_id,
        "target_id": attempt.target_id,
        "attempt_id": attempt.id,
    }
