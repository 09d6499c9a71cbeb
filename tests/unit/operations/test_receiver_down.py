"""A program that is down for ten minutes, told over real connections of what happened meanwhile.

`make webhooks` has a hundred events happen each second, as with a hundred calls.
"""

import json
import os
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from store_subjects import World
from tellings import told
from workspaces import a_workspace

from campaigns.webhook import EventKind
from operations.telling import Teller
from operations.webhook_post import post
from operations.webhooks import make_webhook
from store import outbox, webhooks
from store.engine import reading, writing
from store.outbox import Event

START = datetime(2099, 6, 1, 10, tzinfo=UTC)
PER_SECOND = int(os.environ.get("PORTEVOIX_EVENTS", "4"))
DOWN_S = 600
TARGETS = 200 * PER_SECOND
LOOPBACK = "[webhooks]\nallow_loopback = true\n"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_events_that_waited_are_told_once_each_and_in_order(
    own_store: Engine, tmp_path: Path
) -> None:
    controller = World(own_store).controller()
    teller = Teller(own_store, partial(post, allow_loopback=True))
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))  # nobody listens: connections are refused
        url = f"http://127.0.0.1:{ours.getsockname()[1]}/hook"
        workspace = a_workspace(own_store, tmp_path, LOOPBACK)
        webhook_id = make_webhook(
            workspace, controller, url, [EventKind.TARGET_FINISHED], "t"
        ).row["id"]  # fmt: skip
        for second in range(DOWN_S):
            now = START + timedelta(seconds=second)
            _happen(own_store, controller, second, now)
            told(teller, now)
        tried = _tries(own_store, webhook_id)
        assert 0 < tried < 16 + 12, "a program that is down is not stormed"
        with _listening(ours) as got:
            passed = 0
            while len(got) < PER_SECOND * DOWN_S:
                passed += 1
                assert passed < PER_SECOND * DOWN_S
                told(teller, START + timedelta(seconds=DOWN_S + passed))
    teller.close()
    assert len({one["id"] for one in got}) == len(got) == PER_SECOND * DOWN_S
    by_target: dict[str, list[int]] = defaultdict(list)
    for one in got:
        by_target[one["subject"]].append(one["data"]["place"])
    assert len(by_target) == TARGETS
    assert all(places == sorted(places) for places in by_target.values())
    with reading(own_store) as connection:
        assert not webhooks.has_due(connection, webhook_id, START + timedelta(days=9))


def _happen(engine: Engine, controller_id: int, second: int, now: datetime) -> None:
    """A second's events, of targets that come again every 200 s."""
    places = range(second * PER_SECOND, (second + 1) * PER_SECOND)
    with writing(engine) as connection:
        outbox.note(connection, [
            Event(EventKind.TARGET_FINISHED, controller_id, f"event {place}",
                f"target {place % TARGETS}", now, {"place": place})
            for place in places
        ])  # fmt: skip


def _tries(engine: Engine, webhook_id: int) -> int:
    with reading(engine) as connection:
        rows = webhooks.deliveries(connection, webhook_id, None, PER_SECOND * DOWN_S)
    return sum(row["tries"] for row in rows)


@contextmanager
def _listening(server: socket.socket) -> Iterator[list[dict[str, Any]]]:
    """A program on a bound socket that takes everything; what it was told, in order."""
    got: list[dict[str, Any]] = []
    server.listen(128)
    thread = threading.Thread(target=_serve, args=(server, got))
    thread.start()
    try:
        yield got
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(server: socket.socket, got: list[dict[str, Any]]) -> None:
    while True:
        try:
            peer, _ = server.accept()
        except OSError:  # it was shut down
            return
        with peer, peer.makefile("rb") as asked:
            length = 0
            while line := asked.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            got.append(json.loads(asked.read(length)))
            peer.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
