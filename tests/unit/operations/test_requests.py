"""Requests of the people called: noted, timed, answered, seen by nobody else's controller."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from erasing import with_key
from sqlalchemy import Engine, select
from store_subjects import NOW, World, number
from workspaces import a_workspace

from campaigns.contacts.request import RequestKind
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from operations import requests
from operations.workspace import Workspace
from store import suppressions, tables
from store.engine import reading

BEGUN = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
"""1 April in Paris."""


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    with_key(store)
    World(store).controller()
    return a_workspace(store, tmp_path)


def note_one(workspace: Workspace, kind: RequestKind = RequestKind.ACCESS, owner: int = 1) -> int:
    made = requests.open_request(workspace, owner, kind, number(1), by="DPO", note="letter")
    return int(made["id"])


def test_the_month_is_that_of_paris_without_holidays(workspace: Workspace) -> None:
    with time_machine.travel(BEGUN, tick=False):
        note_one(workspace)
        (found,) = requests.listed(workspace, 1)
    # 1 May is a holiday, 2 and 3 May a weekend.
    assert (str(found["received_on"]), str(found["due_on"])) == ("2026-04-01", "2026-05-04")
    assert found["days_left"] == 33


def test_what_is_near_or_late_is_told(workspace: Workspace) -> None:
    with time_machine.travel(BEGUN, tick=False):
        note_one(workspace)
        assert requests.near(workspace.engine) == []
    with time_machine.travel(BEGUN + timedelta(days=26), tick=False):
        assert [one["days_left"] for one in requests.near(workspace.engine)] == [7]
    with time_machine.travel(BEGUN + timedelta(days=34), tick=False):
        assert [one["days_left"] for one in requests.near(workspace.engine)] == [-1]
        requests.close_request(workspace, 1, 1, "receipt sent", "DPO")
        assert requests.near(workspace.engine) == []


def test_an_objection_is_in_force_at_once(workspace: Workspace) -> None:
    note_one(workspace, RequestKind.OBJECTION)
    with reading(workspace.engine) as connection:
        assert suppressions.in_force(connection, [number(1)], 1, 1, NOW) == {number(1)}


def test_an_answer_is_kept_and_given_once(workspace: Workspace) -> None:
    one = note_one(workspace)
    with pytest.raises(InvalidInput, match="answer"):
        requests.close_request(workspace, 1, one, " ", "DPO")
    requests.close_request(workspace, 1, one, "receipt sent", "DPO")
    with pytest.raises(NotAllowed, match="closed before, by DPO"):
        requests.close_request(workspace, 1, one, "again", "DPO")
    assert requests.listed(workspace, 1) == []
    (found,) = requests.listed(workspace, 1, closed=True)
    assert (found["answer"], found["closed_by"]) == ("receipt sent", "DPO")


def test_another_controller_sees_nothing_of_it(workspace: Workspace) -> None:
    other = World(workspace.engine).controller("Association")
    one = note_one(workspace)
    assert requests.listed(workspace, other, closed=True) == []
    with pytest.raises(NotFound):
        requests.close_request(workspace, other, one, "sent", "DPO")


def test_a_day_to_come_is_refused(workspace: Workspace) -> None:
    tomorrow = requests.today() + timedelta(days=1)
    with pytest.raises(InvalidInput, match="received_on"):
        requests.open_request(
            workspace, 1, RequestKind.ACCESS, number(1), by="DPO", received_on=tomorrow
        )


def test_the_audit_has_both_and_no_number(workspace: Workspace) -> None:
    requests.close_request(workspace, 1, note_one(workspace), "sent", "DPO")
    with reading(workspace.engine) as connection:
        rows = connection.execute(select(tables.audit_event)).mappings().all()
    assert [row["act"] for row in rows] == ["request.open", "request.close"]
    assert number(1) not in str(rows)
