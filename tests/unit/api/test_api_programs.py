"""The page of keys and webhooks: made and shown once, taken away, by who may alone."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api_samples import Rig, form_token
from fastapi.testclient import TestClient

from operations.keys import keys_of
from store import webhooks
from store.engine import reading, writing

URL = "https://crm.example/porte-voix"


@pytest.fixture
def page(person: TestClient) -> TestClient:
    return person


def send(client: TestClient, path: str, **values: Any) -> Any:
    token = form_token(client.get("/programs").text)
    return client.post(f"/programs/{path}", data={"form_token": token, **values})


def shown(answer: Any, prefix: str) -> str:
    found = re.search(rf"<code>({prefix}[\w-]+)</code>", answer.text)
    assert found
    return found.group(1)


def told(rig: Rig) -> list[dict[str, Any]]:
    with reading(rig.workspace.engine) as connection:
        return webhooks.page(connection, 1, 0, 20)


def test_a_key_is_made_shown_once_and_does_what_it_may(rig: Rig, page: TestClient) -> None:
    made = send(page, "keys", name="crm", days="30", scopes=["campaigns:read"])
    key = shown(made, "pv_")
    assert key not in page.get("/programs").text
    asking = TestClient(rig.app, headers={"Authorization": f"Bearer {key}"})
    assert asking.get("/api/v1/campaigns").status_code == 200
    assert asking.get("/api/v1/suppressions").status_code == 403
    (_, one) = keys_of(rig.workspace, 1)
    assert (one.name, one.scopes) == ("crm", ["campaigns:read"])
    assert one.expires_at is not None
    assert abs(one.expires_at - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=5)


def test_a_key_that_was_revoked_opens_nothing(rig: Rig, page: TestClient) -> None:
    key = shown(send(page, "keys", name="crm", scopes=["campaigns:read"]), "pv_")
    made = keys_of(rig.workspace, 1)[-1]
    assert made.expires_at is None
    assert send(page, f"keys/{made.id}/revoke").headers["location"] == "/programs"
    asking = TestClient(rig.app, headers={"Authorization": f"Bearer {key}"})
    assert asking.get("/api/v1/campaigns").status_code == 401
    assert "crm" not in page.get("/programs").text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "", "scopes": ["campaigns:read"]}, "name"),
        ({"name": "crm"}, "scopes"),
        ({"name": "crm", "scopes": ["installation"]}, "scopes"),
        ({"name": "crm", "scopes": ["campaigns:read"], "days": "0"}, "days"),
        ({"name": "crm", "scopes": ["campaigns:read"], "days": "soon"}, "days"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_made(
    rig: Rig, page: TestClient, values: dict[str, Any], field: str
) -> None:
    answer = send(page, "keys", **values)
    assert answer.status_code == 422
    assert f'id="f-{field}-fault"' in answer.text
    assert len(keys_of(rig.workspace, 1)) == 1


def test_a_webhook_is_made_and_taken_away(rig: Rig, page: TestClient) -> None:
    made = send(page, "webhooks", url=URL, events=["person.opted_out", "list.imported"])
    assert shown(made, "pvw_") not in page.get("/programs").text
    (one,) = told(rig)
    assert one["events"] == ["person.opted_out", "list.imported"]
    assert URL in page.get("/programs").text
    send(page, f"webhooks/{one['id']}/remove")
    assert told(rig) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": URL}, "events"),
        ({"url": "http://crm.example/", "events": ["list.imported"]}, "url"),
        ({"url": "https://127.0.0.1/", "events": ["list.imported"]}, "url"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(
    rig: Rig, page: TestClient, values: dict[str, Any], field: str
) -> None:
    answer = send(page, "webhooks", **values)
    assert answer.status_code == 422
    assert f'id="f-{field}-fault"' in answer.text
    assert told(rig) == []


def test_one_that_rests_since_a_restore_is_told_again(rig: Rig, page: TestClient) -> None:
    send(page, "webhooks", url=URL, events=["list.imported"])
    (one,) = told(rig)
    assert "/resume" not in page.get("/programs").text
    with writing(rig.workspace.engine) as connection:
        webhooks.pause_all(connection, datetime.now(UTC))
    assert f"/programs/webhooks/{one['id']}/resume" in page.get("/programs").text
    send(page, f"webhooks/{one['id']}/resume")
    assert told(rig)[0]["paused_at"] is None
    assert send(page, f"webhooks/{one['id']}/replay").status_code == 303


def test_another_controller_s_are_nowhere(rig: Rig, page: TestClient) -> None:
    theirs = rig.theirs.post("/api/v1/webhooks", json={"url": URL, "events": ["list.imported"]})
    assert URL not in page.get("/programs").text
    assert send(page, f"webhooks/{theirs.json()['id']}/remove").status_code == 404
    other = keys_of(rig.workspace, 2)[0]
    assert send(page, f"keys/{other.id}/revoke").status_code == 404
    assert keys_of(rig.workspace, 2) == [other]
