"""The pages of the dashboard: both languages, no JavaScript, nobody else's things."""

import csv
import io
import itertools
import re
from collections.abc import Iterator

import pytest
from api_samples import CONTACTS, EXAMPLES, Rig, form_token, make_rig, sign_in
from fastapi.testclient import TestClient
from test_api_dashboard import Outline

from api.dashboard.draft import STEPS
from api.language import language
from campaigns.contacts.request import RequestKind
from campaigns.machine import MachineMode
from campaigns.rules.pack import Force
from campaigns.script import KeyAct
from campaigns.script_order import Part
from campaigns.stages import Measure
from operations import drafts, uploads
from operations.columns import CONTACT_FIELDS
from operations.consent_forms import NewForm, create
from operations.recording_check import Remark
from operations.report import report_of
from operations.requests import open_request
from operations.rows import DataRow
from operations.script_values import Language as Spoken
from operations.spreadsheet import open_sheet

FILE = {"file": ("contacts.csv", CONTACTS.encode())}
DECLARED = {
    "name": "Adhérents", "supplier": "Élan Valbourg", "method": "web form",
    "purposes": "political", "basis": "consent", "wording:w1": "J'accepte d'être appelé.",
}  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A controller who has one of everything: a campaign, a request, a form, a refusal."""
    rig = make_rig(tmp_path_factory.mktemp("full") / "home")
    campaign = rig.campaign()
    rig.ours.post(f"/api/v1/campaigns/{campaign}/launch")
    rig.move(campaign, "reached", "opted_out")
    rig.ours.post("/api/v1/suppressions", json={"number": "06 39 98 00 09"})
    open_request(rig.workspace, 1, RequestKind.ACCESS, "06 39 98 00 01", by="test", note="letter")
    create(
        rig.workspace.engine, 1,
        NewForm("Site", ["political"], {"fr": "J'accepte.", "en": "I agree."}, [], "site"), "test",
    )  # fmt: skip
    rig.dialer_runs()
    filled = {"name": "Réunion", "purpose": "political", "lists": ["1"], "recording1": "1"}
    assert drafts.begin(rig.workspace, 1, "a" * 32, filled, "message", "key office") == 1
    yield rig
    rig.workspace.engine.dispose()


def signed_in(rig: Rig, code: str, key: str | None = None) -> TestClient:
    client = TestClient(rig.app, follow_redirects=False, headers={"Accept-Language": code})
    sign_in(client, key or rig.key)
    return client


PAGES = (
    "/", "/campaigns", "/campaigns/1", "/campaigns/1/depth", "/campaigns/1/report",
    "/campaigns/1/preflight", "/campaigns/new", "/campaigns/new?list=1&recording=1",
    "/campaigns/new?like=1", "/campaigns/new/1/delete",
    *(f"/campaigns/new/1?step={step}" for step in STEPS), "/lists", "/lists/new", "/lists/1",
    "/lists/1/undo", "/recordings", "/recordings/1", "/refusals", "/why", "/requests",
    "/requests/1", "/forms", "/trunks",
    "/callbacks", "/rules", "/rules/fr-political", "/audit", "/programs", "/settings",
    "/audit?act=campaign&actor=key%20office",
)  # fmt: skip

OURS = (
    "/campaigns/1/depth", "/campaigns/1/report.pdf", "/campaigns/1/report.xlsx",
    "/campaigns/1/outcomes.csv", "/campaigns/new?like=1", "/campaigns/new/1",
    "/campaigns/new/1/delete", "/lists/1", "/lists/1/undo",
    "/recordings/1", "/recordings/1/original", "/requests/1",
)  # fmt: skip


@pytest.mark.parametrize("code", ["fr", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_in_both_languages(full: Rig, path: str, code: str) -> None:
    answer = signed_in(full, code).get(path)
    assert answer.status_code == 200, answer.text
    page = Outline(answer.text)
    assert page.lang == code
    assert page.levels[0] == page.levels.count(1) == 1
    assert (
        max((after - before for before, after in itertools.pairwise(page.levels)), default=0) <= 1
    )
    assert len(page.ids) == len(set(page.ids))
    assert all(str(one.get("id")) in page.labelled for one in page.inputs)
    assert all(one.keys() & {"alt", "aria-label", "aria-hidden"} for one in page.images)
    assert not re.search(r"\son\w+=|style=", answer.text), "the policy would not let it"


@pytest.mark.parametrize("path", OURS)
def test_nothing_of_another_controller_is_there(full: Rig, path: str) -> None:
    others = full.theirs.headers["authorization"].removeprefix("Bearer ")
    answer = signed_in(full, "en", others).get(path)
    assert answer.status_code == 404
    assert "Réunion" not in answer.text


FORMS = (
    "/sample", "/campaigns/new", "/campaigns/new/1", "/campaigns/new/1/delete",
    "/campaigns/1/rehearse", "/lists/new", "/lists/new/none",
    "/lists/1/release", "/lists/1/undo", "/recordings", "/refusals", "/refusals/search",
    "/refusals/import", "/why", "/requests", "/requests/1", "/receipts", "/audit/verify",
)  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_another_site_does_nothing(full: Rig, path: str) -> None:
    files = FILE if path in {"/lists/new", "/recordings", "/refusals/import"} else None
    assert signed_in(full, "en").post(path, data={"a": "b"}, files=files).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_signing_in(full: Rig, path: str) -> None:
    answer = full.nobody.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize("code", ["fr", "en"])
def test_our_names_have_words(code: str) -> None:
    said = language(code).translations
    for kind, names in (
        ("column", [one.value for one in CONTACT_FIELDS]), ("step", STEPS), ("remark", Remark),
        ("says", Part), ("machines", MachineMode), ("machines_about", MachineMode),
        ("key_act", ["opt_out", *KeyAct]), ("spoken", Spoken),
        ("force", Force), ("measure", Measure),
    ):  # fmt: skip
        for name in names:
            assert said._catalog.get(f"{kind}\x04{name}"), (code, kind, name)  # type: ignore[attr-defined]


def test_the_control_room_says_why_a_campaign_does_not_dial(full: Rig) -> None:
    page = signed_in(full, "en").get("/").text
    assert "Réunion publique" in page
    assert "the dialer runs" not in page
    assert 'id="outcomes-data"' in page
    assert len(re.findall(r"<tr data-x=", page)) == 60, "one row for each minute of the hour"


# A list, from the file to its people


def begin_import(client: TestClient, content: str = CONTACTS) -> str:
    token = form_token(client.get("/lists/new").text)
    sent = client.post(
        "/lists/new", data={"form_token": token}, files={"file": ("c.csv", content.encode())}
    )
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def test_a_list_is_looked_at_declared_and_imported(rig: Rig, person: TestClient) -> None:
    place = begin_import(person)
    look = person.get(place).text
    assert "06 39 98 00 01".replace("06", "+33\N{NO-BREAK SPACE}6").split()[-1] in look
    assert "«\N{NO-BREAK SPACE}w1\N{NO-BREAK SPACE}»" in look, "its text is asked for"
    assert "ligne 5" in look, "what will be refused is said before"
    begun = person.post(place, data={"form_token": form_token(look), **DECLARED})
    assert (begun.status_code, begun.headers["location"]) == (303, f"{place}/progress")
    running = rig.app.state.imports.of(place.rpartition("/")[2], 1)
    assert running.over.wait(30)
    assert person.get(f"{place}/progress").headers["location"] == "/lists/1"
    shown = person.get("/lists/1").text
    assert "Adhérents" in shown
    assert "rejects.csv" in shown
    assert not list((rig.workspace.settings.home / "uploads").iterdir()), "the file is gone"


def test_a_file_that_is_no_list_is_refused_at_once(rig: Rig, person: TestClient) -> None:
    token = form_token(person.get("/lists/new").text)
    sent = person.post(
        "/lists/new", data={"form_token": token}, files={"file": ("a.pdf", b"%PDF-1.7 ...")}
    )
    assert sent.status_code == 422
    assert 'href="#f-file"' in sent.text
    assert not list((rig.workspace.settings.home / "uploads").iterdir())


def test_columns_that_nobody_could_guess_are_named_by_hand(rig: Rig, person: TestClient) -> None:
    place = begin_import(person, "quoi;x\nfoo;06 39 98 00 01\nbar;06 39 98 00 02\n")
    look = person.get(place)
    assert look.status_code == 422
    again = person.post(
        place, data={"form_token": form_token(look.text), "again": "1", "column:phone": "x"}
    )
    assert again.status_code == 200
    assert "+33\N{NO-BREAK SPACE}6" in again.text


def test_what_was_typed_stays_where_something_is_missing(rig: Rig, person: TestClient) -> None:
    place = begin_import(person)
    token = form_token(person.get(place).text)
    values = {**DECLARED, "supplier": "Élan", "purposes": []}
    answer = person.post(place, data={"form_token": token, **values})
    assert answer.status_code == 422
    assert 'value="Élan"' in answer.text
    assert 'href="#f-purposes"' in answer.text


def test_a_file_that_waits_is_its_owners_alone(rig: Rig, person: TestClient) -> None:
    place = begin_import(person)
    others = rig.theirs.headers["authorization"].removeprefix("Bearer ")
    assert signed_in(rig, "en", others).get(place).status_code == 404
    assert person.get("/lists/new/..%2Fportevoix.db").status_code == 404


def test_what_was_kept_too_long_is_removed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    home = rig.workspace.settings.home
    uploads.keep(home, 1, io.BytesIO(b"old"), "old.csv")
    monkeypatch.setattr(uploads, "KEPT_S", -1)
    kept = uploads.keep(home, 1, io.BytesIO(b"new"), "new.csv")
    assert {one.name for one in (home / "uploads").iterdir()} == {
        kept.path.name, f"{kept.path.name}.json",
    }  # fmt: skip


# Recordings


def test_a_recording_is_kept_and_both_its_sounds_are_there(rig: Rig, person: TestClient) -> None:
    token = form_token(person.get("/recordings").text)
    with (EXAMPLES / "message-court.flac").open("rb") as file:
        sent = person.post(
            "/recordings", data={"form_token": token, "name": "Court"},
            files={"file": ("court.flac", file)},
        )  # fmt: skip
    assert (sent.status_code, sent.headers["location"]) == (303, "/recordings/1")
    assert "Court" in person.get("/recordings/1").text
    original = person.get("/recordings/1/original")
    assert original.headers["content-type"] == "audio/flac"
    assert original.content == (EXAMPLES / "message-court.flac").read_bytes()


def test_what_is_no_recording_is_said_beside_its_field(person: TestClient) -> None:
    token = form_token(person.get("/recordings").text)
    sent = person.post("/recordings", data={"form_token": token}, files={"file": ("a.wav", b"no")})
    assert sent.status_code == 422
    assert 'href="#f-file"' in sent.text


def test_only_our_own_pages_may_use_the_microphone(person: TestClient) -> None:
    answer = person.get("/recordings")
    assert "microphone=(self)" in answer.headers["Permissions-Policy"]
    assert "media-src 'self' blob:;" in answer.headers["Content-Security-Policy"]
    assert re.search(r"<div[^>]* hidden[^>]* data-recorder", answer.text), "no script, no button"


# Refusals, and why


def test_a_number_is_refused_and_found(full: Rig) -> None:
    client = signed_in(full, "en")
    token = form_token(client.get("/refusals").text)
    added = client.post("/refusals", data={"form_token": token, "new": "06 39 98 00 77"})
    assert added.headers["location"] == "/refusals?added=new"
    found = client.post("/refusals/search", data={"form_token": token, "number": "0639980077"})
    assert "page, key office" in found.text
    assert "0639980077" not in client.get("/refusals").text.replace(" ", "")
    rows = list(csv.reader(io.StringIO(client.get("/refusals.csv").text), delimiter=";"))
    column = rows[0].index("number")
    assert "'+33639980077" in {row[column] for row in rows[1:]}


def test_a_file_of_refusals_says_what_it_could_not_read(full: Rig) -> None:
    client = signed_in(full, "en")
    token = form_token(client.get("/refusals").text)
    answer = client.post(
        "/refusals/import", data={"form_token": token},
        files={"file": ("r.csv", b"telephone\n06 39 98 00 80\n12\n")},
    )  # fmt: skip
    assert (
        "2 rows: 1 numbers are new, 0 were refused before, 1 rows could not be read" in answer.text
    )


def test_the_box_names_the_gate(full: Rig) -> None:
    client = signed_in(full, "en")
    token = form_token(client.get("/why").text)
    answer = client.post("/why", data={"form_token": token, "number": "06 39 98 00 09"})
    assert "Do not call" in answer.text or "opposition" in answer.text or "refus" in answer.text
    wrong = client.post("/why", data={"form_token": token, "number": "12"})
    assert wrong.status_code == 422
    assert 'href="#f-number"' in wrong.text


# Requests, receipts, audit


def test_a_receipt_is_given_out_in_both_forms(full: Rig) -> None:
    client = signed_in(full, "en")
    token = form_token(client.get("/requests").text)
    values = {"form_token": token, "of": "06 39 98 00 01", "language": "fr"}
    pdf = client.post("/receipts", data={**values, "shape": "pdf"})
    assert pdf.content.startswith(b"%PDF-")
    plain = client.post("/receipts", data={**values, "shape": "json"}).json()
    assert plain["number"] == "+33639980001"
    assert "Receipt made" in client.get("/audit?act=receipt").text


def test_a_request_is_noted_and_closed(rig: Rig, person: TestClient) -> None:
    token = form_token(person.get("/requests").text)
    noted = person.post(
        "/requests", data={"form_token": token, "kind": "objection", "number": "06 39 98 00 05"}
    )
    assert noted.status_code == 303
    assert person.post("/requests/1", data={"form_token": token, "answer": " "}).status_code == 422
    closed = person.post("/requests/1", data={"form_token": token, "answer": "par lettre"})
    assert closed.status_code == 303
    assert "par lettre" in person.get("/requests/1").text


def test_the_audit_is_verified_on_the_page(full: Rig) -> None:
    client = signed_in(full, "en")
    token = form_token(client.get("/audit").text)
    answer = client.post("/audit/verify", data={"form_token": token})
    assert "Everything is as it was written" in answer.text


# A campaign's rehearsal


def test_a_campaign_is_rehearsed_before_it_reaches_people(rig: Rig, person: TestClient) -> None:
    rig.import_list()
    rig.upload()
    changes = {"trunk": "carrier", "caller_id": "+33162000001", "schedule": {}}
    assert rig.prepare(**changes).status_code == 201
    page = person.get("/campaigns/1").text
    done = person.post("/campaigns/1/rehearse", data={"form_token": form_token(page)})
    assert done.headers["location"] == "/campaigns/2/preflight"
    twin = rig.ours.get("/api/v1/campaigns/2").json()
    assert (twin["rehearsal"], twin["trunk"], twin["name"]) == (
        True, "rehearsal", "Réunion publique (rehearsal)",
    )  # fmt: skip


# What came of it


def test_outcomes_are_a_spreadsheet_and_the_report_a_pdf(full: Rig) -> None:
    client = signed_in(full, "fr")
    rows = list(
        csv.reader(io.StringIO(client.get("/campaigns/1/outcomes.csv").text), delimiter=";")
    )
    assert rows[0][-2:] == ["cost_euros", "variant"]
    pdf = client.get("/campaigns/1/report.pdf")
    assert pdf.content.startswith(b"%PDF-")


@pytest.mark.parametrize(("code", "people", "calls"), [("fr", "Personnes", "Appels"),
                                                       ("en", "People", "Calls")])  # fmt: skip
def test_the_report_is_a_spreadsheet_too(full: Rig, code: str, people: str, calls: str) -> None:
    answer = signed_in(full, code).get("/campaigns/1/report.xlsx")
    sheet = open_sheet(io.BytesIO(answer.content))
    rows = [row.cells for row in sheet.rows() if isinstance(row, DataRow)]
    figures = {row[1]: row[2] for row in rows}
    report = report_of(full.workspace, 1, 1)
    assert figures[people] == str(report.progress.targets)
    assert figures[calls] == str(report.progress.attempts)
    states = sum(report.progress.states.values())
    assert states == sum(
        int(row[2]) for row in rows if row[0] in {"Where everyone stands", "Où en est chacun"}
    )
