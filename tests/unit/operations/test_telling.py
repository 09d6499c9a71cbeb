"""Other programs are told each event once, in order of its subject, whatever goes down."""

import json
import threading
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, event, func, select
from store_subjects import World
from tellings import told
from workspaces import a_workspace

from campaigns.errors import InvalidInput
from campaigns.webhook import GIVEN_UP_AFTER, MOST_REFUSALS, EventKind, signature
from operations.telling import KEPT, Teller
from operations.webhook_address import Unreachable
from operations.webhooks import make_webhook, remove_webhook, replay, resume
from store import audit, outbox, tables, webhooks
from store.engine import reading, writing
from store.outbox import Event

START = datetime(2099, 6, 1, 10, tzinfo=UTC)
ALL = list(EventKind)
URL = "https://crm.example/hook"


class Receiver:
    """Another program, which may be down, refuse what it is sent, or choke on a subject."""

    def __init__(self) -> None:
        self.status = 204
        self.chokes_on = ""
        self.down = False
        self.asked = 0
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        assert url == URL
        self.asked += 1
        if self.down:
            raise Unreachable("It cannot be reached.")
        if json.loads(body)["subject"] == self.chokes_on:
            return 500
        if self.status < 300:
            self.got.append(json.loads(body))
            self.headers.append({**headers, "body": body.decode()})
        return self.status

    def ids(self) -> list[str]:
        return [one["id"] for one in self.got]


class Scene:
    """A controller with an endpoint, and a clock."""

    def __init__(self, store: Engine, directory: Path) -> None:
        self.world = World(store)
        self.controller = self.world.controller()
        self.workspace = a_workspace(store, directory)
        self.receiver = Receiver()
        self.teller = Teller(store, self.receiver)
        self.now = START

    def endpoint(self, kinds: list[EventKind] = ALL) -> tuple[int, str]:
        made = make_webhook(self.workspace, self.controller, URL, kinds, "t")
        return int(made.row["id"]), made.secret

    def happens(self, *subjects: str, kind: EventKind = EventKind.TARGET_FINISHED) -> None:
        with writing(self.workspace.engine) as connection:
            begin = connection.execute(
                select(func.count()).select_from(tables.webhook_event)
            ).scalar_one()
            outbox.note(connection, [
                Event(kind, self.controller, f"{subject} {begin + place}", subject, self.now,
                    {"place": begin + place})
                for place, subject in enumerate(subjects)
            ])  # fmt: skip

    def passes(self, length: timedelta, step: timedelta = timedelta(seconds=1)) -> None:
        until = self.now + length
        while self.now < until:
            self.round()
            self.now += step

    def round(self) -> int:
        sent = told(self.teller, self.now)
        while sent and told(self.teller, self.now):
            pass
        return sent

    def states(self, webhook_id: int) -> dict[str, int]:
        with reading(self.workspace.engine) as connection:
            rows = webhooks.deliveries(connection, webhook_id, None, 10_000)
        found: dict[str, int] = defaultdict(int)
        for row in rows:
            found[row["state"]] += 1
        return dict(found)


@pytest.fixture
def scene(store: Engine, tmp_path: Path) -> Any:
    made = Scene(store, tmp_path)
    yield made
    made.teller.close()


def test_a_receiver_that_was_down_for_ten_minutes_gets_each_event_once_and_in_order(
    scene: Scene,
) -> None:
    webhook_id, _ = scene.endpoint()
    scene.receiver.down = True
    for second in range(600):
        if second % 3 == 0:
            scene.happens(*(f"target {(second + place) % 7}" for place in range(3)))
        if second % 5 == 0:
            scene.round()
        scene.now += timedelta(seconds=1)
    assert scene.receiver.asked < 20, "a receiver that is down is not stormed"
    assert scene.receiver.got == []
    scene.receiver.down = False
    scene.passes(timedelta(minutes=12), timedelta(seconds=10))
    assert len(scene.receiver.got) == 600
    assert len(set(scene.receiver.ids())) == 600
    by_subject: dict[str, list[int]] = defaultdict(list)
    for one in scene.receiver.got:
        by_subject[one["subject"]].append(one["data"]["place"])
    assert all(places == sorted(places) for places in by_subject.values())
    assert scene.states(webhook_id) == {"delivered": 600}


def test_what_is_sent_is_signed_and_says_which_event_it_is(scene: Scene) -> None:
    _, secret = scene.endpoint()
    scene.happens("target 1")
    scene.round()
    (headers,), (told_of,) = scene.receiver.headers, scene.receiver.got
    at = round(scene.now.timestamp())
    expected = signature(secret, at, headers["body"].encode())
    assert headers["Porte-Voix-Signature"] == expected
    assert headers["Porte-Voix-Event-Id"] == told_of["id"]
    assert (told_of["type"], told_of["subject"]) == ("target.finished", "target 1")
    assert told_of["at"] == START.isoformat()


def test_nothing_is_written_where_nobody_wants_to_know(scene: Scene) -> None:
    scene.happens("target 1")
    scene.endpoint([EventKind.LIST_IMPORTED])
    scene.happens("target 1")
    with reading(scene.workspace.engine) as connection:
        assert connection.execute(select(tables.webhook_event)).all() == []


def test_one_act_that_is_noted_twice_is_one_event(scene: Scene) -> None:
    scene.endpoint()
    one = Event(EventKind.LIST_IMPORTED, scene.controller, "k", "list 1", START, {})
    for _ in range(2):
        with writing(scene.workspace.engine) as connection:
            outbox.note(connection, [one, one])
    scene.round()
    assert len(scene.receiver.got) == 1


def test_what_is_rolled_back_is_told_to_nobody(scene: Scene) -> None:
    scene.endpoint()
    with writing(scene.workspace.engine) as connection:
        one = Event(EventKind.LIST_IMPORTED, scene.controller, "k", "list 1", START, {})
        outbox.note(connection, [one])
        connection.get_transaction().rollback()
    scene.round()
    assert scene.receiver.got == []


def test_an_event_that_is_refused_holds_up_its_own_subject_alone_and_not_for_ever(
    scene: Scene,
) -> None:
    webhook_id, _ = scene.endpoint()
    scene.receiver.status = 422
    scene.happens("target 1", "target 1")
    scene.round()
    assert scene.states(webhook_id) == {"waiting": 2}
    scene.receiver.status = 200
    scene.happens("target 2")
    scene.round()
    assert [one["subject"] for one in scene.receiver.got] == ["target 2"]
    scene.receiver.status = 422
    scene.passes(timedelta(minutes=40), timedelta(seconds=40))
    assert scene.states(webhook_id)["given_up"] >= 1
    assert scene.receiver.asked <= 3 + 2 * MOST_REFUSALS


def test_an_event_that_a_receiver_cannot_take_stops_nobody_elses(scene: Scene) -> None:
    webhook_id, _ = scene.endpoint()
    scene.receiver.chokes_on = "target 1"
    scene.happens("target 1", *(f"target {one}" for one in range(2, 40)), "target 1")
    scene.passes(timedelta(minutes=1))
    assert len(scene.receiver.got) == 38
    assert scene.states(webhook_id) == {"delivered": 38, "waiting": 2}
    for _ in range(60):
        scene.happens("target 50")
        before = len(scene.receiver.got)
        scene.passes(timedelta(minutes=1), timedelta(seconds=10))
        assert len(scene.receiver.got) == before + 1, "within the minute, an hour long"
    scene.receiver.chokes_on = ""
    scene.passes(timedelta(hours=1), timedelta(minutes=1))
    places = [one["data"]["place"] for one in scene.receiver.got if one["subject"] == "target 1"]
    assert places == [0, 39], "in order, and as soon as it is taken"


def test_a_receiver_that_chokes_on_everything_is_not_stormed(scene: Scene) -> None:
    scene.endpoint()
    scene.receiver.status = 503
    scene.happens(*(f"target {one}" for one in range(100)))
    scene.passes(timedelta(hours=3), timedelta(seconds=10))
    assert scene.receiver.asked < 16 + 20
    scene.receiver.status = 200
    scene.passes(timedelta(hours=1), timedelta(minutes=1))
    assert len(set(scene.receiver.ids())) == len(scene.receiver.got) == 100


def test_a_receiver_that_takes_its_time_keeps_no_other_waiting(scene: Scene) -> None:
    answers, asked = threading.Event(), threading.Event()
    got: list[str] = []

    def post(url: str, body: bytes, _headers: object) -> int:
        if url == URL:
            got.append(json.loads(body)["id"])
            return 204
        asked.set()
        assert answers.wait(60)
        return 204

    scene.endpoint()
    slow = make_webhook(scene.workspace, scene.controller, f"{URL}/slow", ALL, "t").row["id"]
    teller = Teller(scene.workspace.engine, post)
    try:
        scene.happens("target 1")
        under_way = teller.begin(scene.now)
        assert asked.wait(60)
        for many in range(2, 7):
            scene.happens("target 1")
            while len(got) < many:
                wait(teller.begin(scene.now))
        assert scene.states(slow) == {"waiting": 6}, "nothing is sent to it a second time"
    finally:
        answers.set()
        teller.close()
    assert [one.result() for one in under_way] == [1, 1]


def test_two_senders_send_nothing_twice(scene: Scene) -> None:
    scene.endpoint()
    scene.happens(*(f"target {one % 9}" for one in range(60)))
    other = Teller(scene.workspace.engine, scene.receiver)
    for _ in range(30):
        wait([*scene.teller.begin(scene.now), *other.begin(scene.now)])
    other.close()
    assert len(set(scene.receiver.ids())) == len(scene.receiver.got) == 60
    by_subject: dict[str, list[int]] = defaultdict(list)
    for one in scene.receiver.got:
        by_subject[one["subject"]].append(one["data"]["place"])
    assert all(places == sorted(places) for places in by_subject.values())


def test_what_is_due_is_found_without_looking_through_what_waits(sqlite_store: Engine) -> None:
    asked: list[tuple[str, Any]] = []
    with reading(sqlite_store) as connection:
        event.listen(
            connection, "before_cursor_execute", lambda *args: asked.append((args[2], args[3]))
        )
        webhooks.has_due(connection, 1, START)
        webhooks.due(connection, 1, START, 16)
        looked, found = asked
        for statement, values in (looked, found):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert "ix_webhook_delivery_due (webhook_id=? AND due_at<?)" in plan[0].detail
            assert "TEMP B-TREE" not in str(plan)


def test_a_receiver_that_never_answers_is_given_up_after_three_days(scene: Scene) -> None:
    webhook_id, _ = scene.endpoint()
    scene.receiver.down = True
    scene.happens("target 1")
    scene.passes(GIVEN_UP_AFTER + timedelta(hours=2), timedelta(hours=1))
    assert scene.states(webhook_id) == {"given_up": 1}
    assert scene.receiver.asked < 100


def test_what_was_given_up_is_told_once_more_when_asked_for(scene: Scene) -> None:
    webhook_id, _ = scene.endpoint()
    scene.receiver.down = True
    scene.happens("target 1", "target 2")
    scene.passes(GIVEN_UP_AFTER + timedelta(hours=3), timedelta(hours=1))
    scene.receiver.down = False
    assert replay(scene.workspace, scene.controller, webhook_id, None, "t") == 2
    scene.now = max(scene.now, datetime.now(UTC))
    scene.round()
    assert len(scene.receiver.got) == 2
    assert replay(scene.workspace, scene.controller, webhook_id, None, "t") == 0
    first = scene.receiver.ids()[0]
    assert replay(scene.workspace, scene.controller, webhook_id, [first, "999"], "t") == 1
    scene.round()
    assert scene.receiver.ids().count(first) == 2


def test_a_fault_with_one_endpoint_is_no_fault_of_the_others(scene: Scene) -> None:
    scene.endpoint()
    scene.happens("target 1")

    def fails(*_: object) -> int:
        raise RuntimeError("a fault of ours")

    failing = Teller(scene.workspace.engine, fails)
    told(failing, scene.now)
    failing.close()
    scene.now += timedelta(hours=1)
    scene.round()
    assert len(scene.receiver.got) == 1, "it is tried again"


class Died(BaseException):
    """The process ends in the middle of sending."""


def test_a_sender_that_dies_leaves_what_was_under_way_to_be_sent_again(scene: Scene) -> None:
    scene.endpoint()
    scene.happens("target 1")

    def dies(*_: object) -> int:
        raise Died

    dying = Teller(scene.workspace.engine, dies)
    with pytest.raises(Died):
        told(dying, scene.now)
    dying.close()
    scene.round()
    assert scene.receiver.got == [], "it may be under way still"
    scene.now += timedelta(seconds=61)
    scene.round()
    assert len(scene.receiver.got) == 1


def test_each_controller_is_told_of_its_own_alone(scene: Scene) -> None:
    scene.endpoint()
    other = scene.world.controller("Somebody else")
    make_webhook(scene.workspace, other, URL, ALL, "t")
    with writing(scene.workspace.engine) as connection:
        for whose in (scene.controller, other):
            one = Event(EventKind.LIST_IMPORTED, whose, f"k {whose}", "list 1", START, {})
            outbox.note(connection, [one])
    scene.round()
    assert len(scene.receiver.got) == 2
    with reading(scene.workspace.engine) as connection:
        rows = connection.execute(select(tables.webhook_delivery)).all()
    assert len(rows) == 2


def test_a_removed_endpoint_is_told_nothing_more(scene: Scene) -> None:
    webhook_id, _ = scene.endpoint()
    scene.happens("target 1")
    remove_webhook(scene.workspace, scene.controller, webhook_id, "t")
    scene.happens("target 1")
    scene.round()
    assert scene.receiver.asked == 0


def test_one_at_rest_is_told_when_a_person_resumes_it_and_not_given_up_for_its_rest(
    scene: Scene,
) -> None:
    webhook_id, _ = scene.endpoint()
    scene.happens("target 1", "target 1")
    with writing(scene.workspace.engine) as connection:
        assert webhooks.pause_all(connection, scene.now) == [(webhook_id, scene.controller)]
    scene.passes(GIVEN_UP_AFTER + timedelta(hours=2), timedelta(hours=1))
    assert scene.receiver.asked == 0
    with pytest.raises(InvalidInput, match="names nobody"):
        resume(scene.workspace, scene.controller, webhook_id, " ")
    scene.now = max(scene.now, datetime.now(UTC))
    with time_machine.travel(scene.now, tick=False):
        for _ in range(2):
            resume(scene.workspace, scene.controller, webhook_id, "Ana")
    scene.receiver.down = True
    scene.round()
    assert scene.states(webhook_id) == {"waiting": 2}, "it fails once and is tried again"
    scene.receiver.down = False
    scene.passes(timedelta(minutes=1))
    assert [one["data"]["place"] for one in scene.receiver.got] == [0, 1]
    with reading(scene.workspace.engine) as connection:
        acts = [one["act"] for one in audit.latest(connection, scene.controller, 50)]
    assert acts.count("webhook.resume") == 1


def test_what_is_old_is_forgotten_and_an_id_is_never_used_again(scene: Scene) -> None:
    webhook_id, _ = scene.endpoint()
    scene.happens("target 1")
    scene.round()
    scene.teller.forget(scene.now + KEPT)
    assert scene.states(webhook_id) == {"delivered": 1}
    scene.teller.forget(scene.now + KEPT + timedelta(seconds=1))
    assert scene.states(webhook_id) == {}
    scene.happens("target 1")
    scene.round()
    assert len(set(scene.receiver.ids())) == 2
