"""Telling other programs what happened: in order of each subject, again until they have it.

What is sent is at-least-once: where we die between an answer and our note of it, an event is sent
again under its own id, by which a receiver knows it.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Engine

from campaigns.errors import InvalidInput, StoreUnavailable
from campaigns.webhook import SIGNATURE, DeliveryState, signature
from operations.webhook_address import Unreachable
from operations.webhook_answer import Answered, rest, settled
from store import webhook_facts, webhooks
from store.engine import reading, writing
from store.webhooks import Due

SPREAD_AT_ONCE = 500
"""Events made deliveries of in one transaction."""

AT_ONCE = 16
"""Events of different subjects under way to one endpoint; one alone while it fails."""

ENDPOINTS_AT_ONCE = 8
"""Endpoints that are told at the same time, each without waiting for another."""

SLOW_AT_ONCE = 4
"""The same of those that were slow when they were told last: they wait for one another alone."""

SLOW = timedelta(seconds=2)
"""What an endpoint is slow from, for all that it is told at once."""

UNDER_WAY = timedelta(seconds=60)
"""After which a delivery that nothing was noted of is sent again: its sender died."""

KEPT = timedelta(days=30)
"""How long events can be told once more, and their log be read."""

_FORGOTTEN_AT_ONCE = 500

Post = Callable[[str, bytes, Mapping[str, str]], int]
"""Sends a body to a URL; the status. Raises `Unreachable`."""

log = structlog.get_logger()


class Teller:
    """Tells all endpoints, each on its own.

    Args:
        engine: the store.
        post: sends.
    """

    def __init__(self, engine: Engine, post: Post) -> None:
        self._engine = engine
        self._post = post
        self._quick = ThreadPoolExecutor(ENDPOINTS_AT_ONCE, thread_name_prefix="endpoint")
        self._slow = ThreadPoolExecutor(SLOW_AT_ONCE, thread_name_prefix="slow-endpoint")
        # As many as all of them can want, so that nobody's sending waits for anybody else's.
        senders = AT_ONCE * (ENDPOINTS_AT_ONCE + SLOW_AT_ONCE)
        self._senders = ThreadPoolExecutor(senders, thread_name_prefix="webhook")
        self._rounds: dict[int, Future[int]] = {}
        self._took: dict[int, timedelta] = {}
        self._moved = threading.Event()

    def close(self) -> None:
        """Wait for what is under way, and end."""
        for one in (self._quick, self._slow, self._senders):
            one.shutdown(cancel_futures=True)

    def begin(self, now: datetime) -> list[Future[int]]:
        """Begin to tell each endpoint what is due, but those that are being told still.

        Returns:
            For each begun round, how many events it sent.

        Raises:
            StoreUnavailable: the database cannot record now; nothing was lost.
        """
        self._moved.clear()
        # Looked at first: what a round that has ended wrote is then in what is read.
        busy = {webhook_id for webhook_id, one in self._rounds.items() if not one.done()}
        with reading(self._engine) as connection:
            endpoints = webhooks.in_use(connection)
        if not endpoints:
            return []
        self._spread(endpoints, now)
        idle = [one for one in endpoints if one["id"] not in busy and not _rests(one, now)]
        with reading(self._engine) as connection:
            ready = [one for one in idle if webhooks.has_due(connection, one["id"], now)]
        return [self._begun(one, now) for one in ready]

    def wait(self, seconds: float) -> None:
        """Until a round has sent something since the last beginning, or so long."""
        self._moved.wait(seconds)

    def wake(self) -> None:
        """End a wait."""
        self._moved.set()

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
                if not events:  # somebody else is at them
                    return
                made = [_delivery(one, event, now) for event in events
                    for one in endpoints if _wants(one, event)]  # fmt: skip
                webhooks.spread(connection, [one["id"] for one in events], made)

    def _begun(self, endpoint: Mapping[str, Any], now: datetime) -> Future[int]:
        was_slow = self._took.get(endpoint["id"], timedelta()) >= SLOW
        lane = self._slow if was_slow else self._quick
        begun = lane.submit(self._round, endpoint, _running(now))
        self._rounds[endpoint["id"]] = begun
        begun.add_done_callback(self._ended)
        return begun

    def _ended(self, one: Future[int]) -> None:
        if not one.cancelled() and one.exception() is None and one.result():
            self._moved.set()

    def _round(self, endpoint: Mapping[str, Any], clock: Callable[[], datetime]) -> int:
        """Tell one endpoint what is due; how many events were sent."""
        begun = clock()
        try:
            return self._tell(endpoint, clock)
        except StoreUnavailable as error:
            log.warning("events wait to be told", webhook=endpoint["id"], why=str(error))
        except Exception:  # a fault of ours is said, and keeps nobody from being told later
            log.exception("events could not be told", webhook=endpoint["id"])
        finally:
            self._took[endpoint["id"]] = clock() - begun
        return 0

    def _tell(self, endpoint: Mapping[str, Any], clock: Callable[[], datetime]) -> int:
        begun = clock()
        bodies = self._taken(endpoint, begun)
        answers = list(self._senders.map(partial(self._send, endpoint, begun), bodies))
        if not answers:
            return 0
        now = clock()
        before = endpoint["failures"], endpoint["rests_until"]
        after = rest(endpoint, answers, now)
        with writing(self._engine) as connection:
            for one in answers:
                webhooks.settle(connection, one.due.id, **settled(one, now))
            if after != before:
                webhooks.rest(connection, endpoint["id"], *after)
        return len(answers)

    def _taken(self, endpoint: Mapping[str, Any], now: datetime) -> list[tuple[Due, bytes]]:
        """What is due and now ours to send, with what is sent of it."""
        count = 1 if endpoint["failures"] else AT_ONCE
        with reading(self._engine) as connection:
            found = [
                (one, _body(one, webhook_facts.told(connection, one.data)))
                for one in webhooks.due(connection, endpoint["id"], now, count)
            ]
        if not found:
            return []
        with writing(self._engine) as connection:
            ours = webhooks.take(connection, [one.id for one, _ in found], now, now + UNDER_WAY)
        return [one for one in found if one[0].id in ours]

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


def _running(now: datetime) -> Callable[[], datetime]:
    """A clock that shows this now and goes on."""
    begun = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - begun)


def _rests(endpoint: Mapping[str, Any], now: datetime) -> bool:
    until = endpoint["rests_until"]
    return endpoint["paused_at"] is not None or (until is not None and until > now)


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
