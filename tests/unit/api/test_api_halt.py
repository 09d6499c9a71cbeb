"""Holds and one stop for everything, through the API and on the page."""

from datetime import UTC, datetime
from typing import Any

import pytest
from api_samples import Rig, form_token, sign_in
from fastapi.testclient import TestClient

from campaigns.stages import Hold, Measure
from operations import halt, keys
from store import audit
from store import campaigns as kept
from store.engine import reading, writing


@pytest.fixture
def running(rig: Rig) -> int:
    campaign = rig.campaign()
    rig.ours.post(f"/api/v1/campaigns/{campaign}/launch")
    return campaign


@pytest.fixture
def held(rig: Rig, running: int) -> int:
    with writing(rig.workspace.engine) as connection:
        hold = Hold(Measure.OPT_OUTS, 0.083, 0.02, 120)
        kept.hold(connection, running, hold, datetime.now(UTC))
    return running


def person(rig: Rig, language: str = "en", key: str = "") -> TestClient:
    headers = {"Accept-Language": language}
    client = TestClient(rig.app, headers=headers, follow_redirects=False)
    sign_in(client, key or rig.key)
    return client


def send(client: TestClient, path: str, **values: str) -> Any:
    """Press the button of the page that asks."""
    token = form_token(client.get(path).text)
    return client.post(path, data={"form_token": token, **values})


def acts(rig: Rig) -> list[str]:
    with reading(rig.workspace.engine) as connection:
        return [one["act"] for one in audit.latest(connection, 1, 3)]


# Through the API


def test_a_campaign_tells_its_stages_bounds_and_hold(rig: Rig, held: int) -> None:
    found = rig.ours.get(f"/api/v1/campaigns/{held}").json()
    assert (found["stages"], found["stage"]) == ([200, 2000, 20000], 0)
    assert found["bounds"]["opt_outs"] == 0.02
    assert found["hold"].keys() == {"measure", "share", "bound", "calls", "at"}
    progress = rig.ours.get(f"/api/v1/campaigns/{held}/progress").json()
    assert progress["hold"]["measure"] == "opt_outs"


def test_a_hold_is_released_once(rig: Rig, held: int) -> None:
    path = f"/api/v1/campaigns/{held}/release"
    assert rig.theirs.post(path).status_code == 404
    found = rig.ours.post(path)
    assert (found.status_code, found.json()["hold"]) == (200, None)
    assert found.json()["released_at"]
    assert acts(rig)[0] == "campaign.release"
    again = rig.ours.post(path)
    assert (again.status_code, again.json()["code"]) == (409, "not_allowed")


@pytest.mark.parametrize(
    ("launch", "field"),
    [
        ({"bounds": {"opt_outs": 0.5}}, "launch.bounds.opt_outs"),
        ({"bounds": {"laughter": 0.5}}, "launch.bounds.laughter"),
        ({"bounds": {"opt_outs": 0}}, "launch.bounds.opt_outs"),
        ({"stages": [200, 100]}, "launch.stages"),
        ({"stages": [0]}, "launch.stages"),
    ],
)
def test_a_launch_that_cannot_be_names_its_field(
    rig: Rig, launch: dict[str, Any], field: str
) -> None:
    rig.campaign()
    refused = rig.prepare(name="Autre", launch=launch)
    assert refused.status_code == 422
    assert refused.json()["field"].startswith(field)


def test_everything_stops_and_goes_on(rig: Rig, running: int) -> None:
    assert rig.ours.get("/api/v1/stop").json()["stopped"] is False
    found = rig.ours.post("/api/v1/stop", json={"reason": "essai"})
    assert found.status_code == 200
    assert found.json()["stopped"] is found.json()["may_resume"] is True
    assert (found.json()["by"], found.json()["reason"]) == ("key office", "essai")
    assert rig.nobody.get("/health").json()["stopped"] is True
    assert "portevoix_stopped 1.0" in rig.ours.get("/metrics").text
    assert rig.ours.get(f"/api/v1/campaigns/{running}/progress").json()["halted"] is True
    assert rig.ours.get(f"/api/v1/campaigns/{running}").json()["state"] == "running"
    assert rig.ours.delete("/api/v1/stop").json()["stopped"] is False
    assert acts(rig)[:2] == ["halt.resume", "halt.stop"]


def test_another_controller_learns_nothing_and_cannot_take_it_back(rig: Rig) -> None:
    rig.ours.post("/api/v1/stop", json={"reason": "secret"})
    seen = rig.theirs.get("/api/v1/stop").json()
    assert (seen["stopped"], seen["by"], seen["reason"]) == (True, "", "")
    assert rig.theirs.delete("/api/v1/stop").status_code == 409
    assert rig.theirs.post("/api/v1/stop", json={}).json()["by"] == ""
    assert rig.ours.get("/api/v1/stop").json()["by"] == "key office", "the first one stands"


def test_nobody_stops_anything_without_a_key(rig: Rig) -> None:
    assert rig.nobody.post("/api/v1/stop", json={}).status_code == 401
    assert halt.current(rig.workspace) is None


# On the page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Held since", "8.3% of 120 answered calls", "At most 2.0% may", "Release"]),
        ("fr", ["Retenue depuis", "8,3\u202f% des 120 appels décrochés", "Lever la retenue"]),
    ],
)
def test_the_page_says_in_plain_words_why_a_campaign_is_held(
    rig: Rig, held: int, language: str, words: list[str]
) -> None:
    page = person(rig, language).get(f"/campaigns/{held}").text
    for word in words:
        assert word in page
    assert f'href="/campaigns/{held}/release"' in page


def test_a_person_releases_it_on_the_page_after_a_question(rig: Rig, held: int) -> None:
    client = person(rig)
    done = send(client, f"/campaigns/{held}/release")
    assert done.headers["location"] == f"/campaigns/{held}?done=release"
    page = client.get(done.headers["location"]).text
    assert "Released: calls go on" in page
    assert "Held since" not in page
    assert client.get(f"/campaigns/{held}/release").status_code == 303, "nothing to ask any more"


def test_the_page_shows_the_stage(rig: Rig, running: int) -> None:
    page = person(rig).get(f"/campaigns/{running}").text
    assert "Stage 1 of 4: 0 of 200 people called" in page


PAGES = ["/campaigns", "/campaigns/{id}", "/campaigns/{id}/report", "/campaigns/{id}/stop",
    "/campaigns/999"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_stop_button_and_says_when_everything_is_stopped(
    rig: Rig, running: int, path: str
) -> None:
    client = person(rig)
    page = client.get(path.format(id=running)).text
    assert 'href="/stop"' in page
    assert "Everything is stopped" not in page
    assert send(client, "/stop", reason="le message <b> est faux").status_code == 303
    page = client.get(path.format(id=running)).text
    assert 'href="/stop"' not in page
    assert "Everything is stopped" in page
    assert "by key office" in page
    assert "le message &lt;b&gt; est faux" in page
    assert 'href="/resume"' in page


def test_nobody_signed_in_sees_neither_button_nor_stop(rig: Rig) -> None:
    halt.stop_everything(rig.workspace, "Zoé", "secret")
    page = rig.nobody.get("/login").text
    assert "/stop" not in page
    assert "secret" not in page


def test_who_stopped_it_lets_calls_through_again(rig: Rig, running: int) -> None:
    client = person(rig)
    send(client, "/stop")
    assert send(client, "/resume").status_code == 303
    assert halt.current(rig.workspace) is None
    assert client.get("/resume").status_code == 303, "nothing to ask any more"


def test_who_did_not_is_told_who_may(rig: Rig, running: int) -> None:
    halt.stop_everything(rig.workspace, "Zoé")
    page = person(rig).get("/resume").text
    assert "Not for you to take back" in page
    assert "portevoix resume --all" in page
    assert 'action="/resume"' not in page


def test_another_user_of_the_same_controller_may_not_either(rig: Rig) -> None:
    person_a = person(rig)
    send(person_a, "/stop")
    other = keys.make_key(rig.workspace, "Élan Valbourg", "Max", "test")
    client = person(rig, key=other)
    token = form_token(client.get("/campaigns").text)
    assert client.post("/resume", data={"form_token": token}).status_code == 409
    assert halt.current(rig.workspace) is not None


def test_no_other_site_stops_or_resumes(rig: Rig) -> None:
    client = person(rig)
    assert client.post("/stop", data={"form_token": "x"}).status_code == 403
    send(client, "/stop")
    assert client.post("/resume", data={}).status_code == 403


def test_a_stop_is_news_for_a_page_that_is_open(rig: Rig, running: int) -> None:
    client = person(rig)
    assert 'data-state="running"' in client.get(f"/campaigns/{running}").text
    halt.stop_everything(rig.workspace, "Zoé")
    assert 'data-state="running halted"' in client.get(f"/campaigns/{running}").text
