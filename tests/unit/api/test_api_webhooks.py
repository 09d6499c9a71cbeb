"""A webhook from its making to a program that checks what it gets."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from api_samples import Rig, make_rig
from fastapi.testclient import TestClient
from tellings import told

from operations.submissions import withdraw
from operations.telling import Teller
from operations.webhook_address import Unreachable
from operations.webhook_post import post
from store import webhooks
from store.engine import writing

LOOPBACK = "\n[webhooks]\nallow_loopback = true\n"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.got.append((self.path, dict(self.headers), body))
        self.send_response(server.status)
        self.send_header("Location", "http://169.254.169.254/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 204
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_rig(tmp_path: Path) -> Iterator[Rig]:
    made = make_rig(tmp_path / "home", LOOPBACK)
    yield made
    made.workspace.engine.dispose()


def tell(rig: Rig) -> int:
    teller = Teller(rig.workspace.engine, partial(post, allow_loopback=True))
    try:
        return told(teller, datetime.now(UTC))
    finally:
        teller.close()


def made_for(rig: Rig, receiver: Any, *kinds: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{receiver.server_port}/hook?for=us"
    answer = rig.ours.post("/api/v1/webhooks", json={"url": url, "events": list(kinds)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_program_is_told_and_can_check_who_told_it(open_rig: Rig, receiver: Any) -> None:
    made = made_for(open_rig, receiver, "list.imported", "campaign.state_changed")
    campaign = open_rig.campaign()
    open_rig.ours.post(f"/api/v1/campaigns/{campaign}/stop")
    assert tell(open_rig) == 2
    received = sorted(receiver.got, key=lambda one: json.loads(one[2])["at"])
    path, headers, body = received[0]
    assert path == "/hook?for=us"
    at, _, signed = headers["Porte-Voix-Signature"].partition(",v1=")
    expected = hmac.new(made["secret"].encode(), at[2:].encode() + b"." + body, hashlib.sha256)
    assert hmac.compare_digest(signed, expected.hexdigest())
    event = json.loads(body)
    assert (event["type"], event["subject"]) == ("list.imported", "list 1")
    assert (event["data"]["accepted"], event["data"]["rejected"]) == (3, 2)
    assert json.loads(received[1][2])["data"]["after"] == "stopped"
    listed = open_rig.ours.get(f"/api/v1/webhooks/{made['id']}/deliveries").json()["items"]
    assert {(one["state"], one["status"]) for one in listed} == {("delivered", 204)}
    ids = [one["event_id"] for one in listed]
    assert ids == [headers["Porte-Voix-Event-Id"] for _, headers, _ in reversed(received)]
    path = f"/api/v1/webhooks/{made['id']}/replay"
    assert open_rig.ours.post(path, json={"event_ids": ids}).json() == {"events": 2}


def test_one_at_rest_since_a_restore_says_so_until_it_is_resumed(
    open_rig: Rig, receiver: Any
) -> None:
    path = f"/api/v1/webhooks/{made_for(open_rig, receiver, 'list.imported')['id']}"
    with writing(open_rig.workspace.engine) as connection:
        webhooks.pause_all(connection, datetime.now(UTC))
    open_rig.import_list()
    assert open_rig.ours.get(path).json()["paused_at"] is not None
    assert tell(open_rig) == 0
    for _ in range(2):
        assert open_rig.ours.post(f"{path}/resume").json()["paused_at"] is None
    assert tell(open_rig) == 1


def test_the_secret_is_shown_once(open_rig: Rig, receiver: Any) -> None:
    made = made_for(open_rig, receiver, "list.imported")
    found = open_rig.ours.get(f"/api/v1/webhooks/{made['id']}").text
    assert made["secret"] not in found
    assert made["secret"] not in open_rig.ours.get("/api/v1/audit").text


def test_a_redirect_is_not_followed(open_rig: Rig, receiver: Any) -> None:
    made_for(open_rig, receiver, "list.imported")
    receiver.status = 302
    open_rig.import_list()
    assert tell(open_rig) == 1
    assert len(receiver.got) == 1
    assert open_rig.ours.get("/api/v1/webhooks").json()["items"][0]["failures"] == 1


def test_a_refusal_given_on_the_form_is_told_with_the_number(open_rig: Rig, receiver: Any) -> None:
    form = {"name": "Web", "purposes": ["political"], "wordings": {"fr": "Oui."}, "slug": "web"}
    open_rig.ours.post("/api/v1/consent-forms", json=form)
    made_for(open_rig, receiver, "person.opted_out")
    for _ in range(2):
        withdraw(open_rig.workspace.engine, "web", "06 39 98 00 01", "fr")
    tell(open_rig)
    (event,) = [json.loads(body) for _, _, body in receiver.got]
    assert event["data"]["number"] == "+33639980001"
    assert event["data"]["reason"] == "form"


def test_an_erased_person_is_told_of_to_nobody(open_rig: Rig, receiver: Any) -> None:
    form = {"name": "Web", "purposes": ["political"], "wordings": {"fr": "Oui."}, "slug": "web"}
    open_rig.ours.post("/api/v1/consent-forms", json=form)
    made_for(open_rig, receiver, "person.opted_out")
    withdraw(open_rig.workspace.engine, "web", "06 39 98 00 01", "fr")
    open_rig.ours.post("/api/v1/erasures", json={"number": "06 39 98 00 01"})
    tell(open_rig)
    (event,) = [json.loads(body) for _, _, body in receiver.got]
    assert event["data"]["number"] is None


def test_what_nothing_answers_says_why_without_telling_what_is_there(receiver: Any) -> None:
    closed = f"http://127.0.0.1:{receiver.server_port}/"
    with pytest.raises(Unreachable):
        post(closed, b"{}", {}, allow_loopback=False)
    assert receiver.got == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "http://crm.example/", "https://10.0.0.1/", "x"]
)
def test_an_address_that_is_refused_is_explained(rig: Rig, url: str) -> None:
    answer = rig.ours.post(
        "/api/v1/webhooks",
        json={"url": url, "events": ["list.imported"]},
        headers={"Accept-Language": "fr"},
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "url")
    assert answer.json()["remedy"].startswith("Donnez une adresse https://")


def test_the_server_tells_by_itself_while_it_runs(open_rig: Rig, receiver: Any) -> None:
    made_for(open_rig, receiver, "list.imported")
    open_rig.import_list()
    got = threading.Event()
    receiver.got = _Noticed(got)
    with TestClient(open_rig.app):
        assert got.wait(20)
    assert len(receiver.got) == 1


class _Noticed(list[Any]):
    """A list that says when something is put into it."""

    def __init__(self, noticed: threading.Event) -> None:
        super().__init__()
        self._noticed = noticed

    def append(self, one: Any) -> None:
        super().append(one)
        self._noticed.set()
