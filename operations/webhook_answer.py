"""What an endpoint answered, and when it is tried again: an event, and the endpoint itself. Pure.

An endpoint that fails rests, and is then tried with one event, the one that is due for longest. An
event that fails again and again is set aside: it is tried at times of its own, and says no more of
the endpoint, so that one which a receiver cannot take keeps nobody else's from being told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from campaigns.webhook import GIVEN_UP_AFTER, MOST_REFUSALS, DeliveryState, delay
from store.webhooks import Due

SET_ASIDE_AFTER = 3
"""Tries of one event that failed."""

_OURS_NOT_THEIRS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Answered:
    """How one try went.

    Attributes:
        status: of the answer; None where there was none.
        error: why there was none.
    """

    due: Due
    status: int | None
    error: str

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and HTTPStatus(200) <= self.status < HTTPStatus(300)

    @property
    def refused(self) -> bool:
        """Whether the receiver does not want this one event; otherwise it is out of order."""
        client_error = self.status is not None and HTTPStatus(400) <= self.status < HTTPStatus(500)
        return client_error and self.status not in _OURS_NOT_THEIRS

    @property
    def alone(self) -> bool:
        """Whether it failed for itself, as it did before: of its receiver that says nothing."""
        return not self.taken and not self.refused and self.due.tries >= SET_ASIDE_AFTER


def settled(one: Answered, now: datetime) -> dict[str, Any]:
    """What is noted of a try, as columns of its delivery."""
    tries = one.due.tries + 1
    said = {"tries": tries, "status": one.status, "error": one.error or None}
    if one.taken:
        return {**said, "state": DeliveryState.DELIVERED.value, "told_at": now}
    too_often = one.refused and tries >= MOST_REFUSALS
    if too_often or now - one.due.asked_at >= GIVEN_UP_AFTER:
        return {**said, "state": DeliveryState.GIVEN_UP.value}
    apart = one.refused or tries >= SET_ASIDE_AFTER
    return {**said, "due_at": now + (delay(tries) if apart else timedelta())}


def rest(
    endpoint: Mapping[str, Any], answers: Sequence[Answered], now: datetime
) -> tuple[int, datetime | None]:
    """How often an endpoint has failed now, one time after the other, and until when it rests.

    Args:
        endpoint: as `store.webhooks.in_use` has it.
        answers: to what was sent at once.
        now: after them.
    """
    telling = [one for one in answers if not one.alone]
    if not telling:
        return endpoint["failures"], endpoint["rests_until"]
    if all(one.taken or one.refused for one in telling):
        return 0, None
    failures = endpoint["failures"] + 1
    return failures, now + delay(failures)
