"""The sample campaign, ready with one click."""

from api_samples import Rig, form_token
from fastapi.testclient import TestClient


def test_the_sample_is_ready_to_be_rehearsed_and_can_be_had_again(
    rig: Rig, person: TestClient
) -> None:
    token = form_token(person.get("/").text)
    for _ in range(2):
        clicked = person.post("/sample", data={"form_token": token})
        assert clicked.headers["location"] == "/campaigns/1/preflight", "who clicks twice has one"
    assert rig.ours.post("/api/v1/campaigns/1/stop").status_code == 200
    again = person.post("/sample", data={"form_token": token})
    assert again.headers["location"] == "/campaigns/2/preflight"
    made = rig.ours.get("/api/v1/campaigns").json()["items"]
    assert [one["rehearsal"] for one in made] == [True, True]
    assert len({one["name"] for one in made}) == 2
    assert "launch" in person.get("/campaigns/2/preflight").text


def test_the_sample_brings_the_public_page_of_its_controller(rig: Rig, person: TestClient) -> None:
    assert rig.nobody.get("/people/elan-valbourg").status_code == 404
    person.post("/sample", data={"form_token": form_token(person.get("/").text)})
    assert rig.nobody.get("/people/elan-valbourg").status_code == 200
    assert "Élan Valbourg" in rig.nobody.get("/people").text
