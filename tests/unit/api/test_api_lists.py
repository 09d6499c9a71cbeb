"""Lists through the API: every row a contact or a refusal, and nothing done twice."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api_samples import CONTACTS, PROVENANCE, Rig, campaign_values
from workbooks import workbook

from api.imports import Far, Imports
from api.once import _fingerprint
from campaigns.errors import NotAllowed
from operations import list_reading
from operations.import_list import ImportProgress
from store import idempotency
from store.engine import writing


def test_a_list_with_faulty_rows_is_kept_and_says_what_it_refused(rig: Rig) -> None:
    answer = rig.import_list()
    assert answer.status_code == 201
    report = answer.json()
    assert answer.headers["location"] == f"/api/v1/lists/{report['list_id']}"
    assert (report["rows"], report["accepted"], report["rejected"]) == (5, 3, 2)
    assert report["reasons"] == {"duplicate": 1, "short_number": 1}
    assert rig.ours.get(answer.headers["location"]).json()["state"] == "ready"
    assert rig.ours.get(answer.headers["location"] + "/report").json()["accepted"] == 3


def test_a_preview_says_what_would_become_of_the_file_and_keeps_nothing(rig: Rig) -> None:
    answer = rig.ours.post(
        "/api/v1/lists/preview?limit=4",
        files={"file": ("contacts.csv", CONTACTS.encode())},
        headers={"Accept-Language": "fr"},
    )
    assert answer.status_code == 200
    found = answer.json()
    assert [one["number"] for one in found["contacts"]] == [
        f"+3363998000{place}" for place in (1, 2, 3)
    ]
    assert [one["line"] for one in found["rejects"]] == [5]
    assert found["columns"][0]["reason"] == "C’est ainsi que les listes l’appellent."
    assert [one["field"] for one in found["missing"]] == ["timezone"]
    assert found["more"]
    assert rig.ours.get("/api/v1/lists").json()["items"] == []


def test_what_a_consent_says_is_declared_and_previewed(rig: Rig) -> None:
    content = "telephone;créneau\n0639980001;sam 10h-12h\n0639980002;\n0639980003;soir\n"
    files = {"file": ("contacts.csv", content.encode())}
    declared = {**PROVENANCE, "slot": "18h-20h", "consent_expires_on": "2028-01-31"}
    french = {"Accept-Language": "fr"}
    found = rig.ours.post("/api/v1/lists/preview", files=files, headers=french).json()
    assert [one["slot"] for one in found["contacts"]] == ["sat 10:00-12:00", None]
    assert found["rejects"][0]["reason"].startswith("On n’y lit pas clairement")
    answer = rig.ours.post("/api/v1/lists", files=files, data={"provenance": json.dumps(declared)})
    assert answer.json()["reasons"] == {"slot_unreadable": 1}
    kept = rig.ours.get("/api/v1/lists/1").json()
    assert (kept["slot"], kept["consent_expires_on"]) == ("18:00-20:00", "2028-01-31")
    wrong = json.dumps({**PROVENANCE, "slot": "le soir"})
    refused = rig.ours.post(
        "/api/v1/lists", files=files, data={"provenance": wrong}, headers=french
    )
    assert (refused.status_code, refused.json()["field"]) == (422, "consent_slot")


def test_a_workbook_is_a_list_too(rig: Rig) -> None:
    content = workbook([["téléphone"], ["06 39 98 00 01"], [639980002], [12]])
    answer = rig.ours.post(
        "/api/v1/lists",
        files={"file": ("liste.xlsx", content)},
        data={"provenance": json.dumps(PROVENANCE)},
    )
    assert (answer.json()["accepted"], answer.json()["read_as"]) == (2, "XLSX, worksheet «Feuil1»")
    (row,) = rig.ours.get("/api/v1/lists/1/rejects").json()["items"]
    assert (row["line"], row["field"], row["value"]) == (4, "téléphone", "12")


def test_an_import_is_undone_and_its_file_imported_again(rig: Rig) -> None:
    first = rig.import_list().json()["list_id"]
    assert rig.theirs.delete(f"/api/v1/lists/{first}").status_code == 404
    answer = rig.ours.delete(f"/api/v1/lists/{first}")
    assert (answer.status_code, answer.json()["contacts"], answer.json()["rejected"]) == (200, 3, 2)
    assert rig.ours.delete(f"/api/v1/lists/{first}").json()["contacts"] == 0
    assert rig.ours.get(f"/api/v1/lists/{first}").json()["state"] == "removed"
    assert rig.import_list().json()["accepted"] == 3


def test_an_import_whose_people_are_in_a_campaign_is_not_undone(rig: Rig) -> None:
    rig.campaign()
    answer = rig.ours.delete("/api/v1/lists/1", headers={"Accept-Language": "fr"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed")
    assert "«Réunion publique»" in answer.json()["detail"]
    assert answer.json()["detail"].startswith("L’import de « contacts » ne peut")


def test_refused_rows_are_named_by_line_in_pages(rig: Rig) -> None:
    rig.import_list()
    first = rig.ours.get("/api/v1/lists/1/rejects?limit=1").json()
    assert [row["line"] for row in first["items"]] == [5]
    second = rig.ours.get(f"/api/v1/lists/1/rejects?limit=1&after={first['next']}").json()
    assert [row["line"] for row in second["items"]] == [6]
    assert rig.ours.get(f"/api/v1/lists/1/rejects?after={second['next']}").json() == {
        "items": [],
        "next": None,
    }


def test_refused_rows_come_as_csv_in_the_readers_language(rig: Rig) -> None:
    rig.import_list()
    answer = rig.ours.get("/api/v1/lists/1/rejects.csv", headers={"Accept-Language": "fr"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["line"] for row in rows] == ["5", "6"]
    assert rows[1]["reason"] == "Le même numéro est à la ligne 2."


def test_a_file_that_is_no_list_is_refused_in_its_owners_words(rig: Rig) -> None:
    answer = rig.import_list("nom;ville\nMartin;Paris\n")
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["code"], problem["field"]) == ("invalid_input", "header")
    assert "nom, ville" in problem["why"]
    assert rig.ours.get("/api/v1/lists").json()["items"] == []


def test_the_users_own_columns_are_obeyed(rig: Rig) -> None:
    answer = rig.ours.post(
        "/api/v1/lists",
        files={"file": ("a.csv", b"x;y\n0639980001;Martin\n")},
        data={"provenance": json.dumps(PROVENANCE), "mapping": '{"phone": "x"}'},
    )
    assert answer.json()["accepted"] == 1


def test_provenance_is_asked_for_field_by_field(rig: Rig) -> None:
    answer = rig.ours.post(
        "/api/v1/lists",
        files={"file": ("a.csv", CONTACTS.encode())},
        data={"provenance": '{"supplier": "x", "colour": 1}'},
    )
    assert answer.status_code == 422
    fields = {one["field"] for one in answer.json()["errors"]}
    assert {"provenance.method", "provenance.purposes", "provenance.colour"} <= fields


def test_the_same_key_and_request_are_answered_again_and_done_once(rig: Rig) -> None:
    first = rig.upload(**{"Idempotency-Key": "k1"})
    again = rig.upload(**{"Idempotency-Key": "k1"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]


def test_a_campaign_asked_for_twice_is_one_campaign(rig: Rig) -> None:
    rig.import_list()
    rig.upload()
    answers = [
        rig.ours.post("/api/v1/campaigns", json=campaign_values(), headers={"Idempotency-Key": "c"})
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(rig.ours.get("/api/v1/campaigns").json()["items"]) == 1


def test_the_same_key_for_another_request_is_refused(rig: Rig) -> None:
    rig.import_list(**{"Idempotency-Key": "k"})
    for other in (
        rig.import_list(CONTACTS + "0639980009;A9;;;\n", **{"Idempotency-Key": "k"}),
        rig.upload(**{"Idempotency-Key": "k"}),
    ):
        assert other.status_code == 422
        assert other.json()["code"] == "idempotency_key_reused"


def test_a_key_is_its_controllers_own(rig: Rig) -> None:
    body = {"number": "06 39 98 00 05"}
    for client in (rig.ours, rig.theirs):
        answer = client.post("/api/v1/suppressions", json=body, headers={"Idempotency-Key": "same"})
        assert answer.json() == {"added": True}
        assert "idempotency-replayed" not in answer.headers


def test_a_refused_request_leaves_its_key_free(rig: Rig) -> None:
    headers = {"Idempotency-Key": "k"}
    wrong = rig.ours.post("/api/v1/suppressions", json={"number": "12"}, headers=headers)
    right = rig.ours.post("/api/v1/suppressions", json={"number": "0639980001"}, headers=headers)
    assert (wrong.status_code, right.status_code) == (422, 201)


def test_a_request_that_is_still_being_answered_is_not_begun_again(rig: Rig) -> None:
    body = {"number": "0639980001", "note": "", "expires_on": None, "campaign_id": None}
    with writing(rig.workspace.engine) as connection:
        print_ = _fingerprint(["/api/v1/suppressions", body])
        idempotency.begin(connection, 1, "k", print_, datetime.now(UTC))
    ask = {"json": body, "headers": {"Idempotency-Key": "k"}}
    waiting = rig.ours.post("/api/v1/suppressions", **ask)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "still_running")
    with rig.ours:  # a server that starts knows that nobody is answering any more
        assert rig.ours.post("/api/v1/suppressions", **ask).status_code == 201


def test_kept_answers_go_after_a_day(rig: Rig) -> None:
    begun = datetime.now(UTC)
    with writing(rig.workspace.engine) as connection:
        assert idempotency.begin(connection, 1, "k", "f", begun) is None
        assert idempotency.begin(connection, 1, "k", "f", begun) is not None
        later = begun + timedelta(hours=25)
        assert idempotency.begin(connection, 1, "k", "other", later) is None


def test_a_recording_is_heard_as_a_phone_plays_it(rig: Rig) -> None:
    made = rig.upload().json()
    assert made["name"] == "court"
    heard = rig.ours.get(f"/api/v1/recordings/{made['id']}/preview.wav")
    assert heard.headers["content-type"] == "audio/wav"
    assert heard.content[:4] == b"RIFF"
    rate = int.from_bytes(heard.content[24:28], "little")
    assert rate == 8000
    assert rig.ours.get("/api/v1/recordings/1").json() == made


def test_what_is_no_recording_is_refused(rig: Rig) -> None:
    answer = rig.ours.post("/api/v1/recordings", files={"file": ("a.wav", b"no sound at all")})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert rig.ours.get("/api/v1/recordings").json()["items"] == []


def test_an_import_says_how_far_it_is_while_it_goes_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked by another program, in the middle, as the one that sends the file still waits."""
    seen: list[Any] = []
    watching = Imports.watching

    @contextmanager
    def looked_at(imports: Imports) -> Iterator[Callable[[ImportProgress], None]]:
        with watching(imports) as tell:

            def telling(progress: ImportProgress) -> None:
                tell(progress)
                seen.append(rig.ours.get(f"/api/v1/lists/{progress.list_id}/import").json())
                assert rig.ours.get("/api/v1/lists").json()["items"][0]["state"] == "importing"
                other = rig.theirs.get(f"/api/v1/lists/{progress.list_id}/import")
                assert other.status_code == 404

            yield telling

    monkeypatch.setattr(Imports, "watching", looked_at)
    monkeypatch.setattr(list_reading, "FIRST_PIECE", 500)
    people = (f"06 39 98 {one // 100:02} {one % 100:02};A{one};01/02/2026;site;w1"
        for one in range(1, 1500))  # fmt: skip
    head = CONTACTS.partition("\n")[0]
    assert rig.import_list("\n".join([head, *people])).status_code == 201
    assert [one["goes_on"] for one in seen] == [True] * len(seen)
    assert [one["rows"] for one in seen] == sorted(one["rows"] for one in seen)
    assert {one["rows"] for one in seen} == {0, 500, 1499}
    assert 0 < seen[0]["percent"] <= seen[-1]["percent"] == 100
    assert len(seen) > 1
    done = rig.ours.get("/api/v1/lists/1/import").json()
    assert done == {
        "list_id": 1, "state": "ready", "goes_on": False, "rows": 1499, "accepted": 1499,
        "rejected": 0, "percent": 100.0, "finish_at": None,
    }  # fmt: skip


def test_an_import_that_was_cut_short_does_not_go_on_and_says_what_is_kept(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_: ImportProgress) -> None:
        raise NotAllowed("cut short")

    @contextmanager
    def cut(_: Imports) -> Iterator[Callable[[ImportProgress], None]]:
        yield dies

    with monkeypatch.context() as patched:
        patched.setattr(Imports, "watching", cut)
        assert rig.import_list().status_code == 409
    found = rig.ours.get("/api/v1/lists/1/import").json()
    assert (found["state"], found["goes_on"], found["percent"]) == ("importing", False, None)
    assert found["rows"] == 0, "a piece is counted once it is whole"
    assert rig.import_list().json()["rows"] == 5


def test_the_end_of_an_import_is_foreseen_from_what_this_run_has_read() -> None:
    begun = datetime(2026, 12, 1, 9, tzinfo=UTC)
    first = begun, ImportProgress(0, 600, 1000, 1)
    half = Far(first, (begun + timedelta(seconds=30), ImportProgress(9, 800, 1000, 1)))
    assert half.share == 0.8
    assert half.finish_at == begun + timedelta(seconds=60)
    assert Far(first, first).finish_at is None
