"""A preview tells what the import would do, and does nothing."""

import io
from datetime import date

import pytest
from workbooks import workbook

from campaigns.errors import InvalidInput
from operations.columns import Field
from operations.preview_list import preview_list

ROWS = """téléphone;nom;date de consentement
0639980001;Zoé;14/03/2025
12;Noé;
+33 6 39 98 00 01;Léa;
0639980004;Max;
"""


def file(content: str | bytes = ROWS) -> io.BytesIO:
    return io.BytesIO(content if isinstance(content, bytes) else content.encode())


def test_first_rows_are_shown_as_contacts_or_refusals() -> None:
    found = preview_list(file(), count=3)
    (contact,) = found.contacts
    assert (contact.line, contact.number, contact.kind) == (2, "+33639980001", "mobile")
    assert (contact.zones, contact.consented_on) == (("Europe/Paris",), date(2025, 3, 14))
    assert contact.attributes == {"nom": "Zoé"}
    assert [(one.line, one.code) for one in found.rejects] == [
        (3, "short_number"),
        (4, "duplicate"),
    ]
    assert found.more
    assert not preview_list(file(), count=4).more


def test_each_column_says_what_it_is_taken_for_and_why() -> None:
    found = preview_list(file(), mapping={Field.EXTERNAL_ID: "nom"})
    assert [(one.name, one.field, one.reason) for one in found.columns] == [
        ("téléphone", Field.PHONE, "Lists call it so."),
        ("nom", Field.EXTERNAL_ID, "You said so."),
        ("date de consentement", Field.CONSENT_DATE, "Lists call it so."),
    ]
    missing = {one.field: one.consequence for one in found.missing}
    assert set(missing) == {Field.CONSENT_SOURCE, Field.WORDING_ID, Field.TIMEZONE}
    assert "proves its consent" in missing[Field.WORDING_ID]


def test_a_workbook_is_named_by_its_worksheet() -> None:
    found = preview_list(file(workbook([["tel"], [639980001]])))
    assert found.read_as == "XLSX, worksheet «Feuil1»"
    assert [one.number for one in found.contacts] == ["+33639980001"]
    assert preview_list(file()).read_as.startswith("CSV, UTF-8")


def test_what_no_import_would_take_is_refused_as_there() -> None:
    with pytest.raises(InvalidInput, match="no column looks like a telephone number"):
        preview_list(file("nom;ville\na;b\n"))
