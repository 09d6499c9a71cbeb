"""The pages of the dashboard: both languages, no JavaScript, nobody else's things."""

import csv
import io
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from api_samples import CONTACTS, EXAMPLES, Rig, form_token, make_rig, sign_in
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from test_api_dashboard import Outline

from api import verification
from api.dashboard import campaigns as campaign_pages
from api.dashboard.draft import FIELD_OF, STEPS, begun, campaign_values
from api.language import language
from campaigns.contacts.request import RequestKind
from campaigns.errors import InvalidInput
from campaigns.machine import MachineMode
from campaigns.rules.pack import Force
from campaigns.script import KeyAct
from campaigns.script_order import Part
from campaigns.stages import Measure
from operations import drafts, uploads
from operations.audit_proof import Fault, Proof
from operations.columns import CONTACT_FIELDS
from operations.consent_forms import NewForm, create
from operations.keys import make_key
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
    "/requests/1", "/forms", "/public-page", "/trunks", "/callbacks", "/rules",
    "/rules/fr-political", "/audit", "/programs", "/settings",
    "/audit?act=campaign&actor=key%20office", "/spending", "/protection",
)  # fmt: skip

OURS = (
    "/campaigns/1/depth", "/campaigns/1/report.pdf", "/campaigns/1/report.xlsx",
    "/campaigns/1/outcomes.csv", "/campaigns/new?like=1", "/campaigns/new/1",
    "/campaigns/new/1/delete", "/lists/1", "/lists/1/undo",
    "/recordings/1", "/recordings/1/original", "/requests/1", "/spending?campaign_id=1",
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
    "/refusals/import", "/why", "/requests", "/requests/1", "/requests/1/release", "/receipts",
    "/audit/verify", "/public-page/publish", "/public-page/withdraw",
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


def test_every_campaign_is_reached_page_by_page_those_that_run_first(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_pages, "_SHOWN", 2)
    first = rig.campaign()
    others = [rig.prepare(name=name).json()["id"] for name in ("B", "C", "D")]
    rig.ours.post(f"/api/v1/campaigns/{first}/launch")
    client, path, seen = signed_in(rig, "en"), "/campaigns", []
    while path:
        page = client.get(path).text
        assert f'hx-get="{path}"' in page, "the page polls itself, not the first"
        seen.append([int(one) for one in re.findall(r'id="campaign-(\d+)"', page)])
        path = next(iter(re.findall(r'href="([^"]+)">Next page', page)), "")
    assert seen == [[first, others[2]], [others[1], others[0]]]
    assert "no more campaigns" in client.get("/campaigns?after=1-1").text
    assert client.get("/campaigns?after=2-1").status_code == 422


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
    polled = person.get(f"{place}/progress", headers={"HX-Request": "true"})
    assert (polled.text, polled.headers["hx-redirect"]) == ("", f"{place}/progress")
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


def verified(rig: Rig, client: TestClient) -> str:
    """The page of the audit after a look over all of it."""
    token = form_token(client.get("/audit").text)
    asked = client.post("/audit/verify", data={"form_token": token})
    assert (asked.status_code, asked.headers["location"]) == (303, "/audit")
    assert rig.app.state.verification.over.wait(30)
    return client.get("/audit").text


def test_the_audit_is_verified_and_whoever_has_no_say_over_all_reads_of_their_own(
    rig: Rig,
) -> None:
    rig.campaign()
    own = len(rig.ours.get("/api/v1/audit?limit=1000").json()["items"])
    client = signed_in(rig, "en")
    page = verified(rig, client)
    assert "Everything is as it was written" in page
    assert re.search(r"Verified (.*, )?\d\d:\d\d", page), "its time is said"
    assert f"Of that, {own + 1} acts are yours" in page, "with the sign-in"
    assert "segments" not in page, "nothing of everybody else's"
    others = signed_in(rig, "en", rig.theirs.headers["authorization"].removeprefix("Bearer "))
    assert "Verified" in others.get("/audit").text, "the last result is kept"


def test_a_fault_is_told_in_full_to_whoever_runs_the_installation_alone(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(_: Engine, tell: Callable[[Fault], None], __: object) -> Proof:
        tell(Fault(3, 7, "it was changed."))
        return Proof(segments=9, events=99, faults=1)

    monkeypatch.setattr(verification, "prove", faulty)
    page = verified(rig, signed_in(rig, "en"))
    assert "Not everything is as it was written" in page
    assert "segment 3" not in page
    key = make_key(
        rig.workspace, "Élan Valbourg", "root", "test", scopes=["installation", "audit:read"]
    )
    assert "segment 3, event 7" in signed_in(rig, "en", key).get("/audit").text


def test_the_audit_is_looked_over_once_at_a_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, go_on = [], threading.Event()

    def slow(*_: object) -> Proof:
        looks.append(1)
        assert go_on.wait(30)
        return Proof()

    monkeypatch.setattr(verification, "prove", slow)
    client = signed_in(rig, "en")
    token = form_token(client.get("/audit").text)
    for _ in range(3):
        client.post("/audit/verify", data={"form_token": token})
    page = client.get("/audit").text
    assert "Being verified since" in page
    assert 'hx-get="/audit"' in page
    go_on.set()
    assert rig.app.state.verification.over.wait(30)
    assert len(looks) == 1
    assert 'hx-get="/audit"' not in client.get("/audit").text


def test_what_the_audit_says_beside_an_act_is_said_in_french(rig: Rig) -> None:
    rig.campaign()
    page = signed_in(rig, "fr").get("/audit").text
    assert "Fichier importé" in page
    assert "lu comme\N{NO-BREAK SPACE}: CSV" in page
    assert "read_as" not in page
    assert re.search("surveillée\N{NO-BREAK SPACE}: (oui|non)", page)


# A campaign's polls, and its rehearsal


def test_poll_dates_that_are_typed_silence_the_campaign() -> None:
    typed = {"name": "a", "trunk": "carrier", "swift": "", "election": "Scrutin (fictif)",
             "poll1": "2029-06-03", "poll2": "2029-06-17"}  # fmt: skip
    values = campaign_values(begun(typed))
    (election,) = values.schedule.elections
    assert (election.name, len(election.rounds)) == ("Scrutin (fictif)", 2)
    assert {one.begin.date() for one in values.schedule.all_blackouts()} >= {date(2029, 6, 1)}
    assert not campaign_values(begun({**typed, "poll1": "", "poll2": ""})).schedule.elections
    for wrong, field in (
        ({"poll2": "2029-06-01"}, "poll2"), ({"poll1": "soon"}, "poll1"),
        ({"election": ""}, "election"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            campaign_values(begun({**typed, **wrong}))
        assert FIELD_OF.get(caught.value.field, caught.value.field) == field


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
