"""Telling other programs what happened: in order of each subject, again until they have it.

What is sent is at-least-once: where we die between an answer and our note of it, an event is sent
again under its own id, by which a receiver knows it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from sqlalchemy import Engine

from campaigns.errors import InvalidInput
from campaigns.webhook import (
    GIVEN_UP_AFTER,
    MOST_REFUSALS,
    SIGNATURE,
    DeliveryState,
    delay,
    signature,
)
from operations.webhook_address import Unreachable
from store import webhook_facts, webhooks
from store.engine import reading, writing
from store.webhooks import Due

SPREAD_AT_ONCE = 500
"""Events made deliveries of in one transaction."""

AT_ONCE = 16
"""Events of different subjects under way to one endpoint; one alone while it fails."""

ENDPOINTS_AT_ONCE = 8
"""One that does not answer keeps few others waiting."""

UNDER_WAY = timedelta(seconds=60)
"""After which a delivery that nothing was noted of is sent again: its sender died."""

KEPT = timedelta(days=30)
"""How long events can be told once more, and their log be read."""

_FORGOTTEN_AT_ONCE = 500
_OURS_NOT_THEIRS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}

Post = Callable[[str, bytes, Mapping[str, str]], int]
"""Sends a body to a URL; the status. Raises `Unreachable`."""

log = structlog.get_logger()


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


class Teller:
    """Tells all endpoints, a round at a time.

    Args:
        engine: the store.
        post: sends.
    """

    def __init__(self, engine: Engine, post: Post) -> None:
        self._engine = engine
        self._post = post
        self._endpoints = ThreadPoolExecutor(ENDPOINTS_AT_ONCE, thread_name_prefix="endpoint")
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")

    def close(self) -> None:
        """Wait for what is under way, and end."""
        self._endpoints.shutdown(cancel_futures=True)
        self._threads.shutdown(cancel_futures=True)

    def round(self, now: datetime) -> int:
        """Tell every endpoint what is due; how many events were sent.

        Raises:
            StoreUnavailable: the database cannot record now; nothing was lost.
        """
        with reading(self._engine) as connection:
            endpoints = webhooks.in_use(connection)
        if not endpoints:
            return 0
        self._spread(endpoints, now)
        return sum(self._endpoints.map(partial(self._tell, now), endpoints))

    def forget(self, now: datetime) -> None:
        """Remove events that are too old to be asked for, some at a time.

        Raises:
            StoreUnavailable: the database cannot record now.
        """
        while True:
            with writing(self._engine) as connection:
                if not webhooks.forget(connection, now - KEPT, _FORGOTTEN_AT_ONCE):
                    return

    def _spread(self, endpoints: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Make deliveries of what happened since the last round."""
        while True:
            with reading(self._engine) as connection:
                if not webhooks.has_fresh(connection):
                    return
            with writing(self._engine) as connection:
                events = webhooks.fresh(connection, SPREAD_AT_ONCE)
                made = [_delivery(one, event, now) for event in events
                    for one in endpoints if _wants(one, event)]  # fmt: skip
                webhooks.spread(connection, [one["id"] for one in events], made)

    def _tell(self, now: datetime, endpoint: Mapping[str, Any]) -> int:
        rests = endpoint["rests_until"]
        if endpoint["paused_at"] is not None or (rests is not None and rests > now):
            return 0
        bodies = list(self._due(endpoint, now))
        if not bodies:
            return 0
        sent = self._threads.map(partial(self._send, endpoint, now), bodies)
        answers = list(sent)
        with writing(self._engine) as connection:
            for one in answers:
                webhooks.settle(connection, one.due.id, **_settled(one, now))
            failures, until = _rest(endpoint, answers, now)
            if (failures, until) != (endpoint["failures"], rests):
                webhooks.rest(connection, endpoint["id"], failures, until)
        return len(answers)

    def _due(self, endpoint: Mapping[str, Any], now: datetime) -> Iterator[tuple[Due, bytes]]:
        """What is due, with what is sent of it."""
        count = 1 if endpoint["failures"] else AT_ONCE
        with reading(self._engine) as connection:
            if not webhooks.has_due(connection, endpoint["id"], now):
                return
        with writing(self._engine) as connection:
            found = webhooks.due(connection, endpoint["id"], now, count)
            webhooks.take(connection, [one.id for one in found], now + UNDER_WAY)
            for one in found:
                yield one, _body(one, webhook_facts.told(connection, one.data))

    def _send(self, endpoint: Mapping[str, Any], now: datetime, one: tuple[Due, bytes]) -> Answered:
        due, body = one
        at = round(now.timestamp())
        headers = {
            SIGNATURE: signature(endpoint["secret"], at, body),
            "Porte-Voix-Event": due.kind,
            "Porte-Voix-Event-Id": due.told_as,
        }
        try:
            return Answered(due, self._post(endpoint["url"], body, headers), "")
        except (Unreachable, InvalidInput) as error:
            log.info("a webhook was not reached", webhook=endpoint["id"], why=str(error))
            return Answered(due, None, str(error))
        except Exception as error:  # one endpoint, whatever is wrong with it, stops no other
            log.exception("a webhook could not be sent to", webhook=endpoint["id"])
            return Answered(due, None, f"It failed here: {type(error).__name__}.")


def _wants(endpoint: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    own = endpoint["controller_id"] == event["controller_id"]
    return own and event["kind"] in endpoint["events"] and event["at"] >= endpoint["created_at"]


def _delivery(
    endpoint: Mapping[str, Any], event: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        "webhook_id": endpoint["id"],
        "event_id": event["id"],
        "subject": event["subject"],
        "state": DeliveryState.WAITING.value,
        "tries": 0,
        "asked_at": event["at"],
        "due_at": min(event["at"], now),
    }


def _body(one: Due, data: Mapping[str, Any]) -> bytes:
    told = {
        "id": one.told_as,
        "type": one.kind,
        "at": one.at.isoformat(),
        "subject": one.subject,
        "data": data,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _settled(one: Answered, now: datetime) -> dict[str, Any]:
    """What is noted of a try."""
    tries = one.due.tries + 1
    said = {"tries": tries, "status": one.status, "error": one.error or None}
    if one.taken:
        return {**said, "state": DeliveryState.DELIVERED.value, "told_at": now}
    too_often = one.refused and tries >= MOST_REFUSALS
    if too_often or now - one.due.asked_at >= GIVEN_UP_AFTER:
        return {**said, "state": DeliveryState.GIVEN_UP.value}
    return {**said, "due_at": now + (delay(tries) if one.refused else timedelta())}


def _rest(
    endpoint: Mapping[str, Any], answers: Sequence[Answered], now: datetime
) -> tuple[int, datetime | None]:
    """How often an endpoint has failed now, and until when it rests."""
    if all(one.taken or one.refused for one in answers):
        return 0, None
    failures = endpoint["failures"] + 1
    return failures, now + delay(failures)
