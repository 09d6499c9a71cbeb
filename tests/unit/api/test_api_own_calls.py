"""Hearing a campaign on one's own telephone, over the API and on its page."""

import io
from typing import Any

import pytest
import soundfile
from api_samples import EXAMPLES, Rig, form_token
from fastapi.testclient import TestClient

from operations.call_me import MOST_A_DAY

MINE = {"number": "06 39 98 00 42"}

GROUPS = (
    "telephone;id;groupe;date_consentement;source_consentement;formulation\n"
    "06 39 98 00 01;A1;a;01/02/2026;site;w1\n"
    "06 39 98 00 02;A2;b;01/02/2026;site;w1\n"
)


@pytest.fixture
def campaign(rig: Rig) -> int:
    return rig.campaign()


def test_a_code_told_back_lets_a_program_be_called(rig: Rig, campaign: int) -> None:
    path = f"/api/v1/campaigns/{campaign}/call-me"
    assert rig.ours.post(path, json=MINE).status_code == 409, "nobody has shown whose it is"
    spoken = rig.ours.post(f"{path}/code", json=MINE)
    assert (spoken.status_code, spoken.headers["location"]) == (
        201, f"/api/v1/campaigns/{spoken.json()['id']}",
    )  # fmt: skip
    told = {**MINE, "code": rig.spoken_code()}
    assert rig.ours.post("/api/v1/call-me/confirm", json=told).status_code == 204
    made = rig.ours.post(path, json=MINE)
    assert made.status_code == 201
    progress = rig.ours.get(f"/api/v1/campaigns/{made.json()['id']}/progress").json()
    assert (progress["state"], progress["targets"]) == ("running", 1)


def test_a_key_that_may_not_launch_calls_nobody(rig: Rig, campaign: int) -> None:
    reader = rig.scoped("campaigns:read", "campaigns:run")
    for path in (f"campaigns/{campaign}/call-me/code", f"campaigns/{campaign}/call-me"):
        assert reader.post(f"/api/v1/{path}", json=MINE).status_code == 403
    assert reader.post("/api/v1/call-me/confirm", json={**MINE, "code": "1"}).status_code == 403
    assert (
        rig.theirs.post(f"/api/v1/campaigns/{campaign}/call-me/code", json=MINE).status_code == 404
    )


def test_the_same_request_sent_twice_calls_once(rig: Rig, campaign: int) -> None:
    path = f"/api/v1/campaigns/{campaign}/call-me/code"
    headers = {"Idempotency-Key": "once"}
    first, again = (rig.ours.post(path, json=MINE, headers=headers) for _ in range(2))
    assert first.json() == again.json()


def test_it_has_a_page(rig: Rig, campaign: int, person: TestClient) -> None:
    path = f"/campaigns/{campaign}/call-me"
    assert f'href="{path}"' in person.get(f"/campaigns/{campaign}").text
    sent = {"form_token": form_token(person.get(path).text), **MINE}
    refused = person.post(path, data=sent)
    assert refused.status_code == 409
    assert "n’a pas montré que ce numéro est le sien" in refused.text
    asked = person.post(f"{path}/code", data=sent)
    assert 'name="code"' in asked.text
    wrong = "0000" if rig.spoken_code() != "0000" else "1111"
    again = person.post(f"{path}/confirm", data={**sent, "code": wrong})
    assert (again.status_code, 'name="code"' in again.text) == (409, True)
    done = person.post(f"{path}/confirm", data={**sent, "code": rig.spoken_code()})
    assert "Ce numéro est à vous" in done.text
    called = person.post(path, data=sent)
    assert called.status_code == 303
    assert called.headers["location"].startswith("/campaigns/")


def test_what_is_no_number_is_said_beside_the_field(campaign: int, person: TestClient) -> None:
    path = f"/campaigns/{campaign}/call-me"
    sent = {"form_token": form_token(person.get(path).text), "number": "12"}
    answer = person.post(f"{path}/code", data=sent)
    assert answer.status_code == 422
    assert 'id="f-number-fault"' in answer.text


def test_a_few_a_day_are_placed_and_no_more(rig: Rig, campaign: int) -> None:
    path = f"/api/v1/campaigns/{campaign}/call-me/code"
    for _ in range(MOST_A_DAY):
        assert rig.ours.post(path, json=MINE).status_code == 201
    assert rig.ours.post(path, json=MINE).status_code == 409


def heard(answer: Any) -> tuple[int, float]:
    """Rate and seconds of a WAV."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    samples, rate_hz = soundfile.read(io.BytesIO(answer.content))
    return rate_hz, len(samples) / rate_hz


def test_the_message_of_a_campaign_is_heard_as_a_phone_plays_it(rig: Rig, campaign: int) -> None:
    path = f"/api/v1/campaigns/{campaign}/preview.wav"
    seconds = rig.ours.get(f"/api/v1/campaigns/{campaign}").json()["message_s"]
    assert heard(rig.ours.get(path)) == (8_000, pytest.approx(seconds, abs=0.01))
    assert rig.theirs.get(path).status_code == 404
    unknown = rig.ours.get(path, params={"variant": "west"})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "variant")


def test_each_person_is_previewed_with_their_own_variant(rig: Rig) -> None:
    assert rig.import_list(GROUPS).status_code == 201
    assert rig.upload().status_code == 201
    with (EXAMPLES / "question-vote.flac").open("rb") as file:
        other = rig.ours.post("/api/v1/recordings", files={"file": ("other.flac", file)}).json()
    made = rig.prepare(
        segments={"first": {"attribute": "groupe", "equals": "a"}},
        variants=[{"name": "first", "segment": "first", "recording_ids": [other["id"]]}],
    )
    assert made.status_code == 201, made.text
    path = f"/api/v1/campaigns/{made.json()['id']}/preview.wav"
    own, variant = rig.ours.get(path), rig.ours.get(path, params={"variant": "first"})
    assert heard(own) != heard(variant)
    people = rig.ours.get("/api/v1/lists/1/contacts").json()["items"]
    by_id = {one["external_id"]: one["id"] for one in people}
    for person_, same in (("A1", variant), ("A2", own)):
        asked = rig.ours.get(path, params={"contact": by_id[person_]})
        assert asked.content == same.content
    assert rig.ours.get(path, params={"contact": 9_999}).status_code == 404
    both = {"contact": by_id["A1"], "variant": "first"}
    assert rig.ours.get(path, params=both).status_code == 422
    assert rig.scoped("campaigns:read").get(path).status_code == 200
    assert rig.scoped("campaigns:read").get(path, params={"contact": 1}).status_code == 403
