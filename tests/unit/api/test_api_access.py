"""Who gets in: nobody without a key, and nobody into what belongs to another."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from api_samples import Rig, campaign_values, form_token, make_rig
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from store import api_keys, audit
from store.engine import reading, writing

OF_NOBODY = {"/api/v1/rule-packs/{pack_id}", "/consent/{slug}", "/consent/{slug}/agreed",
    "/consent/{slug}/withdraw", "/consent/{slug}/withdrawn", "/people/{slug}",
    "/people/{slug}/refuse", "/people/{slug}/refused", "/people/{slug}/receipt",
    "/people/{slug}/receipt/{secret}"}  # fmt: skip
"""Open to all, or the same for every controller."""

OPEN = {
    "/login", "/login/code", "/login/key", "/login/oidc", "/login/oidc/back", "/setup/{token}",
    "/password/{token}",
    "/health", "/api/v1/openapi.json", "/problems/{code}", "/consent/{slug}",
    "/consent/{slug}/agreed", "/consent/{slug}/withdraw", "/consent/{slug}/withdrawn",
    "/people", "/people/{slug}", "/people/{slug}/refuse", "/people/{slug}/refused",
    "/people/{slug}/receipt", "/people/{slug}/receipt/{secret}",
}  # fmt: skip

WEBHOOK = {"url": "https://crm.example/hook", "events": ["person.opted_out"]}
FORM = {"name": "Web", "purposes": ["political"], "wordings": {"fr": "J'accepte."}, "slug": "web"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One campaign of ours with a list, a recording and a suppression."""
    rig = make_rig(tmp_path_factory.mktemp("access"))
    assert rig.campaign() == 1
    rig.ours.post("/api/v1/suppressions", json={"number": "06 39 98 00 09"})
    rig.ours.post("/api/v1/requests", json={"kind": "access", "number": "06 39 98 00 09"})
    rig.ours.post("/api/v1/webhooks", json=WEBHOOK)
    rig.ours.post("/api/v1/consent-forms", json=FORM)
    yield rig
    rig.workspace.engine.dispose()


def routes(rig: Rig) -> list[tuple[str, str]]:
    """Every (method, path) of the application, as the application itself lists them."""
    return [
        (method, route.path)
        for route in iter_route_contexts(rig.app.routes)
        if route.path and route.methods
        for method in sorted(route.methods - {"HEAD"})
    ]


def filled(path: str) -> str:
    names = {"action": "stop", "code": "not_found", "form": "csv", "slug": "web"}
    names |= {"account_id": "99", "token": "none"}
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "1"), path)


def test_the_list_of_routes_is_whole(shared: Rig) -> None:
    found = routes(shared)
    assert ("POST", "/api/v1/campaigns/{campaign_id}/launch") in found
    assert ("GET", "/campaigns/{campaign_id}/events") in found
    assert len(found) > 35


def test_every_route_but_the_open_ones_wants_a_key(shared: Rig) -> None:
    for method, path in routes(shared):
        if path in OPEN:
            continue
        answer = shared.nobody.request(method, filled(path))
        if not path.startswith("/api/") and path != "/metrics":
            assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
        else:
            assert answer.status_code == 401, (method, path)
            assert answer.json()["code"] == "unauthenticated"
            assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header",
    ["Bearer pv_wrong", "Bearer ", "Basic cHZfOnB2Xw==", "pv_", "Bearer", "Bearer pv_é"],
)
def test_anything_but_a_key_in_force_is_refused(shared: Rig, header: str) -> None:
    answer = shared.nobody.get(
        "/api/v1/campaigns", headers={"Authorization": header.encode("latin-1")}
    )
    assert answer.status_code == 401


def test_nothing_of_another_controller_exists(shared: Rig) -> None:
    bodies = {
        "limits": {"max_cps": 3}, "budget": {"euros": "3"}, "release": {"reason": "x"},
        "contacts": {"phone": "1"}, "batch": {"people": [{"phone": "1"}]}, "replay": {},
        "close": {"answer": "x"}, "wordings": {"wordings": {"fr": "x"}}, "no-election": {"by": "x"},
        "code": {"number": "0639980042"}, "call-me": {"number": "0639980042"},
    }  # fmt: skip
    asked = {"pack": "fr-political", "purpose": "political"}  # of whoever asks for it
    seen = 0
    for method, path in routes(shared):
        form = method == "POST" and not path.startswith("/api/")
        form = form or "{account_id}" in path or path.startswith("/api/v1/installation/")
        form = form or path == "/controllers/{controller_id}"  # the administrator's alone
        if not re.search(r"_id\}|\{slug\}", path) or path in OF_NOBODY or form:
            continue  # forms are refused for want of their token before anything is looked up
        seen += 1
        body = bodies.get(path.rpartition("/")[2]) if method in {"PATCH", "POST"} else None
        query = asked if path.endswith("/readiness") else None
        answer = shared.theirs.request(method, filled(path), json=body, params=query)
        assert answer.status_code == 404, (method, path, answer.text)
    assert seen > 40


def test_what_is_listed_is_ones_own(shared: Rig) -> None:
    for path in ("lists", "recordings", "campaigns", "consent-forms", "webhooks", "requests"):
        assert shared.ours.get(f"/api/v1/{path}").json()["items"]
        assert shared.theirs.get(f"/api/v1/{path}").json()["items"] == []
    assert len(shared.ours.get("/api/v1/suppressions").json()["items"]) == 1
    assert shared.theirs.get("/api/v1/suppressions").json()["items"] == []
    assert shared.theirs.get("/api/v1/why", params={"number": "0639980001"}).json() == []
    assert "Réunion" not in shared.theirs.get("/campaigns").text
    assert 'portevoix_targets{state="pending"} 0.0' in shared.theirs.get("/metrics").text


def test_others_cannot_call_from_our_lists(shared: Rig) -> None:
    answer = shared.theirs.post("/api/v1/campaigns", json=campaign_values())
    assert answer.status_code == 404


def test_a_revoked_key_opens_nothing_and_neither_does_its_session(rig: Rig) -> None:
    client = TestClient(rig.app, follow_redirects=False)
    token = form_token(client.get("/login").text)
    client.post("/login/key", data={"form_token": token, "key": rig.key})
    assert client.get("/campaigns").status_code == 200
    with writing(rig.workspace.engine) as connection:
        api_keys.revoke_named(connection, 1, "office", datetime.now(UTC))
    assert rig.ours.get("/api/v1/campaigns").status_code == 401
    assert client.get("/campaigns").status_code == 303


def test_the_page_session_reads_the_api_and_changes_nothing_there(
    rig: Rig, person: TestClient
) -> None:
    campaign = rig.campaign()
    assert person.get(f"/api/v1/campaigns/{campaign}/progress").status_code == 200
    refused = person.post(f"/api/v1/campaigns/{campaign}/launch")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_a_form_without_its_token_does_nothing(rig: Rig, person: TestClient) -> None:
    campaign = rig.campaign()
    for token in ("", "0" * 64):
        refused = person.post(f"/campaigns/{campaign}/launch", data={"form_token": token})
        assert refused.status_code == 403
    assert rig.ours.get(f"/api/v1/campaigns/{campaign}").json()["state"] == "draft"
    assert person.post("/logout", data={}).status_code == 403


def test_signing_in_wants_the_token_of_the_form_too(rig: Rig) -> None:
    client = TestClient(rig.app, follow_redirects=False)
    assert client.post("/login/key", data={"key": rig.key}).status_code == 403


def test_a_key_does_not_stand_in_for_a_forms_token(rig: Rig) -> None:
    campaign = rig.campaign()
    page = rig.ours.get(f"/campaigns/{campaign}/launch").text
    refused = rig.ours.post(f"/campaigns/{campaign}/launch", data={"form_token": form_token(page)})
    assert refused.status_code == 403


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(rig: Rig) -> None:
    client = TestClient(rig.app, base_url="https://testserver", follow_redirects=False)
    token = form_token(client.get("/login").text)
    answer = client.post("/login/key", data={"form_token": token, "key": rig.key})
    cookie = next(
        value for value in answer.headers.get_list("set-cookie") if "session=" in value
    ).lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" in cookie
    assert rig.key.lower() not in cookie


def test_after_signing_out_the_cookie_is_worth_nothing(rig: Rig, person: TestClient) -> None:
    cookies = dict(person.cookies)
    token = form_token(person.get("/campaigns").text)
    assert person.post("/logout", data={"form_token": token}).status_code == 303
    again = TestClient(rig.app, cookies=cookies, follow_redirects=False)
    assert again.get("/campaigns").status_code == 303


def test_signing_in_and_out_are_on_record(rig: Rig, person: TestClient) -> None:
    token = form_token(person.get("/campaigns").text)
    person.post("/logout", data={"form_token": token})
    with reading(rig.workspace.engine) as connection:
        acts = audit.latest(connection, 1, 2)
    assert [(act["actor"], act["act"]) for act in acts] == [
        ("key office", "session.close"),
        ("key office", "session.open"),
    ]


def test_a_script_whose_session_is_over_is_sent_to_sign_in_and_given_nothing_to_show(
    rig: Rig,
) -> None:
    for path in ("/", "/campaigns", "/campaigns/1/depth", "/campaigns/1/events"):
        asked = rig.nobody.get(path, headers={"HX-Request": "true"})
        assert (asked.status_code, asked.text) == (401, ""), path
        assert asked.headers["hx-redirect"] == "/login"
        assert "www-authenticate" in asked.headers
        assert rig.nobody.get(path).headers["location"] == "/login", "a person is, as before"


def test_every_answer_says_what_a_browser_may_do_with_it(shared: Rig) -> None:
    for path in ("/campaigns", "/login", "/health", "/api/v1/lists/99", "/static/porte-voix.css"):
        headers = shared.ours.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
    assert shared.ours.get("/api/v1/lists").headers["cache-control"] == "no-store"


def test_pages_hold_nothing_the_policy_forbids(shared: Rig) -> None:
    for path in ("/login", "/campaigns", "/campaigns/1", "/campaigns/1/report"):
        page = shared.ours.get(path).text
        assert "style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert "http://" not in page
        assert "https://" not in page
