"""Every route against every role and against another controller: what is not granted is refused."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from api_samples import CONTACTS, EXAMPLES, PROVENANCE, Rig, campaign_values, make_rig
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api import caller, needs
from api.app import create_app
from api.caller import COOKIE, form_token, is_open
from campaigns.access import OF_KEYS, Permission, Role, granted
from campaigns.contacts.request import RequestKind
from campaigns.webhook import EventKind
from operations import accounts, drafts, sessions, uploads
from operations.keys import make_key
from operations.requests import open_request
from operations.webhooks import make_webhook
from store import accounts as kept
from store.engine import writing

OURS, THEIRS = 1, 2
CODES = {"not_permitted", "forbidden"}

FORMS: dict[str, dict[str, str]] = {
    "/controller": {"controller_id": "1"},
    "/campaigns/{campaign_id}/budget": {"euros": "3"},
    "/lists/{list_id}/release": {"reason": "x"},
    "/requests/{request_id}": {"answer": "x"},
}
BODIES: dict[str, Any] = {
    "limits": {"max_cps": 3}, "budget": {"euros": "3"}, "release": {"reason": "x"},
    "no-election": {"by": "Zoé"}, "code": {"number": "0639980042"},
    "confirm": {"number": "0639980042", "code": "0000"}, "call-me": {"number": "0639980042"},
    "wordings": {"wordings": {"fr": "Oui."}}, "contacts": {"phone": "06 39 98 00 11"},
    "batch": {"people": [{"phone": "06 39 98 00 11"}]}, "close": {"answer": "x"}, "replay": {},
}  # fmt: skip
QUERIES = {
    "readiness": {"pack": "fr-political", "purpose": "political"},
    "why": {"number": "0639980001"},
}
OWNED = (
    "campaign_id", "list_id", "recording_id", "contact_id", "request_id", "webhook_id", "key_id",
    "slug", "number", "token", "draft_id",
)  # fmt: skip
"""What a path names that is a controller's own."""

NOWHERE = {**dict.fromkeys(OWNED, "99999"), "slug": "none", "number": "0199009999", "token": "none"}
"""What nobody has."""

OF_NOBODY = {
    "pack_id": "fr-political", "pack": "fr-political", "purpose": "political", "action": "stop",
    "form": "csv", "name": "none", "account_id": "99999", "user_id": "99999",
    "controller_id": "99999",
}  # fmt: skip
ENDLESS = ("/progress/stream", "/events")
SECRETS = ("Réunion", "Valbourg", "0639980001", "39 98 00 01", "39 98 00 09", "crm.example")


@dataclass(frozen=True)
class Asker:
    """Somebody with roles for one controller, on the page and with a key of the same rights."""

    name: str
    controller_id: int
    roles: frozenset[Role] = frozenset()
    administrator: bool = False
    key: str = field(default="", repr=False)
    account_id: int = 0

    @property
    def permissions(self) -> frozenset[Permission]:
        return granted(self.roles, administrator=self.administrator)


@dataclass(frozen=True)
class Case:
    """One route, as a request asks it."""

    method: str
    path: str
    needs: frozenset[Permission]

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/") or self.path == "/metrics"

    def filled(self, owned: Mapping[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: {**OF_NOBODY, **owned}[found[1]], self.path)

    @property
    def of_somebody(self) -> bool:
        return bool(set(OWNED) & set(re.findall(r"\{(\w+)\}", self.path)))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made = make_rig(tmp_path_factory.mktemp("matrix"))
    yield made
    made.workspace.engine.dispose()


@pytest.fixture(scope="module")
def owned(rig: Rig) -> dict[str, str]:
    """One of everything that a controller can have, ours; by its name in paths."""
    kinds = [EventKind.LIST_IMPORTED]
    webhook = make_webhook(rig.workspace, OURS, "https://crm.example/x", kinds, "t").row["id"]
    assert rig.campaign() == 1
    rig.ours.post("/api/v1/suppressions", json={"number": "06 39 98 00 09"})
    asked = open_request(rig.workspace, OURS, RequestKind.ACCESS, "06 39 98 00 01", by="t")
    form = {"name": "Site", "purposes": ["political"], "wordings": {"fr": "Oui."}, "slug": "parti"}
    assert rig.ours.post("/api/v1/consent-forms", json=form).status_code == 201
    line = {"number": "01 99 00 00 01", "recording_ids": [1], "language": "fr"}
    assert rig.ours.post("/api/v1/callback-lines", json=line).status_code == 201
    contact = rig.ours.get("/api/v1/lists/1/contacts").json()["items"][0]["id"]
    key = rig.ours.get("/api/v1/keys").json()["items"][0]["id"]
    upload = uploads.keep(
        rig.workspace.settings.home, OURS, io.BytesIO(b"telephone\n0639980001\n"), "Valbourg.csv"
    )
    found = {
        "campaign_id": 1, "list_id": 1, "recording_id": 1, "contact_id": contact,
        "request_id": asked["id"], "webhook_id": webhook, "key_id": key, "slug": "parti",
        "number": "0199000001", "token": upload.token,
        "draft_id": drafts.begin(rig.workspace, OURS, "a" * 32, {"name": "Réunion"}, "people", "t"),
    }  # fmt: skip
    return {name: str(value) for name, value in found.items()}


@pytest.fixture(scope="module")
def client(rig: Rig) -> Iterator[TestClient]:
    """One for all requests: to make one for each takes longer than what is asked.

    Nobody is told of events meanwhile: what is ours changes by what is asked here alone.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("api.app.telling", lambda _: nullcontext())
        with TestClient(rig.app, follow_redirects=False) as made:
            yield made


@pytest.fixture(scope="module")
def cases(rig: Rig) -> list[Case]:
    return [
        Case(method, str(route.path), asked)
        for route in iter_route_contexts(rig.app.routes)
        if route.path and route.methods and not is_open(route.path)
        for method in sorted(route.methods - {"HEAD"})
        if (asked := needs.needed(route.endpoint)) is not None
    ]


def an_asker(rig: Rig, asker: Asker) -> Asker:
    email = f"{asker.name}@{asker.controller_id}.example.org"
    account_id = accounts.add_user(rig.workspace, email, "test", administrator=asker.administrator)
    accounts.set_roles(rig.workspace, account_id, asker.controller_id, asker.roles, "test")
    owner = {OURS: "Élan Valbourg", THEIRS: "Somebody else"}[asker.controller_id]
    scopes = sorted(asker.permissions & OF_KEYS)
    key = make_key(rig.workspace, owner, email, "test", scopes=scopes)
    return Asker(asker.name, asker.controller_id, asker.roles, asker.administrator, key, account_id)


@pytest.fixture(scope="module")
def askers(rig: Rig) -> list[Asker]:
    wanted = [Asker(role.value, OURS, frozenset({role})) for role in Role]
    wanted += [Asker("administrator", OURS, administrator=True), Asker("nobody", OURS)]
    return [an_asker(rig, one) for one in wanted]


def ask(rig: Rig, client: TestClient, asker: Asker, case: Case, owned: Mapping[str, str]) -> Any:
    """The answer to a request that is in order, of a new session or with the key."""
    last = case.path.rpartition("/")[2]
    body = BODIES.get(last)
    if case.is_api:
        given = body if case.method in {"PATCH", "POST"} else None
        headers = {"Authorization": f"Bearer {asker.key}"}
        return client.request(
            case.method, case.filled(owned), json=given, params=QUERIES.get(last), headers=headers
        )
    now = datetime.now(UTC)
    with writing(rig.workspace.engine) as connection:
        token = sessions.open_for(connection, kept.one(connection, asker.account_id), now)
    form = {"form_token": form_token(token), **FORMS.get(case.path, {})}
    data = form if case.method == "POST" else None
    headers = {"Cookie": f"{COOKIE}={token}"}
    return client.request(case.method, case.filled(owned), data=data, headers=headers)


def test_every_route_says_what_it_needs(rig: Rig) -> None:
    silent = [
        route.path
        for route in iter_route_contexts(rig.app.routes)
        if route.path and route.methods and not is_open(route.path)
        if needs.needed(route.endpoint) is None
    ]
    assert silent == []


def test_what_is_needed_is_something_that_somebody_has(cases: list[Case]) -> None:
    everything = granted(Role, administrator=True)
    assert all(case.needs <= everything for case in cases)
    assert len(cases) > 50


def test_a_route_that_says_nothing_is_closed_to_all(rig: Rig) -> None:
    app = create_app(rig.workspace)

    @app.get("/api/v1/forgotten")
    def forgotten() -> str:
        return "data"

    client = TestClient(app, headers={"Authorization": f"Bearer {rig.key}"})
    answer = client.get("/api/v1/forgotten")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_whoever_is_not_permitted_is_refused_and_whoever_is_is_not(
    rig: Rig,
    client: TestClient,
    cases: list[Case],
    askers: list[Asker],
    owned: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.dashboard.drafting.prepare_sample", lambda *_: 1)
    refused = 0
    for asker in askers:
        for case in cases:
            may = case.needs <= asker.permissions & (OF_KEYS if case.is_api else asker.permissions)
            answer = ask(rig, client, asker, case, NOWHERE if may else owned)
            about = (asker.name, case.method, case.path, answer.status_code, answer.text[:200])
            if may:
                assert answer.status_code not in {401, 403}, about
                assert answer.status_code < 500, about
            else:
                refused += 1
                assert answer.status_code == 403, about
                assert "Réunion" not in answer.text, about
                if case.is_api:
                    assert answer.json()["code"] == "not_permitted", about
    assert refused > 100


def test_launching_on_the_page_needs_what_it_needs_in_the_api(
    rig: Rig, client: TestClient, askers: list[Asker], owned: Mapping[str, str]
) -> None:
    operator = next(one for one in askers if one.name == "operator")
    path = "/campaigns/{campaign_id}/launch"
    for method in ("GET", "POST"):
        answer = ask(rig, client, operator, Case(method, path, frozenset()), owned)
        assert answer.status_code == 403
    assert rig.ours.get("/api/v1/campaigns/1").json()["state"] == "draft"


def test_everything_that_strangers_are_asked_about_is_there(
    rig: Rig, client: TestClient, cases: list[Case], owned: Mapping[str, str]
) -> None:
    """Or that nothing is found would say nothing."""
    owner = an_asker(rig, Asker("owner", OURS, frozenset(Role)))
    seen: set[str] = set()
    for case in cases:
        of_us = case.of_somebody and not case.path.endswith((*ENDLESS, "/launch-record"))
        if case.method == "GET" and of_us:
            answer = ask(rig, client, owner, case, owned)
            assert answer.status_code != 404, (case.path, answer.text[:200])
            seen |= set(OWNED) & set(re.findall(r"\{(\w+)\}", case.path))
    lines = rig.ours.get("/api/v1/callback-lines").json()["items"]
    assert owned["number"] in {one["number"].replace("+33", "0") for one in lines}
    assert seen | {"number"} == set(OWNED)


EVERY_ROLE = [*({one} for one in Role), set(Role)]


@pytest.mark.parametrize("roles", EVERY_ROLE, ids=lambda one: "+".join(sorted(one)))
def test_nothing_of_another_controller_is_told_whatever_ones_roles(
    rig: Rig, client: TestClient, cases: list[Case], owned: Mapping[str, str], roles: set[Role]
) -> None:
    stranger = an_asker(rig, Asker(f"stranger-{'-'.join(sorted(roles))}", THEIRS, frozenset(roles)))
    before = everything_of_ours(rig, owned)
    seen = 0
    for case in cases:
        if case.path == "/sample" or Permission.INSTALLATION in case.needs:
            continue
        may = stranger.permissions & (OF_KEYS if case.is_api else stranger.permissions)
        if not case.needs <= may:
            continue
        answer = ask(rig, client, stranger, case, owned)
        about = (case.method, case.path, answer.status_code, answer.text[:200])
        for secret in SECRETS:
            assert secret not in answer.text, about
        if case.of_somebody or case.path == "/controller":
            seen += 1
            assert answer.status_code == 404, about
    assert seen > 10
    assert everything_of_ours(rig, owned) == before


def everything_of_ours(rig: Rig, owned: Mapping[str, str]) -> list[str]:
    paths = (
        "campaigns/{campaign_id}", "lists/{list_id}", "recordings/{recording_id}",
        "lists/{list_id}/contacts", "requests/{request_id}", "webhooks/{webhook_id}",
        "keys/{key_id}", "consent-forms/{slug}", "callback-lines", "suppressions",
    )  # fmt: skip
    return [rig.ours.get(f"/api/v1/{one.format(**owned)}").text for one in paths]


def test_nothing_is_made_of_what_is_another_controllers(rig: Rig, owned: Mapping[str, str]) -> None:
    """Ids in bodies and questions, where the stranger has a list and a recording of their own."""
    theirs, before = rig.theirs, everything_of_ours(rig, owned)
    file = {"file": ("theirs.csv", CONTACTS.replace("A1", "B1").encode())}
    asked = {"provenance": json.dumps({**PROVENANCE, "supplier": "Somebody else"})}
    list_id = theirs.post("/api/v1/lists", files=file, data=asked).json()["list_id"]
    with (EXAMPLES / "message-court.flac").open("rb") as sound:
        made = theirs.post("/api/v1/recordings", files={"file": ("theirs.flac", sound)})
    recording_id = made.json()["id"]
    own = campaign_values(list_ids=[list_id], recording_ids=[recording_id], name="Theirs")
    campaign_id = theirs.post("/api/v1/campaigns", json=own).json()["id"]
    segments = {"x": {"attribute": "id", "equals": "1"}}
    bodies: list[tuple[str, str, Any]] = [
        ("POST", "/campaigns", {**own, "name": "1", "list_ids": [list_id, 1]}),
        ("POST", "/campaigns", {**own, "name": "2", "recording_ids": [recording_id, 1]}),
        ("POST", "/campaigns", {**own, "name": "3", "machines": {"mode": "leave_message"},
            "machine_recording_ids": [1]}),
        ("PUT", f"/campaigns/{campaign_id}/lists/1", None),
        ("POST", "/segments/preview", {"list_ids": [1], "segment": "x", "segments": segments}),
        ("POST", "/callback-lines",
            {"number": "01 99 00 00 02", "recording_ids": [1], "language": "fr"}),
        ("POST", "/callback-lines", {"number": "01 99 00 00 02", "recording_ids": [recording_id],
            "language": "fr", "form": "parti"}),
    ]  # fmt: skip
    for method, path, body in bodies:
        answer = theirs.request(method, f"/api/v1{path}", json=body)
        about = (method, path, answer.status_code, answer.text[:300])
        assert answer.status_code in {404, 422}, about
        assert not any(one in answer.text for one in SECRETS), about
    contact = theirs.get(f"/api/v1/lists/{list_id}/contacts/{owned['contact_id']}")
    assert contact.status_code == 404
    for query in ("account?campaign_id=1", "lists/1/basis"):
        assert theirs.get(f"/api/v1/{query}").status_code == 404
    names = [one["name"] for one in theirs.get("/api/v1/campaigns").json()["items"]]
    assert names == ["Theirs"]
    assert everything_of_ours(rig, owned) == before


def test_a_draft_of_what_is_another_controllers_shows_nothing_of_it(
    rig: Rig, client: TestClient, owned: Mapping[str, str]
) -> None:
    stranger = an_asker(rig, Asker("drafter", THEIRS, frozenset(Role)))
    for query, status in (("list=1&recording=1", 200), ("like=1", 404)):
        case = Case("GET", f"/campaigns/new?{query}", frozenset())
        answer = ask(rig, client, stranger, case, owned)
        assert answer.status_code == status
        assert not any(one in answer.text for one in ("Réunion", "Valbourg", "court"))


def test_no_role_looks_through_the_doors_that_are_open() -> None:
    assert not any(is_open(path) for path in ("/users", "/account", "/", "/setup", "/password"))
    assert caller.NO_CONTROLLER == 0
