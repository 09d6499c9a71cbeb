"""Tables of everything, written while they are read, of one's own data alone."""

import csv
import io
from typing import Any

import pytest
from api_samples import CONTACTS, Rig
from fastapi.testclient import TestClient
from sqlalchemy import event
from test_api_paging import with_attempts

from operations import call_exports
from operations.call_exports import ATTEMPTS, SUPPRESSIONS, TARGETS
from operations.rows import DataRow
from operations.spreadsheet import open_sheet


def as_csv(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


def as_xlsx(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    sheet = open_sheet(io.BytesIO(answer.content))
    return [list(sheet.header)] + [one.cells for one in sheet.rows() if isinstance(one, DataRow)]


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_every_attempt_is_a_row_in_order(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    where = with_attempts(rig)
    monkeypatch.setattr(call_exports, "PAGE", page)
    answer = rig.ours.get(f"{where}.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="attempts-1.csv"'
    header, *rows = as_csv(answer)
    assert tuple(header) == ATTEMPTS
    named = [dict(zip(header, row, strict=True)) for row in rows]
    assert [one["sip_call_id"] for one in named] == [f"call-{place}" for place in range(9)]
    first = named[0]
    assert (first["number"], first["external_id"]) == ("'+33639980001", "A1")
    assert (first["post_dial_delay_ms"], first["heard_s"]) == ("1250", "4.2")
    assert first["claimed_at"] == "2026-11-01T10:00:00.000Z"
    workbook = as_xlsx(rig.ours.get(f"{where}.xlsx"))
    assert [row[header.index("sip_call_id")] for row in workbook[1:]] == [
        one["sip_call_id"] for one in named
    ]


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_every_target_is_a_row(rig: Rig, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    rig.campaign()
    rig.prepare(name="another")
    monkeypatch.setattr(call_exports, "PAGE", page)
    for campaign in (1, 2):
        header, *rows = as_csv(rig.ours.get(f"/api/v1/campaigns/{campaign}/targets.csv"))
        assert tuple(header) == TARGETS
        assert [row[1] for row in rows] == ["A1", "A2", "A3"]


def test_a_campaign_without_anybody_is_a_header(rig: Rig) -> None:
    campaign = rig.campaign()
    assert len(as_csv(rig.ours.get(f"/api/v1/campaigns/{campaign}/attempts.csv"))) == 1
    assert len(as_xlsx(rig.ours.get(f"/api/v1/campaigns/{campaign}/targets.xlsx"))) == 4


def test_suppressions_are_ones_own_and_an_erased_person_has_no_number(rig: Rig) -> None:
    for number in ("0639980001", "0639980002"):
        rig.ours.post("/api/v1/suppressions", json={"number": number, "note": "=cmd()"})
    rig.ours.post("/api/v1/erasures", json={"number": "0639980002"})
    header, *rows = as_csv(rig.ours.get("/api/v1/suppressions.csv"))
    assert tuple(header) == SUPPRESSIONS
    numbers = [row[1] for row in rows]
    assert set(numbers) == {"'+33639980001", ""}
    assert as_csv(rig.theirs.get("/api/v1/suppressions.csv")) == [header]


def test_no_cell_of_a_list_is_a_formula_in_an_export(rig: Rig) -> None:
    content = CONTACTS.replace(";A1;", ";=HYPERLINK(1);")
    rig.import_list(content)
    rig.upload()
    rig.prepare()
    _, first, *_ = as_csv(rig.ours.get("/api/v1/campaigns/1/targets.csv"))
    assert first[1] == "'=HYPERLINK(1)"


def test_who_took_a_table_of_numbers_is_on_record(rig: Rig, person: TestClient) -> None:
    where = with_attempts(rig)
    rig.ours.get(f"{where}.csv")
    rig.ours.get("/api/v1/campaigns/1/targets.xlsx")
    rig.ours.get("/api/v1/suppressions.csv")
    rig.ours.get("/api/v1/lists/1/rejects.csv")
    person.get("/campaigns/1/outcomes.csv")
    person.get("/refusals.csv")
    rig.theirs.get(f"{where}.csv")
    acts = rig.ours.get("/api/v1/audit?act=export.make").json()["items"]
    assert [(one["subject"], one["detail"]["table"]) for one in reversed(acts)] == [
        ("campaign 1", "attempts"), ("campaign 1", "targets"), ("controller 1", "suppressions"),
        ("list 1", "rejects"), ("campaign 1", "attempts"), ("controller 1", "suppressions"),
    ]  # fmt: skip
    assert {one["actor"] for one in acts} == {"key office"}
    assert rig.theirs.get("/api/v1/audit?act=export.make").json()["items"] == []


def test_a_table_of_another_controller_does_not_exist(rig: Rig) -> None:
    where = with_attempts(rig)
    for form in ("csv", "xlsx"):
        assert rig.theirs.get(f"{where}.{form}").status_code == 404
    assert rig.ours.get(f"{where}.ods").status_code == 422


def test_each_page_is_a_transaction_that_is_over_before_its_rows_are_sent(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_attempts(rig)
    monkeypatch.setattr(call_exports, "PAGE", 2)
    out = 0

    def checked_out(*_: object) -> None:
        nonlocal out
        out += 1

    def checked_in(*_: object) -> None:
        nonlocal out
        out -= 1

    pool = rig.workspace.engine.pool
    event.listen(pool, "checkout", checked_out)
    event.listen(pool, "checkin", checked_in)
    pages = call_exports.attempts(rig.workspace, 1, 1, "Zoé").pages
    for _ in pages:
        assert out == 0
