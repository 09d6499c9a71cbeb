"""Every route against every role and against another controller: what is not granted is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from api_samples import Rig, make_rig
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api import caller, needs
from api.app import create_app
from api.caller import COOKIE, form_token, is_open
from campaigns.access import OF_KEYS, Permission, Role, granted
from operations import accounts, drafts, sessions
from operations.keys import make_key
from store import accounts as kept
from store.engine import writing

OURS, THEIRS = 1, 2
CODES = {"not_permitted", "forbidden"}

FORMS: dict[str, dict[str, str]] = {
    "/controller": {"controller_id": "1"},
    "/campaigns/{campaign_id}/budget": {"euros": "3"},
}
BODIES = {"limits": {"max_cps": 3}, "budget": {"euros": "3"}, "release": {"reason": "x"}}
QUERIES = {
    "readiness": {"pack": "fr-political", "purpose": "political"},
    "why": {"number": "0639980001"},
}


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

    def filled(self, id_: int) -> str:
        path = self.path
        path = path.replace("{pack_id}", "fr-political").replace("{pack}", "fr-political")
        path = re.sub(r"\{\w+_id\}", str(id_), path)
        named = {"purpose": "political", "action": "stop", "form": "csv", "number": "0199009999"}
        return re.sub(r"\{(\w+)\}", lambda found: named.get(found[1], "none"), path)

    @property
    def of_an_id(self) -> bool:
        return "_id}" in self.path and not {"{account_id}", "{user_id}", "{pack_id}"} & set(
            self.path.split("/")
        )


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made = make_rig(tmp_path_factory.mktemp("matrix"))
    assert made.campaign() == 1
    made.ours.post("/api/v1/suppressions", json={"number": "06 39 98 00 09"})
    drafts.begin(made.workspace, OURS, "a" * 32, {"name": "Réunion"}, "people", "test")
    yield made
    made.workspace.engine.dispose()


@pytest.fixture(scope="module")
def client(rig: Rig) -> Iterator[TestClient]:
    """One for all requests: to make one for each takes longer than what is asked."""
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


def ask(rig: Rig, client: TestClient, asker: Asker, case: Case, id_: int) -> Any:
    """The answer to a request that is in order, of a new session or with the key."""
    last = case.path.rpartition("/")[2]
    body = BODIES.get(last)
    if case.is_api:
        given = body if case.method in {"PATCH", "POST"} else None
        headers = {"Authorization": f"Bearer {asker.key}"}
        return client.request(
            case.method, case.filled(id_), json=given, params=QUERIES.get(last), headers=headers
        )
    now = datetime.now(UTC)
    with writing(rig.workspace.engine) as connection:
        token = sessions.open_for(connection, kept.one(connection, asker.account_id), now)
    form = {"form_token": form_token(token), **FORMS.get(case.path, {})}
    data = form if case.method == "POST" else None
    headers = {"Cookie": f"{COOKIE}={token}"}
    return client.request(case.method, case.filled(id_), data=data, headers=headers)


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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.dashboard.drafting.prepare_sample", lambda *_: 1)
    refused = 0
    for asker in askers:
        for case in cases:
            may = case.needs <= asker.permissions & (OF_KEYS if case.is_api else asker.permissions)
            answer = ask(rig, client, asker, case, 99_999 if may else 1)
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
    rig: Rig, client: TestClient, askers: list[Asker]
) -> None:
    operator = next(one for one in askers if one.name == "operator")
    path = "/campaigns/{campaign_id}/launch"
    for method in ("GET", "POST"):
        answer = ask(rig, client, operator, Case(method, path, frozenset()), 1)
        assert answer.status_code == 403
    assert rig.ours.get("/api/v1/campaigns/1").json()["state"] == "draft"


def test_nothing_of_another_controller_is_told_whatever_ones_roles(
    rig: Rig, client: TestClient, cases: list[Case]
) -> None:
    stranger = an_asker(rig, Asker("stranger", THEIRS, frozenset(Role)))
    before = rig.ours.get("/api/v1/campaigns/1").text
    seen = 0
    for case in cases:
        if case.path == "/sample" or Permission.INSTALLATION in case.needs:
            continue
        answer = ask(rig, client, stranger, case, 1)
        about = (case.method, case.path, answer.status_code, answer.text[:200])
        for secret in ("Réunion", "Valbourg", "0639980001", "39 98 00 01", "39 98 00 09"):
            assert secret not in answer.text, about
        if case.of_an_id or case.path == "/controller":
            seen += 1
            # What is sent without its body is refused for that before anything is looked up.
            unread = case.method == "POST" and case.path.rpartition("/")[2] not in BODIES
            assert answer.status_code in ({404, 422} if unread else {404}), about
    assert seen > 30
    assert rig.ours.get("/api/v1/campaigns/1").text == before


def test_no_role_looks_through_the_doors_that_are_open() -> None:
    assert not any(is_open(path) for path in ("/users", "/account", "/", "/setup", "/password"))
    assert caller.NO_CONTROLLER == 0
