"""People added by a program go through the checks of an import, and are found again."""

import random
from typing import Any

from api_samples import PROVENANCE, Rig

from store import audit
from store.engine import reading

PERSON = {
    "phone": "06 39 98 00 11", "external_id": "A-1", "consent_date": "2026-02-01",
    "consent_source": "site", "wording_id": "w1", "postcode": "1000",
    "attributes": {"profil": "bénévole"},
}  # fmt: skip


def opened(rig: Rig) -> str:
    made = rig.ours.post("/api/v1/lists/empty", json={**PROVENANCE, "name": "Sign-ups"})
    assert made.status_code == 201, made.text
    assert made.json()["state"] == "ready"
    return str(made.headers["location"])


def add(rig: Rig, where: str, **changes: Any) -> Any:
    answer = rig.ours.post(f"{where}/contacts", json={**PERSON, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_somebody_added_is_a_contact_with_the_proof_of_their_own_row(rig: Rig) -> None:
    where = opened(rig)
    made = add(rig, where)
    assert made["refused"] is None
    found = rig.ours.get(f"{where}/contacts/{made['contact_id']}").json()
    assert (found["number"], found["external_id"], found["line"]) == ("+33639980011", "A-1", 1)
    assert (found["evidence"], found["consented_on"]) == ("row", "2026-02-01")
    assert found["attributes"] == {"profil": "bénévole", "postcode": "01000"}
    assert rig.ours.get(where).json()["accepted"] == 1
    assert rig.ours.get(f"{where}/basis").json()["evidence"]["row"] == 1


def test_a_batch_says_of_each_row_what_became_of_it_and_keeps_refusals(rig: Rig) -> None:
    where = opened(rig)
    people = [PERSON, {"phone": "12"}, PERSON, {**PERSON, "phone": "0639980012", "timezone": "x"}]
    answer = rig.ours.post(
        f"{where}/contacts/batch", json={"people": people}, headers={"Accept-Language": "fr"}
    ).json()
    assert (answer["accepted"], answer["rejected"]) == (1, 3)
    codes = [(one["refused"] or {}).get("code") for one in answer["results"]]
    assert codes == [None, "short_number", "duplicate", "unknown_timezone"]
    assert answer["results"][2]["refused"]["reason"] == "Le même numéro est à la ligne 1."
    kept = rig.ours.get(f"{where}/rejects").json()["items"]
    assert [one["line"] for one in kept] == [2, 3, 4]
    counted = rig.ours.get(f"{where}/report").json()
    assert (counted["rows"], counted["accepted"], counted["rejected"]) == (4, 1, 3)


def test_people_come_behind_those_of_a_file(rig: Rig) -> None:
    assert rig.import_list().status_code == 201
    made = add(rig, "/api/v1/lists/1")
    found = rig.ours.get(f"/api/v1/lists/1/contacts/{made['contact_id']}").json()
    assert found["line"] == 7
    again = add(rig, "/api/v1/lists/1", phone="06 39 98 00 01")
    assert again["refused"]["code"] == "duplicate"
    assert rig.import_list().json()["unchanged"]


def test_contacts_are_found_by_the_owners_own_id_and_by_number(rig: Rig) -> None:
    rig.import_list()
    where = "/api/v1/lists/1/contacts"

    def found(**asked: str) -> list[str]:
        return [one["external_id"] for one in rig.ours.get(where, params=asked).json()["items"]]

    assert found(external_id="A2") == ["A2"]
    assert found(number="06 39 98 00 03") == ["A3"]
    assert found(evidence="none") == []
    first = rig.ours.get(where, params={"limit": 2}).json()
    rest = rig.ours.get(where, params={"after": first["next"], "limit": 2}).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]


def test_a_withdrawal_in_a_row_suppresses_the_number(rig: Rig) -> None:
    add(rig, opened(rig), withdrawn_on="2026-03-01")
    (kept,) = rig.ours.get("/api/v1/suppressions").json()["items"]
    assert kept["number"] == "+33639980011"


def test_a_number_is_suppressed_in_one_campaign_alone(rig: Rig) -> None:
    campaign = rig.campaign()
    asked = {"number": "06 39 98 00 01", "campaign_id": campaign}
    assert rig.ours.post("/api/v1/suppressions", json=asked).json() == {"added": True}
    file = {"file": ("stop.csv", b"telephone\n0639980002\n")}
    sent = rig.ours.post(
        "/api/v1/suppressions/import", files=file, data={"campaign_id": str(campaign)}
    )
    assert sent.json()["added"] == 1
    assert rig.ours.get("/api/v1/suppressions").json()["items"] == []
    found = rig.ours.get("/api/v1/suppressions", params={"campaign_id": campaign}).json()["items"]
    assert [one["number"] for one in found] == ["+33639980001", "+33639980002"]
    for refused in (
        rig.theirs.post("/api/v1/suppressions", json=asked),
        rig.theirs.get("/api/v1/suppressions", params={"campaign_id": campaign}),
    ):
        assert refused.status_code == 404


def test_an_erased_person_is_not_taken_in_again(rig: Rig) -> None:
    where = opened(rig)
    add(rig, where)
    assert rig.ours.post("/api/v1/erasures", json={"number": "0639980011"}).status_code == 200
    assert add(rig, where)["refused"]["code"] == "erased"
    assert rig.ours.get(f"{where}/contacts").json()["items"] == []


def test_numbers_that_a_program_made_up_hold_the_list(rig: Rig) -> None:
    where = opened(rig)
    begin = random.Random(4).randrange(612_000_000, 613_000_000)
    people = [{"phone": f"0{begin + 3 * step}"} for step in range(60)]
    assert rig.ours.post(f"{where}/contacts/batch", json={"people": people}).status_code == 201
    assert rig.ours.get(where).json()["hold"]["sign"] == "constant_step"


def test_a_list_that_is_gone_takes_nobody(rig: Rig) -> None:
    where = opened(rig)
    rig.ours.delete(where)
    answer = rig.ours.post(f"{where}/contacts", json=PERSON, headers={"Accept-Language": "fr"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed")
    assert answer.json()["detail"].startswith("« Sign-ups » ")


def test_the_same_request_twice_adds_once_and_adding_is_on_record(rig: Rig) -> None:
    where, headers = opened(rig), {"Idempotency-Key": "a"}
    first = rig.ours.post(f"{where}/contacts", json=PERSON, headers=headers)
    second = rig.ours.post(f"{where}/contacts", json=PERSON, headers=headers)
    assert first.json() == second.json()
    assert rig.ours.get(where).json()["rows"] == 1
    with reading(rig.workspace.engine) as connection:
        (act, *_) = audit.latest(connection, 1, 1)
    assert (act["act"], act["detail"]["accepted"]) == ("list.add_contacts", 1)


def test_people_added_are_called_once_the_list_is_added_again(rig: Rig) -> None:
    campaign = rig.campaign()
    add(rig, "/api/v1/lists/1")
    answer = rig.ours.put(f"/api/v1/campaigns/{campaign}/lists/1").json()
    assert answer["added"] == 1
