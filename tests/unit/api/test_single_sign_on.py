"""Signing in by an identity provider, as a browser does."""

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from api_samples import Rig, make_rig
from fastapi.testclient import TestClient
from identity_provider import CLIENT, CODE, Provider, provided
from people_who_sign_in import a_user
from sqlalchemy import select
from test_api_users import EMAIL, browser, send, sign_in

from api.visits import Allowance
from campaigns.access import Role
from operations import accounts, second_factor
from operations.sign_in import forget_identity
from store.engine import reading
from store.tables import audit_event

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def far() -> Iterator[Provider]:
    with provided() as made:
        yield made


@pytest.fixture
def rig(tmp_path: Path, far: Provider) -> Iterator[Rig]:
    oidc = f'[oidc]\nissuer = "{far.issuer}"\nclient_id = "{CLIENT}"\nname = "Example"\n'
    made = make_rig(tmp_path / "home", oidc)
    yield made
    made.workspace.engine.dispose()


def came_back(client: TestClient, far: Provider, **changes: str) -> tuple[int, str]:
    """There and back; the status and the page."""
    sent = client.get("/login/oidc")
    assert sent.status_code == 303
    asked = {"code": CODE, "state": far.visited(sent.headers["location"]), **changes}
    answer = client.get("/login/oidc/back", params=asked)
    return answer.status_code, answer.text


def acts(rig: Rig, of: str) -> set[str]:
    with reading(rig.workspace.engine) as connection:
        asked = select(audit_event.c.act).where(audit_event.c.actor == of)
        return set(connection.execute(asked).scalars())


def test_somebody_whom_the_provider_vouches_for_is_let_in(rig: Rig, far: Provider) -> None:
    a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    client = browser(rig.app)
    assert "Sign in with Example" in client.get("/login").text
    status, page = came_back(client, far)
    assert status == 200
    assert 'content="0;url=/welcome"' in page, "our own page leads on, with our own cookie"
    assert client.get("/campaigns").status_code == 200


def test_they_are_known_afterwards_whoever_has_their_address(rig: Rig, far: Provider) -> None:
    zoe = a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    came_back(browser(rig.app), far)
    assert accounts.user(rig.workspace, zoe).account.has_identity
    far.claims["email"] = "zoe.martin@example.org"
    assert came_back(browser(rig.app), far)[0] == 200, "their address is another now"
    far.claims |= {"sub": "other", "email": EMAIL}
    assert came_back(browser(rig.app), far)[0] == 422, "somebody else was given it"


def test_an_administrator_lets_the_address_count_again(rig: Rig, far: Provider) -> None:
    zoe = a_user(rig.workspace, EMAIL, administrator=True, roles={1: {Role.MANAGER}})
    came_back(browser(rig.app), far)
    far.claims["sub"] = "recreated"
    assert came_back(browser(rig.app), far)[0] == 422
    client = browser(rig.app)
    assert sign_in(client) == 303
    path = f"/users/{zoe}/identity/forget"
    assert send(client, path, f"/users/{zoe}").status_code == 303
    assert came_back(browser(rig.app), far)[0] == 200


@pytest.mark.parametrize("claims", [{"email": "ada@example.org"}, {"email_verified": False}])
def test_nobody_gets_in_without_an_account(
    rig: Rig, far: Provider, claims: dict[str, object]
) -> None:
    a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    far.claims |= claims
    client = browser(rig.app, "fr")
    status, page = came_back(client, far)
    assert status == 422
    assert "« Example » vous connaît" in page
    assert client.get("/campaigns").headers["location"] == "/login"


def test_somebody_who_is_disabled_is_not_let_in(rig: Rig, far: Provider) -> None:
    zoe = a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    came_back(browser(rig.app), far)
    accounts.disable(rig.workspace, zoe, "test")
    assert came_back(browser(rig.app), far)[0] == 422


def test_a_second_factor_is_asked_for_here_too(rig: Rig, far: Provider) -> None:
    zoe = a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    secret = second_factor.new_secret()
    second_factor.enrol(rig.workspace, zoe, secret, pyotp.TOTP(secret).now())
    client = browser(rig.app)
    status, page = came_back(client, far)
    assert status == 200
    assert 'content="0;url=/login/code"' in page
    assert client.get("/campaigns").headers["location"] == "/login"


def test_another_browser_cannot_bring_the_code_back(rig: Rig, far: Provider) -> None:
    a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    state = far.visited(browser(rig.app).get("/login/oidc").headers["location"])
    other = browser(rig.app)
    for _ in range(2):  # with no visit of its own, and with one
        answer = other.get("/login/oidc/back", params={"code": CODE, "state": state})
        assert answer.status_code == 422
        assert "too long" in answer.text
        other.get("/login/oidc")
    assert not far.asked, "the code is not even tried"


def test_a_provider_that_says_no_is_told_of_without_its_words(rig: Rig, far: Provider) -> None:
    client = browser(rig.app)
    status, page = came_back(client, far, code="")
    assert status == 422
    assert "«Example» did not say who you are" in page


@pytest.mark.parametrize("path", ["/login/oidc", "/login/oidc/back?code=a&state=b"])
def test_where_the_provider_is_down_passwords_still_open(tmp_path: Path, path: str) -> None:
    oidc = f'[oidc]\nissuer = "http://127.0.0.1:9"\nclient_id = "{CLIENT}"\n'
    made = make_rig(tmp_path / "down", oidc)
    try:
        a_user(made.workspace, EMAIL, roles={1: {Role.MANAGER}})
        client = browser(made.app)
        client.cookies.set("portevoix_oidc", "b.c.d")
        answer = client.get(path)
        assert answer.status_code == 422
        assert "did not say who you are" in answer.text
        assert sign_in(client) == 303
    finally:
        made.workspace.engine.dispose()


def test_whoever_asks_too_often_waits(
    rig: Rig, far: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(rig.app)
    monkeypatch.setattr(rig.app.state.visits, "sign_ins", Allowance(of_one=2))
    assert [client.get("/login/oidc").status_code for _ in range(3)] == [303, 303, 429]


def test_forgetting_an_identity_ends_its_sessions(rig: Rig, far: Provider) -> None:
    zoe = a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    client = browser(rig.app)
    came_back(client, far)
    forget_identity(rig.workspace, zoe, "test")
    assert client.get("/campaigns").headers["location"] == "/login"


def test_where_none_is_set_up_there_is_none(tmp_path: Path) -> None:
    made = make_rig(tmp_path / "other")
    try:
        client = browser(made.app)
        assert "/login/oidc" not in client.get("/login").text
        assert client.get("/login/oidc").status_code == 404
        assert client.get("/login/oidc/back").status_code == 404
    finally:
        made.workspace.engine.dispose()


def test_it_is_on_record(rig: Rig, far: Provider) -> None:
    a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    came_back(browser(rig.app), far)
    assert {"user.identity", "session.open"} <= acts(rig, EMAIL)
