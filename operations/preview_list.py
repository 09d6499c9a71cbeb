"""A look at a list before it is imported: what its columns are taken for, and its first rows.

Nothing is written, and no home directory is needed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import BinaryIO

from campaigns.contacts.basis import Provenance
from operations.columns import CONTACT_FIELDS, Columns, Field, match_columns
from operations.contact_rows import ContactRows, ContactValues, latest_day
from operations.duplicates import duplicate_row
from operations.rejects import Reject
from operations.spreadsheet import open_sheet

MOST_ROWS = 100
_NOTHING_DECLARED = Provenance("", "", None, ("preview",), {})
_NAMED = "Lists call it so."
_STATED = "You said so."
_OTHER = "It is kept with the contact, as it is."
_UNPROVED = "No row proves its consent: all rest on what the list declares as a whole."
_MISSED: dict[Field, str] = {
    Field.EXTERNAL_ID: "Reports name a person by number and line alone.",
    Field.CONSENT_DATE: _UNPROVED,
    Field.CONSENT_SOURCE: _UNPROVED,
    Field.WORDING_ID: _UNPROVED,
    Field.TIMEZONE: "Calling hours follow what the number alone tells.",
}


@dataclass(frozen=True, slots=True)
class PreviewColumn:
    """What a column is taken for.

    Attributes:
        name: as it will be called.
        field: what it means; None where it has no meaning of its own.
        reason: why it is taken for that.
    """

    name: str
    field: Field | None
    reason: str


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field that no column gives, and what follows from that."""

    field: Field
    consequence: str


@dataclass(frozen=True, slots=True)
class PreviewContact:
    """A row as it would be kept.

    Attributes:
        line: of the file.
        number: in E.164.
        kind: of the line: mobile, landline or voip.
        zones: time zones in which it must be calling hours.
        external_id: the owner's own name for the person.
        consented_on: the day of consent, where it can be read.
        consent_source: where consent was given.
        wording_id: which text was agreed to.
        slot: the hours agreed to, as they are kept; None where none are named.
        consent_expires_on: the last day on which consent holds.
        withdrawn_on: the day on which it was withdrawn.
        attributes: everything else.
    """

    line: int
    number: str
    kind: str
    zones: tuple[str, ...]
    external_id: str | None
    consented_on: date | None
    consent_source: str | None
    wording_id: str | None
    slot: str | None
    consent_expires_on: date | None
    withdrawn_on: date | None
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would make of a file.

    Attributes:
        read_as: what the file was taken for; of a workbook, which worksheet is read.
        columns: in the order of the file.
        missing: fields that no column gives.
        contacts: of the first rows, those that would be kept.
        rejects: and those that would be refused.
        more: there are rows that were not looked at.
    """

    read_as: str
    columns: tuple[PreviewColumn, ...]
    missing: tuple[MissingField, ...]
    contacts: tuple[PreviewContact, ...]
    rejects: tuple[Reject, ...]
    more: bool


def preview_list(
    file: BinaryIO, *, mapping: Mapping[Field, str] | None = None, count: int = 20
) -> Preview:
    """Look at the first rows of a file as its import would.

    Args:
        file: CSV or XLSX, seekable, at its beginning.
        mapping: the user's own choice of columns; the rest is guessed.
        count: how many rows, at most.

    Raises:
        InvalidInput: as its import would.
    """
    sheet = open_sheet(file)
    columns = match_columns(sheet.header, CONTACT_FIELDS, mapping)
    reader = ContactRows(0, columns, _NOTHING_DECLARED, latest_day(datetime.now(UTC)))
    rows = sheet.rows()
    read = [reader.read(row) for row in islice(rows, count)]
    judged = list(_without_duplicates(columns, read))
    return Preview(
        read_as=sheet.read_as,
        columns=tuple(_explained(columns)),
        missing=tuple(
            MissingField(field, why)
            for field, why in _MISSED.items()
            if field not in columns.places
        ),
        contacts=tuple(_contact(one) for one in judged if not isinstance(one, Reject)),
        rejects=tuple(one for one in judged if isinstance(one, Reject)),
        more=next(rows, None) is not None,
    )


def _explained(columns: Columns) -> Iterator[PreviewColumn]:
    fields = {place: field for field, place in columns.places.items()}
    for place, name in enumerate(columns.names):
        field = fields.get(place)
        why = _OTHER if field is None else _STATED if field in columns.stated else _NAMED
        yield PreviewColumn(name, field, why)


def _without_duplicates(
    columns: Columns, read: list[ContactValues | Reject]
) -> Iterator[ContactValues | Reject]:
    lines: dict[str, int] = {}
    for row in read:
        if isinstance(row, Reject):
            yield row
        elif (first := lines.setdefault(row.number, row.line)) != row.line:
            yield duplicate_row(columns, row.line, first, row.number)
        else:
            yield row


def _contact(row: ContactValues) -> PreviewContact:
    return PreviewContact(
        line=row.line,
        number=row.number,
        kind=row.kind,
        zones=tuple(row.zones.split("|")),
        external_id=row.external_id,
        consented_on=row.consented_on,
        consent_source=row.consent_source,
        wording_id=row.wording_id,
        slot=row.slot,
        consent_expires_on=row.consent_expires_on,
        withdrawn_on=row.withdrawn_on,
        attributes=row.attributes,
    )
