"""What pages offer: whoever sees a link or a button may follow it, whatever their role."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from api_samples import Rig, make_rig
from fastapi.testclient import TestClient
from people_who_sign_in import QUICK, a_user
from test_api_users import browser, sign_in

from api.caller import is_open
from api.needs import Routes
from campaigns.access import Role, granted
from campaigns.contacts.request import RequestKind
from campaigns.stages import Hold, Measure
from operations.consent_forms import NewForm, create
from operations.requests import open_request
from store import campaigns as kept
from store.engine import writing

WRITES = re.compile("Nouvelle|Importer|Annuler l’import|Préparer l’exemple|Refuser les appels")


class Offers(HTMLParser):
    """Every address of a page that can be gone to, with how."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("href", "src", "hx-get", "data-events"):
            if value := given.get(name):
                self.found.add(("GET", value))
        if tag == "form":
            self.found.add((str(given.get("method")).upper(), str(given.get("action") or "")))
        if value := given.get("formaction"):
            self.found.add(("POST", value))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A controller who has one of everything, and a campaign in each state."""
    made = make_rig(tmp_path_factory.mktemp("offers") / "home")
    made.campaign()
    for name in ("runs", "paused", "over"):
        made.prepare(name=name)
    for campaign in (2, 3, 4):
        assert made.ours.post(f"/api/v1/campaigns/{campaign}/launch").is_success
    assert made.ours.post("/api/v1/campaigns/3/pause").is_success
    assert made.ours.post("/api/v1/campaigns/4/stop").is_success
    made.end(4)
    with writing(made.workspace.engine) as connection:
        hold = Hold(Measure.OPT_OUTS, 0.083, 0.02, 120)
        kept.hold(connection, 2, hold, datetime.now(UTC))
    made.ours.post("/api/v1/suppressions", json={"number": "06 39 98 00 09"})
    open_request(made.workspace, 1, RequestKind.ACCESS, "06 39 98 00 01", by="test")
    create(
        made.workspace.engine, 1,
        NewForm("Site", ["political"], {"fr": "J'accepte."}, [], "site"), "test",
    )  # fmt: skip
    yield made
    made.workspace.engine.dispose()


PEOPLE = [*Role, "administrator", "nobody"]


def a_person(rig: Rig, who: str) -> TestClient:
    email = f"{who}@example.org"
    roles = {1: {Role(who)}} if who in set(Role) else {}
    a_user(rig.workspace, email, administrator=who == "administrator", roles=roles)
    client = browser(rig.app, "fr")
    assert sign_in(client, email) == 303
    return client


def walk(client: TestClient, start: str) -> Iterator[tuple[str, str]]:
    """Each page that can be reached by links, with what stands on it."""
    ahead, seen = [start], {start}
    while ahead:
        path = ahead.pop()
        answer = client.get(path)
        if location := answer.headers.get("location"):
            answer = client.get(location)
        assert answer.status_code == 200, (path, answer.status_code)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        yield path, answer.text
        for method, address in Offers(answer.text).found:
            if method == "GET" and leads_on(address) and address not in seen:
                seen.add(address)
                ahead.append(address)


def leads_on(address: str) -> bool:
    path = urlsplit(address).path
    return bool(path) and not is_open(path) and not re.search(r"events$|\.(csv|pdf)$", path)


@pytest.mark.parametrize("who", PEOPLE)
def test_nobody_is_offered_what_would_be_refused(
    rig: Rig, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.passwords._hasher", QUICK)
    client, routes, pages = a_person(rig, who), Routes(rig.app.routes), 0
    roles = {Role(who)} if who in set(Role) else set()
    permissions = granted(roles, administrator=who == "administrator")
    for path, page in walk(client, "/welcome"):
        pages += 1
        for method, address in Offers(page).found:
            asked = urlsplit(address).path or path
            scope = {"type": "http", "method": method, "path": asked}
            assert is_open(asked) or routes.permits(scope, permissions), (path, method, asked)
    assert pages > {"administrator": 4, "nobody": 1}.get(who, 15)


def test_a_reader_sees_nobodys_number_and_no_button_that_writes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.passwords._hasher", QUICK)
    rows = "telephone;id\n06 39 98 00 07 x;B1\n"
    rig.import_list(rows)
    client = browser(rig.app, "fr")
    a_user(rig.workspace, "lecture@example.org", roles={1: {Role.READER}})
    assert sign_in(client, "lecture@example.org") == 303
    for path, page in walk(client, "/welcome"):
        assert not re.search(r"6 39 98 00|063998", page), path
        assert not WRITES.search(page), path
        forms = {address for method, address in Offers(page).found if method == "POST"}
        assert {one for one in forms if not one.startswith(("/account", "/logout"))} == set(), path
