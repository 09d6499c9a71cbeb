"""Dialers that are all started alike: each takes a seat of its own."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from campaigns.errors import LeaseLost
from cli import seating
from cli.seating import choose
from operations.workspace import Workspace
from store.leases import Node

SEATS = ("main", "seat-2", "seat-3")


def node(name: str, *, alive: bool) -> Node:
    return Node(name, "host:1:2", alive, draining=False, capacity=1,
                renewed_at=datetime(2026, 1, 1, tzinfo=UTC), status={})  # fmt: skip


def test_the_first_dialer_takes_the_first_seat_at_once() -> None:
    assert choose(SEATS, [], patient=True) == "main"


def test_a_seat_whose_dialer_died_is_taken_before_a_new_one() -> None:
    known = [node("main", alive=True), node("seat-2", alive=False)]
    assert choose(SEATS, known, patient=True) == "seat-2"


def test_a_seat_nobody_had_is_left_alone_until_no_lease_can_lapse_any_more() -> None:
    known = [node("main", alive=True)]
    assert choose(SEATS, known, patient=True) is None
    assert choose(SEATS, known, patient=False) == "seat-2"


def test_there_is_none_where_all_are_taken() -> None:
    assert choose(SEATS, [node(name, alive=True) for name in SEATS], patient=False) is None


def test_a_dialer_that_is_not_of_a_seat_takes_none() -> None:
    assert choose(SEATS, [node("paris", alive=False)], patient=False) == "main"


def test_of_two_that_were_as_quick_the_second_takes_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, taken = iter(["main", "seat-2"]), []
    monkeypatch.setattr(seating, "_free", lambda _: next(free))
    monkeypatch.setattr(seating.time, "sleep", lambda _: None)

    def dial(name: str, ready: Callable[[], None]) -> None:
        taken.append(name)
        if name == "main":
            raise LeaseLost("Another is quicker.")
        ready()

    seating.take(workspace, dial)
    assert taken == ["main", "seat-2"]


def test_a_dialer_that_loses_its_seat_takes_no_other(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seating, "_free", lambda _: "main")

    def dial(_: str, ready: Callable[[], None]) -> None:
        ready()
        raise LeaseLost("Another has taken over.")

    with pytest.raises(LeaseLost):
        seating.take(workspace, dial)
