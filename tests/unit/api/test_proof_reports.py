"""Reports for the campaign account and the data-protection officer, and what a campaign's hold."""

import io
import itertools
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from api_samples import Rig, make_rig
from fastapi.testclient import TestClient
from people_who_sign_in import QUICK, a_user
from test_api_dashboard import Outline
from test_api_pages import signed_in
from test_api_users import browser, sign_in
from test_receipt_sheet import Listening

from api.account_report import account_sheet
from api.dashboard.figures import figures
from api.language import Language, language
from api.protection_report import protection_sheet, protection_tables
from api.receipt import pdf
from api.receipt.sheet import Sheet
from api.report_sheet import report_sheet
from api.report_tables import MOST_DRAWN, Listing, section
from api.report_workbook import report_rows
from campaigns.access import Role
from campaigns.contacts.request import RequestKind
from campaigns.reply import TransferStep
from operations.budget import statement
from operations.calls_made import CallsMade, Made
from operations.depth import Depth, Variant, depth_of
from operations.erase import erase
from operations.protection import protection_of
from operations.replies import Answered, Said
from operations.report import Report, report_of
from operations.requests import open_request, today
from store import spending
from store.attempt_reports import Heard
from store.engine import writing
from store.spending import Spent

DAY = date(2026, 12, 1)
PHONES = re.compile(r"(?:\+33|0)[ \u202f\xa0]?6[ \u202f\xa0]?39")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A controller who launched, was asked, erased somebody, and spent something."""
    made = make_rig(tmp_path_factory.mktemp("proofs") / "home")
    campaign = made.campaign()
    made.prepare(name="Essai")
    assert made.ours.post(f"/api/v1/campaigns/{campaign}/launch").is_success
    assert made.ours.post(f"/api/v1/campaigns/{campaign}/stop").is_success
    made.end(campaign)
    made.ours.post("/api/v1/suppressions", json={"number": "06 39 98 00 09"})
    late = today() - timedelta(days=70)
    open_request(made.workspace, 1, RequestKind.ACCESS, "06 39 98 00 01", by="t", received_on=late)
    open_request(made.workspace, 1, RequestKind.OBJECTION, "06 39 98 00 02", by="t")
    erase(made.workspace, 1, "06 39 98 00 03", "Zoé")
    with writing(made.workspace.engine) as connection:
        spending.add(connection, [
            Spent(campaign, DAY, "carrier", 3, 90, 41_300, 0),
            Spent(campaign, DAY + timedelta(days=1), "carrier", 2, 61, 27_001, 1),
            Spent(campaign, DAY + timedelta(days=1), "other", 1, 5, 1_000_000, 0),
        ])  # fmt: skip
    yield made
    made.workspace.engine.dispose()


def sheets(content: bytes) -> dict[str, list[list[str]]]:
    """The cells of each worksheet of a workbook, as they are written."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = re.findall(r'<sheet name="([^"]*)"', book.read("xl/workbook.xml").decode())
        return {
            name: [
                [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<c.*?(?:/c>|/>)", row)]
                for row in re.findall(
                    "<row>(.*?)</row>", book.read(f"xl/worksheets/sheet{place}.xml").decode()
                )
            ]
            for place, name in enumerate(names, start=1)
        }


# The campaign account


def test_the_account_adds_up_on_the_page_and_in_both_files(rig: Rig) -> None:
    asked = "campaign_id=1&since=&until="
    client = signed_in(rig, "en")
    assert client.get("/spending/account.xlsx?campaign_id=&since=&until=").status_code == 200
    found = sheets(client.get(f"/spending/account.xlsx?{asked}").content)
    by_day = found["Day by day"][1:]
    assert [row[:4] for row in by_day] == [
        ["2026-12-01", "carrier", "Réunion publique", "3"],
        ["2026-12-02", "carrier", "Réunion publique", "2"],
        ["2026-12-02", "other", "Réunion publique", "1"],
    ]
    api = rig.ours.get("/api/v1/account", params={"campaign_id": 1}).json()
    for rows in (by_day, found["By campaign"][1:], found["By trunk"][1:]):
        assert round(sum(float(row[-2]) for row in rows) * 1_000_000) == api["cost"] == 1_068_301
    page = client.get(f"/spending?{asked}").text
    assert "1.068301" in page
    assert "/spending/account.pdf?campaign_id=1&amp;since=&amp;until=" in page
    assert client.get(f"/spending/account.pdf?{asked}").content.startswith(b"%PDF-")


def test_the_account_of_some_days_has_those_alone(rig: Rig) -> None:
    path = "/spending/account.xlsx?campaign_id=1&since=2026-12-02&until=2026-12-02"
    found = sheets(signed_in(rig, "fr").get(path).content)
    assert [row[0] for row in found["Jour par jour"][1:]] == ["2026-12-02"] * 2
    assert ["Premier jour", "2026-12-02"] in found["En bref"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("since=2026-13-01", 422), ("since=1026-01-01", 422), ("campaign_id=x", 422),
        ("campaign_id=99", 404), ("since=2026-12-09&until=2026-12-01", 200)],
)  # fmt: skip
def test_what_is_asked_wrongly_is_no_fault_of_ours(rig: Rig, query: str, status: int) -> None:
    client = signed_in(rig, "en")
    for path in ("/spending", "/spending/account.pdf", "/spending/account.xlsx"):
        assert client.get(f"{path}?{query}").status_code == status


@pytest.mark.parametrize("path", ["/spending", "/spending/account.pdf", "/spending/account.xlsx"])
def test_the_account_of_another_is_not_there(rig: Rig, path: str) -> None:
    others = signed_in(rig, "en", rig.theirs.headers["authorization"].removeprefix("Bearer "))
    assert others.get(f"{path}?campaign_id=1").status_code == 404
    answer = others.get(path)
    assert answer.status_code == 200
    assert "Réunion" not in answer.text


# The data-protection officer's record


@pytest.fixture
def officer(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr("operations.passwords._hasher", QUICK)
    email = f"dpo-{next(_COUNT)}@example.org"
    a_user(rig.workspace, email, roles={1: {Role.OFFICER}})
    client = browser(rig.app, "en")
    assert sign_in(client, email) == 303
    return client


_COUNT = itertools.count()


def test_the_officer_is_led_to_the_record_and_finds_everything_in_it(
    rig: Rig, officer: TestClient
) -> None:
    assert 'href="/protection"' in officer.get("/").text
    found = sheets(officer.get("/protection/record.xlsx").content)
    (people,) = found["Where people come from"][1:]
    assert people[0] == "contacts"
    assert people[3] == "Élan Valbourg"
    assert people[-3:] == ["3", "0", "0"], "proved row by row, by list, and not at all"
    assert found["Texts agreed to"][1:] == [["contacts", "w1", "J'accepte d'être appelé."]]
    kinds = {row[0]: row[2] for row in found["Refusals"][1:]}
    assert sum(map(int, kinds.values())) == 3, "by a program, an objection, an erasure"
    requests = {row[0]: row[-1] for row in found["Requests and their month"][1:]}
    assert requests == {"1": "no", "2": "yes"}
    (launch,) = found["Launches"][1:]
    assert launch[4].startswith("fr-political")
    assert "hours, public holidays" in launch[5]
    assert launch[-2:] == ["3", "yes"]
    (erased,) = found["Erased and removed"][1:]
    assert erased[3:] == ["Zoé", "1"]
    short = dict(row[:2] for row in found["In short"][1:])
    assert short["Requests that wait for an answer"] == "2"
    assert short["Of these, past their last day"] == "1"


def test_no_number_of_anybody_is_in_the_record(rig: Rig, officer: TestClient) -> None:
    everything = str(sheets(officer.get("/protection/record.xlsx").content))
    assert not PHONES.search(everything)
    assert not PHONES.search(officer.get("/protection").text)
    drawn = str(protection_sheet(protection_of(rig.workspace, 1), "Élan", language("fr")))
    assert not PHONES.search(drawn)
    assert officer.get("/protection/record.pdf").content.startswith(b"%PDF-")


def test_the_record_is_the_officers_alone(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.passwords._hasher", QUICK)
    a_user(rig.workspace, "reader@example.org", roles={1: {Role.READER}})
    reader = browser(rig.app, "en")
    assert sign_in(reader, "reader@example.org") == 303
    page = reader.get("/campaigns").text
    assert 'href="/spending"' in page
    assert 'href="/protection"' not in page
    for path in ("/protection", "/protection/record.pdf", "/protection/record.xlsx"):
        assert reader.get(path).status_code == 403


def test_another_controller_has_a_record_of_its_own(rig: Rig) -> None:
    found = protection_of(rig.workspace, 2)
    assert (found.lists, found.requests, found.launches, found.removed) == ([], [], [], [])
    assert found.refusals == []


def test_a_long_table_is_cut_on_paper_and_says_so() -> None:
    english = language("en")
    long = Listing("Days", ("a",), [(str(one),) for one in range(MOST_DRAWN + 1)])
    drawn = section(long, english)
    assert drawn.text == ("The first 500 of 501 are shown; the spreadsheet has all of them.",)
    table = drawn.blocks[0].table
    assert table is not None
    assert len(table.rows) == MOST_DRAWN


@pytest.mark.parametrize("code", ["fr", "en"])
@pytest.mark.parametrize("path", ["/spending", "/protection"])
def test_a_page_of_a_report_is_in_order(rig: Rig, path: str, code: str) -> None:
    page = Outline(signed_in(rig, code).get(path).text)
    assert page.levels[0] == page.levels.count(1) == 1
    assert max(after - before for before, after in itertools.pairwise(page.levels)) <= 1


# A campaign's report


@pytest.fixture
def rich(rig: Rig) -> tuple[Report, Depth]:
    """A report and a depth in which there is something of everything."""
    report = replace(
        report_of(rig.workspace, 1, 1),
        heard=Heard(10, 4.2, {0: 2, 2: 3, 4: 5}),
        said=Said([Answered("Venez-vous ?", {"oui": 3, "non": 1})], 2,
            dict.fromkeys(TransferStep, 1)),
    )  # fmt: skip
    made = Made(
        outcomes=Counter({(29_000_000, "delivered"): 8, (29_000_001, "opted_out"): 2}),
        keys=Counter({"9": 2, "1": 3}),
    )
    depth = replace(
        depth_of(rig.workspace, 1, 1, CallsMade()), made=made, opt_out_rate=0.2,
        listening=tuple(range(40, 9, -1)), message_s=30.0,
        variants=(Variant("Nord", 6, 5, 4, 1), Variant("", 4, 3, 2, 1)),
    )  # fmt: skip
    return report, depth


def sheet_of(rich: tuple[Report, Depth], said: Language) -> Sheet:
    report, depth = rich
    return report_sheet(report, depth, figures(report.progress, said), "Élan", said)


def test_the_pdf_has_keys_opt_outs_the_curve_answers_and_variants(
    rich: tuple[Report, Depth],
) -> None:
    sheet = sheet_of(rich, language("en"))
    parts = {one.title: one for one in sheet.sections}
    keys = dict(parts["In the calls"].blocks[0].pairs)
    assert keys["Opt-outs among the answered"] == "20.0%"
    assert (keys["Pressed 1"], keys["Pressed 9"]) == ("3", "2")
    answers = {one.title: one.table for one in parts["In the calls"].blocks[1:]}
    assert answers["Venez-vous ?"] is not None
    assert answers["Venez-vous ?"].rows == (("oui", "3", "75.0%"), ("non", "1", "25.0%"))
    listened = parts["How far people listened"].blocks[1]
    assert listened.curve is not None
    assert (len(listened.curve.shares), listened.curve.end) == (31, "30\N{NO-BREAK SPACE}s")
    assert listened.table is not None
    assert listened.table.rows[-1] == ("30\N{NO-BREAK SPACE}s", "10", "25.0%")
    assert len(listened.table.rows) <= 13
    variants = parts["Message by message"].blocks[0].table
    assert variants is not None
    assert [row[0] for row in variants.rows] == ["Nord", "the campaign's own"]
    assert pdf.drawn(sheet).startswith(b"%PDF-")


def test_the_spreadsheet_has_them_too(rich: tuple[Report, Depth]) -> None:
    report, depth = rich
    english = language("en")
    rows = list(report_rows(report, depth, figures(report.progress, english), "Élan", english))
    by_title: dict[str, list[list[object]]] = {}
    for title, *cells in rows:
        by_title.setdefault(title, []).append(cells)
    assert ["Opt-outs among the answered", 0, 0.2, None] in by_title["In the calls"]
    assert ["Pressed 1", 3, None, None] in by_title["In the calls"]
    assert by_title["In the calls, Venez-vous ?"] == [
        ["oui", 3, 0.75, None],
        ["non", 1, 0.25, None],
    ]
    assert len(by_title["Who still listens"]) == 31
    assert by_title["Who still listens"][-1] == ["After 30 s", 10, 0.25, None]
    assert by_title["Message by message, Nord"][0] == ["Calls", 6, None, 5]
    assert sum(int(str(row[1])) for row in by_title["How far people listened"]) == 10


def test_french_readers_find_no_english_word(rig: Rig, rich: tuple[Report, Depth]) -> None:
    french = language("fr")
    catalogue = Listening(french.translations)
    said = Language("fr", catalogue, french.patterns)
    sheet_of(rich, said)
    report, depth = rich
    list(report_rows(report, depth, figures(report.progress, said), "Élan", said))
    found = protection_of(rig.workspace, 1)
    protection_tables(found, said)
    protection_sheet(found, "Élan", said)
    account_sheet(statement(rig.workspace, 1, 1), (None, None), "Élan", said)
    assert {one for one in catalogue.unknown if not one.isdigit()} == SAME_IN_FRENCH


SAME_IN_FRENCH = {"Contacts", "Exports", "Message"}
