"""Signing in, one's own account and users, as pages: in both languages, without JavaScript."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from api_samples import Rig, form_token
from fastapi import FastAPI
from fastapi.testclient import TestClient
from people_who_sign_in import OTHER, PASSWORD, a_user
from test_api_dashboard import Outline

from api.app import create_app
from campaigns.access import Role
from campaigns.password import FREE_GUESSES
from operations import accounts, controllers, set_up
from operations.workspace import Workspace, open_workspace
from store import audit
from store.engine import reading

pytestmark = pytest.mark.usefixtures("quick_passwords")

EMAIL = "zoe@example.org"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Workspace]:
    workspace = open_workspace(tmp_path / "home")
    yield workspace
    workspace.engine.dispose()


def browser(app: FastAPI, language: str = "en") -> TestClient:
    return TestClient(
        app,
        follow_redirects=False,
        headers={"Accept-Language": language},
        base_url="https://testserver",
    )


def send(client: TestClient, path: str, page: str = "", **values: Any) -> Any:
    """Send a form of a page with its token."""
    token = form_token(client.get(page or path).text)
    return client.post(path, data={"form_token": token, **values})


def sign_in(client: TestClient, email: str = EMAIL, password: str = PASSWORD) -> int:
    answer = send(client, "/login", email=email, password=password)
    return int(answer.status_code)


@pytest.fixture
def zoe(rig: Rig) -> TestClient:
    """An administrator and manager, signed in."""
    a_user(rig.workspace, EMAIL, administrator=True, roles={1: {Role.MANAGER}})
    client = browser(rig.app)
    assert sign_in(client) == 303
    return client


def test_an_empty_installation_is_set_up_once_with_the_address_that_was_printed(
    empty: Workspace,
) -> None:
    app = create_app(empty)
    client = browser(app)
    assert "no user yet" in client.get("/login").text
    path = f"/setup/{set_up.offer(empty)}"
    page = client.get(path).text
    assert Outline(page).levels[0] == 1
    values = {"email": EMAIL, "password": PASSWORD, "again": PASSWORD, "controller": "Comité"}
    done = client.post(path, data=values)
    assert (done.status_code, done.headers["location"]) == (303, "/welcome")
    campaigns = client.get("/campaigns")
    assert campaigns.status_code == 200
    assert "Prepare the sample" in campaigns.text
    assert "Comité" in campaigns.text
    for answer in (browser(app).get(path), browser(app).post(path, data=values)):
        assert answer.status_code == 404
    assert "no user yet" not in browser(app).get("/login").text


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"again": OTHER}, "again"), ({"email": "zoe"}, "email"), ({"controller": ""}, "controller")],
)
def test_what_is_wrong_in_the_set_up_is_said_beside_its_field(
    empty: Workspace, changed: dict[str, str], field: str
) -> None:
    client = browser(create_app(empty), "fr")
    path = f"/setup/{set_up.offer(empty)}"
    values = {"email": EMAIL, "password": PASSWORD, "again": PASSWORD, "controller": "Comité"}
    answer = client.post(path, data={**values, **changed})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert PASSWORD not in answer.text, "a password is not sent back"


def test_the_sample_is_prepared_once_and_on_the_rehearsal_trunk(empty: Workspace) -> None:
    app = create_app(empty)
    client = browser(app)
    values = {"email": EMAIL, "password": PASSWORD, "again": PASSWORD, "controller": "Comité"}
    client.post(f"/setup/{set_up.offer(empty)}", data=values)
    first = send(client, "/sample", "/campaigns")
    assert first.headers["location"] == "/campaigns/1/preflight"
    again = send(client, "/sample", "/campaigns")
    assert again.headers["location"] == "/campaigns/1/preflight"
    campaign = client.get("/api/v1/campaigns/1").json()
    assert (campaign["trunk"], campaign["rehearsal"], campaign["state"]) == (
        "rehearsal", True, "draft",
    )  # fmt: skip
    assert client.get("/api/v1/campaigns/1/progress").json()["targets"] == 990


def test_signing_in_and_out(rig: Rig, zoe: TestClient) -> None:
    assert zoe.get("/welcome").headers["location"] == "/"
    page = zoe.get("/campaigns").text
    assert "Élan Valbourg" in page
    assert send(zoe, "/logout", "/campaigns").status_code == 303
    assert zoe.get("/campaigns").headers["location"] == "/login"
    with reading(rig.workspace.engine) as connection:
        acts = [one["act"] for one in audit.latest(connection, 1, 2)]
    assert acts == ["session.close", "session.open"]


def test_a_wrong_password_and_nobodys_address_are_answered_alike(rig: Rig, zoe: TestClient) -> None:
    del zoe
    answers = []
    for email in (EMAIL, "nobody@example.org"):
        client = browser(rig.app)
        answer = send(client, "/login", email=email, password=OTHER)
        assert answer.status_code == 422
        text = answer.text.replace(email, "")
        answers.append(re.sub(r'value="\w{64}"', "", text))
        assert "set-cookie" not in answer.headers or "session" not in str(answer.headers)
    assert answers[0] == answers[1]


def test_guesses_are_answered_late_and_then_not_at_all(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("api.dashboard.door.asyncio.sleep", wait)
    client = browser(rig.app)
    statuses = [sign_in(client, password=OTHER) for _ in range(31)]
    assert statuses == [422] * 30 + [429]
    assert waited[:FREE_GUESSES] == [0] * FREE_GUESSES
    assert waited[FREE_GUESSES:] == sorted(waited[FREE_GUESSES:])
    assert waited[-1] == 8


def test_the_sessions_cookie_is_for_https_and_for_us_alone(rig: Rig, zoe: TestClient) -> None:
    del zoe
    client = browser(rig.app)
    answer = send(client, "/login", email=EMAIL, password=PASSWORD)
    cookies = answer.headers.get_list("set-cookie")
    (cookie,) = (one.lower() for one in cookies if one.startswith("portevoix_session="))
    assert {"httponly", "samesite=strict", "secure"} <= set(cookie.split("; "))


def test_a_second_factor_from_enrolment_to_signing_in(rig: Rig, zoe: TestClient) -> None:
    page = zoe.get("/account/second-factor").text
    secret = re.search(r'name="secret" value="(\w+)"', page).group(1)
    assert "<svg aria-hidden" in page
    assert " ".join(secret[at : at + 4] for at in range(0, 32, 4)) in page
    token = form_token(page)
    wrong = zoe.post(
        "/account/second-factor", data={"form_token": token, "secret": secret, "code": "1"}
    )
    assert wrong.status_code == 422
    assert secret in wrong.text, "the code that was scanned stays good"
    code = pyotp.TOTP(secret).now()
    done = zoe.post(
        "/account/second-factor", data={"form_token": token, "secret": secret, "code": code}
    )
    codes = re.findall(r"<code>([\w-]{19})</code>", done.text)
    assert len(codes) == 10
    client = browser(rig.app, "fr")
    answer = send(client, "/login", email=EMAIL, password=PASSWORD)
    assert answer.headers["location"] == "/login/code"
    assert client.get("/campaigns").headers["location"] == "/login", "the password is not enough"
    assert "Votre code" in client.get("/login/code").text
    refused = send(client, "/login/code", code="000000")
    assert refused.status_code == 422
    entered = send(client, "/login/code", code=codes[0])
    assert entered.headers["location"] == "/welcome"
    assert client.get("/campaigns").status_code == 200
    assert "9" in client.get("/account").text


def test_without_a_password_there_is_no_code_to_enter(rig: Rig) -> None:
    client = browser(rig.app)
    assert client.get("/login/code").headers["location"] == "/login"
    assert client.post("/login/code", data={"code": "1"}).status_code == 403


def test_changing_the_password(rig: Rig, zoe: TestClient) -> None:
    other = browser(rig.app)
    assert sign_in(other) == 303
    wrong = send(zoe, "/account/password", "/account", current=OTHER, password=OTHER, again=OTHER)
    assert wrong.status_code == 422
    assert 'href="#current"' in wrong.text
    assert 'href="/account?lang=fr"' in wrong.text, "that address can be opened"
    done = send(zoe, "/account/password", "/account", current=PASSWORD, password=OTHER, again=OTHER)
    assert done.headers["location"] == "/account?done=password"
    assert "Every other session has ended" in zoe.get("/account?done=password").text
    assert other.get("/campaigns").status_code == 303


def test_signing_out_everywhere(rig: Rig, zoe: TestClient) -> None:
    other = browser(rig.app)
    assert sign_in(other) == 303
    assert send(zoe, "/account/sessions/end", "/account").status_code == 303
    assert other.get("/campaigns").status_code == 303
    assert zoe.get("/campaigns").status_code == 303


def test_somebody_is_added_gets_a_link_chooses_a_password_and_sees_their_controller(
    rig: Rig, zoe: TestClient
) -> None:
    made = send(zoe, "/users", email="Al@example.org")
    link = re.search(r"<code>https://testserver(/password/[\w-]+)</code>", made.text)
    assert link
    account_id = accounts.user_named(rig.workspace, "al@example.org").account.id
    page = f"/users/{account_id}"
    send(zoe, f"{page}/roles", page, role=["2:reader", "2:officer", "7:manager", "2:king"])
    assert accounts.user(rig.workspace, account_id).roles == {2: {Role.READER, Role.OFFICER}}
    al = browser(rig.app)
    assert "al@example.org" in al.get(link.group(1)).text
    assert al.post(link.group(1), data={"password": "short", "again": "short"}).status_code == 422
    chosen = al.post(link.group(1), data={"password": PASSWORD, "again": PASSWORD})
    assert chosen.headers["location"] == "/login"
    assert al.get(link.group(1)).status_code == 404
    assert sign_in(al, "al@example.org") == 303
    seen = al.get("/campaigns").text
    assert "Somebody else" in seen
    assert 'href="/users"' not in seen
    assert "Load the sample" not in seen
    assert al.get("/users").status_code == 403


def test_who_is_disabled_is_out_at_once(rig: Rig, zoe: TestClient) -> None:
    account_id = a_user(rig.workspace, "al@example.org", roles={1: {Role.READER}})
    al = browser(rig.app)
    assert sign_in(al, "al@example.org") == 303
    page = f"/users/{account_id}"
    send(zoe, f"{page}/disable", page)
    assert al.get("/campaigns").status_code == 303
    assert sign_in(al, "al@example.org") == 422
    send(zoe, f"{page}/enable", page)
    assert sign_in(al, "al@example.org") == 303


def test_the_only_administrator_stays_one(zoe: TestClient) -> None:
    for path in ("/users/1/disable", "/users/1/roles"):
        refused = send(zoe, path, "/users/1")
        assert refused.status_code == 409


def test_the_controller_acted_for_is_chosen_in_the_header(rig: Rig, zoe: TestClient) -> None:
    rig.campaign()
    accounts.set_roles(rig.workspace, 1, 2, {Role.READER}, "test")
    assert "Réunion publique" in zoe.get("/campaigns").text
    changed = send(zoe, "/controller", "/campaigns", controller_id=2)
    assert changed.headers["location"] == "/welcome"
    page = zoe.get("/campaigns").text
    assert "Réunion publique" not in page
    assert 'value="2" selected' in page
    assert zoe.get("/campaigns/1").status_code == 404
    refused = send(zoe, "/controller", "/campaigns", controller_id=3)
    assert refused.status_code == 404


def test_a_reader_is_offered_nothing_that_would_be_refused(rig: Rig) -> None:
    campaign = rig.campaign()
    a_user(rig.workspace, roles={1: {Role.READER}})
    client = browser(rig.app)
    assert sign_in(client) == 303
    for path in ("/campaigns", f"/campaigns/{campaign}", f"/campaigns/{campaign}/preflight",
                 f"/campaigns/{campaign}/budget"):  # fmt: skip
        page = client.get(path)
        assert page.status_code == 200, path
        assert "/launch" not in page.text, path
        assert 'href="/stop"' not in page.text, path
        assert f'action="/campaigns/{campaign}' not in page.text, path


def test_an_administrator_without_a_role_looks_after_users_alone(rig: Rig) -> None:
    rig.campaign()
    a_user(rig.workspace, administrator=True)
    client = browser(rig.app)
    assert sign_in(client) == 303
    assert client.get("/welcome").headers["location"] == "/users"
    assert client.get("/campaigns").status_code == 403
    assert client.get("/api/v1/campaigns").status_code == 403


@pytest.mark.parametrize("code", ["en", "fr"])
def test_these_pages_are_in_order_for_who_cannot_see_them(
    rig: Rig, zoe: TestClient, code: str
) -> None:
    accounts.set_roles(rig.workspace, 1, 2, {Role.READER}, "test")
    nobody = browser(rig.app)
    pages = [(zoe, path) for path in ("/account", "/account/second-factor", "/users", "/users/1")]
    pages += [(nobody, path) for path in ("/login", "/login/key")]
    token = accounts.make_link(rig.workspace, 1, "test")
    pages.append((nobody, f"/password/{token}"))
    for client, path in pages:
        text = client.get(f"{path}?lang={code}").text
        page = Outline(text)
        assert page.lang == code
        assert page.levels[0] == page.levels.count(1) == 1, path
        assert len(page.ids) == len(set(page.ids)), path
        assert all(str(one.get("id")) in page.labelled for one in page.inputs), path
        assert "style=" not in text, path
        assert "http://" not in text, path


def standing_of(rig: Rig) -> tuple[float, int | None, float | None, bool]:
    found = controllers.one(rig.workspace, 1)
    return found["weight"], found["max_channels"], found["max_cps"], found["public_body"]


def decided(rig: Rig) -> list[str]:
    with reading(rig.workspace.engine) as connection:
        acts = [one["act"] for one in audit.latest(connection, 1, 100)]
    kinds = ("controller.weigh", "controller.limit", "controller.public_body")
    return sorted(one for one in acts if one in kinds)


def test_share_limits_and_standing_of_a_controller_are_decided_on_its_page(
    rig: Rig, zoe: TestClient
) -> None:
    assert 'href="/controllers/1"' in zoe.get("/users").text
    assert 'value="1"' in zoe.get("/controllers/1").text
    typed = {"weight": "2,5", "max_channels": "40", "max_cps": "", "public_body": "yes"}
    assert send(zoe, "/controllers/1", **typed).status_code == 303
    assert standing_of(rig) == (2.5, 40, None, True)
    assert decided(rig) == ["controller.limit", "controller.public_body", "controller.weigh"]
    assert send(zoe, "/controllers/1", **typed).status_code == 303
    assert len(decided(rig)) == 3, "what stays as it is is no act"
    zoe.headers["Accept-Language"] = "fr"
    assert 'value="2,5"' in zoe.get("/controllers/1").text
    assert zoe.get("/controllers/99").status_code == 404


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("weight", "0"), ("weight", "much"), ("weight", ""),
        ("max_channels", "2.5"), ("max_channels", "0"),
        ("max_cps", "nan"), ("max_cps", "inf"), ("max_cps", "-1"), ("max_channels", "1e400"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_of_a_controller_is_said_and_nothing_is_changed(
    rig: Rig, zoe: TestClient, field: str, typed: str
) -> None:
    before = standing_of(rig)
    sent = {"weight": "3", "max_channels": "40", "max_cps": "5", "public_body": "yes", field: typed}
    answer = send(zoe, "/controllers/1", **sent)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert f'value="{typed}"' in answer.text
    assert "checked" in answer.text
    assert standing_of(rig) == before
    assert decided(rig) == []
