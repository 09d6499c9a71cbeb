"""Segments, variants and held lists through the API."""

from typing import Any

import pytest
from api_samples import Rig

CONTACTS = (
    "telephone;id;CP;profil\n"
    "06 39 98 00 01;A1;99310;aide\n"
    "06 39 98 00 02;A2;99330;aide\n"
    "06 39 98 00 03;A3;75011;presse\n"
)
AIDES = {"attribute": "profil", "equals": "aide"}
GENERATED = "telephone\n" + "".join(f"06120000{at}\n" for at in range(10, 70))


@pytest.fixture
def ready(rig: Rig) -> Rig:
    rig.import_list(CONTACTS)
    rig.upload()
    return rig


def people(rig: Rig, campaign_id: int) -> list[tuple[str, str | None]]:
    found = rig.ours.get(f"/api/v1/campaigns/{campaign_id}/targets").json()["items"]
    return [(one["external_id"], one["variant"]) for one in found]


def test_a_segment_is_called_and_a_variant_is_heard(ready: Rig) -> None:
    segments = {"aides": AIDES, "nord": {"place": "postcode", "starts_with": "9931"}}
    variants = [{"name": "au nord", "segment": "nord", "recording_ids": [1]}]
    made = ready.prepare(segment="aides", segments=segments, variants=variants)
    assert made.status_code == 201, made.text
    assert people(ready, made.json()["id"]) == [("A1", "au nord"), ("A2", None)]
    assert list(made.json()["variants"]) == ["au nord"]
    assert made.json()["selection"]["segment"] == AIDES


def test_without_segments_everybody_is_called(ready: Rig) -> None:
    made = ready.prepare().json()
    assert (made["selection"], made["variants"]) == (None, {})
    assert len(people(ready, made["id"])) == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"segment": "x"}, "segment"),
        ({"segments": {"a": {"attribute": "Religion", "equals": "x"}}}, "segments.a.attribute"),
        ({"segments": {"a": {"attribute": "x", "like": "%"}}}, "segments.a"),
        ({"variants": [{"name": "v", "recording_ids": [1]}]}, "variants.v"),
        ({"variants": [{"name": "v", "segment": "a", "recording_ids": []}]},
         "variants.0.recording_ids"),
        ({"variants": [{"name": "v", "constituency": "1", "recording_ids": [1]}]}, "segments"),
        ({"others": "voicemail"}, "others"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(ready: Rig, changes: dict[str, Any], field: str) -> None:
    refused = ready.prepare(**changes)
    assert refused.status_code == 422
    body = refused.json()
    assert field in {body.get("field"), *(one["field"] for one in body.get("errors", []))}


def test_a_sensitive_criterion_is_refused_in_french_too(ready: Rig) -> None:
    ready.ours.headers["Accept-Language"] = "fr"
    segments = {"a": {"attribute": "origine", "equals": "x"}}
    refused = ready.prepare(segments=segments).json()
    assert refused["why"] == (
        "« origine » révèle une origine : personne ne peut être choisi d’après cela (RGPD, art. 9)."
    )


def test_a_recording_of_somebody_else_is_heard_by_nobody(ready: Rig) -> None:
    variants = [{"name": "v", "segment": "aides", "recording_ids": [99]}]
    made = ready.prepare(segments={"aides": AIDES}, variants=variants)
    assert made.status_code == 404


def test_a_held_list_is_shown_and_released_for_a_reason(rig: Rig) -> None:
    rig.upload()
    imported = rig.import_list(GENERATED).json()
    assert imported["held"] == "60 numbers follow each other at a step of 1"
    path = f"/api/v1/lists/{imported['list_id']}"
    assert rig.ours.get(path).json()["hold"]["sign"] == "constant_step"
    real = {"trunk": "carrier", "caller_id": "+33162000001", "schedule": {}}
    assert rig.prepare(**real).json()["field"] == "lists"
    assert rig.prepare(name="répétition").status_code == 201
    assert rig.ours.post(f"{path}/release", json={"reason": " "}).status_code == 422
    assert rig.theirs.post(f"{path}/release", json={"reason": "x"}).status_code == 404
    released = rig.ours.post(f"{path}/release", json={"reason": "un seul standard"}).json()
    assert (released["released_by"], released["release_reason"]) == (
        "key office",
        "un seul standard",
    )
    assert rig.prepare(**real).status_code == 201
    assert rig.ours.post(f"{path}/release", json={"reason": "x"}).status_code == 409
