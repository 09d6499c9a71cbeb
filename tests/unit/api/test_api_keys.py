"""Keys are shown once, end when they should, and open nothing after they were revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from api_samples import Rig, sign_in
from fastapi.testclient import TestClient
from sqlalchemy import select

from store import tables
from store.engine import reading


def client_of(rig: Rig, key: str) -> TestClient:
    return TestClient(rig.app, headers={"Authorization": f"Bearer {key}"}, follow_redirects=False)


def make(rig: Rig, **values: Any) -> dict[str, Any]:
    answer = rig.ours.post("/api/v1/keys", json={"name": "crm", **values})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_key_is_shown_once_and_opens_what_is_its_controllers(rig: Rig) -> None:
    made = make(rig)
    listed = rig.ours.get("/api/v1/keys").json()["items"]
    assert [one["name"] for one in listed] == ["crm", "office"]
    assert all("key" not in one for one in listed)
    own = client_of(rig, made["key"]).get("/api/v1/controllers").json()["items"]
    assert [one["name"] for one in own] == ["Élan Valbourg"]


def test_a_key_is_never_kept_not_even_to_answer_a_request_again(rig: Rig) -> None:
    asked = {"json": {"name": "crm"}, "headers": {"Idempotency-Key": "k"}}
    first = rig.ours.post("/api/v1/keys", **asked).json()  # type: ignore[arg-type]
    again = rig.ours.post("/api/v1/keys", **asked).json()  # type: ignore[arg-type]
    assert again == {**first, "key": None}
    with reading(rig.workspace.engine) as connection:
        kept = connection.execute(select(tables.idempotency.c.answer)).scalars().all()
    assert first["key"] not in str(kept)


def test_a_key_ends_at_its_last_instant_and_so_do_its_sessions(rig: Rig) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    made = make(rig, expires_at=until.isoformat())
    client, person = client_of(rig, made["key"]), TestClient(rig.app, follow_redirects=False)
    sign_in(person, made["key"])
    assert client.get("/api/v1/keys").status_code == 200
    assert person.get("/campaigns").status_code == 200
    with time_machine.travel(until + timedelta(milliseconds=1)):
        assert client.get("/api/v1/keys").status_code == 401
        assert person.get("/campaigns").status_code == 303


def test_an_end_that_is_over_is_refused_in_the_askers_language(rig: Rig) -> None:
    answer = rig.ours.post(
        "/api/v1/keys",
        json={"name": "crm", "expires_at": "2020-01-01T00:00:00Z"},
        headers={"Accept-Language": "fr"},
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "expires_at")
    assert answer.json()["why"].startswith("cet instant est passé")


def test_a_revoked_key_opens_nothing(rig: Rig) -> None:
    made = make(rig)
    assert rig.theirs.delete(f"/api/v1/keys/{made['id']}").status_code == 404
    for _ in range(2):
        answer = rig.ours.delete(f"/api/v1/keys/{made['id']}")
        assert answer.json()["revoked_at"] is not None
    assert client_of(rig, made["key"]).get("/api/v1/keys").status_code == 401
