"""Long answers come in pages, filters say what is wrong with them, and nothing is left out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api_samples import Rig
from sqlalchemy import insert

from store import tables
from store.engine import writing

START = datetime(2026, 11, 1, 10, tzinfo=UTC)


def with_attempts(rig: Rig) -> str:
    """A campaign with nine attempts, three for each person; its address."""
    campaign = rig.campaign()
    outcomes = ["no_answer", "busy", "delivered"]
    rows = [
        {
            "id": f"01JD0000000000000000000{place:03}", "campaign_id": campaign,
            "target_id": place % 3 + 1, "number": f"+3363998000{place % 3 + 1}",
            "trunk": "rehearsal", "caller_id": "+33199000001", "node": "n", "pack": "p",
            "rehearsal": True, "state": "closed", "outcome": outcomes[place // 3],
            "claimed_at": START + timedelta(minutes=place // 2),
            "sent_at": START + timedelta(minutes=place // 2, milliseconds=100),
            "ringing_at": START + timedelta(minutes=place // 2, milliseconds=1350),
            "cause": 16, "heard_ms": 4200, "sip_call_id": f"call-{place}",
        }
        for place in range(9)
    ]  # fmt: skip
    with writing(rig.workspace.engine) as connection:
        connection.execute(insert(tables.attempt), rows)
    return f"/api/v1/campaigns/{campaign}/attempts"


def all_of(rig: Rig, where: str, limit: int, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while True:
        page = rig.ours.get(where, params={"limit": limit, **after, **asked}).json()
        found += page["items"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


@pytest.mark.parametrize("limit", [1, 2, 3, 9, 100])
def test_pages_hold_everything_once_whatever_their_size(rig: Rig, limit: int) -> None:
    where = with_attempts(rig)
    assert [one["sip_call_id"] for one in all_of(rig, where, limit)] == [
        f"call-{place}" for place in range(9)
    ]


def test_an_attempt_says_how_long_the_network_took_and_what_was_heard(rig: Rig) -> None:
    (one, *_) = all_of(rig, with_attempts(rig), 100)
    assert (one["post_dial_delay_ms"], one["heard_s"], one["cause"]) == (1250, 4.2, 16)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"outcome": "busy"}, 3),
        ({"number": "06 39 98 00 01"}, 3),
        ({"external_id": "A2", "outcome": "delivered"}, 1),
        ({"target_id": 3}, 3),
        ({"state": "in_doubt"}, 0),
        ({"trunk": "carrier"}, 0),
        ({"since": "2026-11-01T10:02:00Z"}, 5),
        ({"until": "2026-11-01T11:02:00+01:00"}, 4),
    ],
)
def test_attempts_are_filtered(rig: Rig, asked: dict[str, Any], count: int) -> None:
    assert len(all_of(rig, with_attempts(rig), 2, **asked)) == count


@pytest.mark.parametrize(
    ("asked", "count"),
    [({"state": "pending"}, 3), ({"state": "reached"}, 0), ({"external_id": "A3"}, 1),
     ({"number": "0639980002"}, 1), ({"list_id": 2}, 0), ({"gate": "suppressed"}, 0)],
)  # fmt: skip
def test_targets_are_filtered(rig: Rig, asked: dict[str, Any], count: int) -> None:
    campaign = rig.campaign()
    assert len(all_of(rig, f"/api/v1/campaigns/{campaign}/targets", 1, **asked)) == count


def test_suppressions_are_filtered(rig: Rig) -> None:
    where = "/api/v1/suppressions"
    for number in ("0639980001", "0639980002"):
        rig.ours.post(where, json={"number": number})
    rig.ours.post("/api/v1/requests", json={"kind": "objection", "number": "0639980003"})
    assert len(all_of(rig, where, 2)) == 3
    assert len(all_of(rig, where, 1, reason="objection")) == 1
    assert len(all_of(rig, where, 1, number="06 39 98 00 02")) == 1
    assert len(all_of(rig, where, 1, since="2099-01-01T00:00:00Z")) == 0
    assert len(all_of(rig, where, 1, in_force=True)) == 3


def test_what_is_newest_comes_first_and_pages_go_back(rig: Rig) -> None:
    rig.campaign()
    for name in ("b", "c"):
        assert rig.prepare(name=name).status_code == 201
    for limit in (1, 2, 3):
        names = [one["name"] for one in all_of(rig, "/api/v1/campaigns", limit)]
        assert names == ["c", "b", "Réunion publique"]
    assert len(all_of(rig, "/api/v1/campaigns", 1, state="running")) == 0


def test_the_audit_is_read_back_in_pages_by_kind_and_time(rig: Rig) -> None:
    rig.campaign()
    whole = [one["event"] for one in all_of(rig, "/api/v1/audit", 100)]
    assert [one["event"] for one in all_of(rig, "/api/v1/audit", 1)] == whole
    assert {one["act"] for one in all_of(rig, "/api/v1/audit", 2, act="list")} == {"list.import"}
    assert len(all_of(rig, "/api/v1/audit", 2, act="campaign.prepare")) == 1
    assert all_of(rig, "/api/v1/audit", 2, until="2020-01-01T00:00:00Z") == []
    assert rig.theirs.get("/api/v1/audit", params={"act": "list"}).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "asked", "field", "why"),
    [
        ("campaigns", {"sate": "running"}, "sate", "Ce champ n’existe pas."),
        (
            "campaigns",
            {"state": "runing"},
            "state",
            "Il faut une de ces valeurs\N{NO-BREAK SPACE}: ",
        ),
        ("campaigns", {"limit": 0}, "limit", "Il faut 1 ou plus."),
        ("campaigns", {"limit": 1001}, "limit", "Il faut 1000 ou moins."),
        ("suppressions", {"number": "112"}, "phone", "C’est un numéro "),
        ("suppressions", {"since": "2026-01-01T00:00:00"}, "since", "Il manque le fuseau"),
        ("suppressions", {"since": "1010-01-01T00:00:00Z"}, "since", ""),
        ("audit", {"after": "x"}, "after", "Ce n’est pas écrit comme il faut"),
        ("audit", {"act": "DROP TABLE"}, "act", "Ce n’est pas écrit comme il faut"),
    ],
)
def test_a_filter_that_is_wrong_is_named_with_why(
    rig: Rig, path: str, asked: dict[str, Any], field: str, why: str
) -> None:
    answer = rig.ours.get(
        f"/api/v1/{path}", params=asked, headers={"Accept-Language": "fr"}
    )  # fmt: skip
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field
    assert answer.json()["why"].startswith(why)
