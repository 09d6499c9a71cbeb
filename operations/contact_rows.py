"""From a row of an uploaded list to a contact, or to the reason why it is none."""

import zoneinfo
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from campaigns.contacts.basis import Provenance, RowConsent, grade, read_consent
from campaigns.contacts.fault import InvalidNumber
from campaigns.contacts.phone import Number, parse
from campaigns.contacts.slot_text import InvalidSlot
from campaigns.contacts.terms import InvalidTerms, Terms, read_terms
from operations.columns import Columns, Field
from operations.rejects import Reject, RejectedWithdrawal, bad_row
from operations.rows import BadRow, Row


class ContactValues(NamedTuple):
    """A new contact: what the columns of its table hold but the key, in their order."""

    list_id: int
    line: int
    number: str
    kind: str
    zones: str
    fictional: bool
    external_id: str | None
    attributes: dict[str, str]
    evidence: str
    consented_on: date | None
    consent_source: str | None
    wording_id: str | None
    slot: str | None
    consent_expires_on: date | None
    withdrawn_on: date | None


_ADDRESS = (Field.COMMUNE, Field.INSEE, Field.STATION)
"""Kept as attributes under these names, whatever the file calls them."""

_FURTHEST_AHEAD = timedelta(hours=12)
"""Wallis and Futuna, where a day begins first in France."""


def latest_day(now: datetime) -> date:
    """The last day that is not in the future anywhere in France."""
    return (now + _FURTHEST_AHEAD).date()


class ContactRows:
    """Reads the rows of one list.

    Args:
        list_id: where the contacts go.
        columns: what the columns mean.
        provenance: what the list declares of itself.
        latest: the last day that is not in the future anywhere in France.
    """

    def __init__(
        self, list_id: int, columns: Columns, provenance: Provenance, latest: date
    ) -> None:
        self._list_id = list_id
        self._columns = columns
        self._provenance = provenance
        self._latest = latest
        self._phone = columns.index(Field.PHONE)
        self._external_id = columns.index(Field.EXTERNAL_ID)
        self._date = columns.index(Field.CONSENT_DATE)
        self._source = columns.index(Field.CONSENT_SOURCE)
        self._wording = columns.index(Field.WORDING_ID)
        self._slot = columns.index(Field.CONSENT_SLOT)
        self._expires = columns.index(Field.CONSENT_EXPIRES_ON)
        self._withdrawn = columns.index(Field.WITHDRAWN_ON)
        self._declared = Terms(provenance.slot, provenance.expires_on)
        self._unsaid = _terms_of(self._declared)
        self._timezone = columns.index(Field.TIMEZONE)
        self._postcode = columns.index(Field.POSTCODE)
        self._address = [(one.value, columns.index(one)) for one in _ADDRESS]

    def read(self, row: Row) -> ContactValues | Reject:
        """The values of a new contact, or why the row is refused."""
        if isinstance(row, BadRow):
            return bad_row(row)
        cells = [cell.strip() for cell in row.cells]
        cells.append("")  # what a column that the file does not have holds
        try:
            number = parse(cells[self._phone])
        except InvalidNumber as error:
            return self._reject(row.line, cells, Field.PHONE, error.fault, error.why, error.remedy)
        zone = cells[self._timezone]
        if zone and zone not in _known_zones():
            refused = self._reject(
                row.line,
                cells,
                Field.TIMEZONE,
                "unknown_timezone",
                "It is not a time zone.",
                "Write it as Europe/Paris or Indian/Reunion, or leave it empty.",
            )
            return self._with_withdrawal(refused, cells, number)
        try:
            terms = self._terms(cells[self._slot], cells[self._expires], cells[self._withdrawn])
        except (InvalidSlot, InvalidTerms) as error:
            refused = self._reject(
                row.line, cells, Field(error.field), error.fault, error.why, error.remedy
            )
            return self._with_withdrawal(refused, cells, number)
        return self._contact(row.line, cells, number, terms)

    def _with_withdrawal(self, refused: Reject, cells: list[str], number: Number) -> Reject:
        """A refused row, with its number where it says that its person withdrew, however badly."""
        if not cells[self._withdrawn]:
            return refused
        said = refused.line, refused.field, refused.value
        why = refused.code, refused.reason, refused.remedy
        return RejectedWithdrawal(*said, *why, number.e164)

    def _contact(
        self, line: int, cells: list[str], number: Number, terms: tuple[Any, ...]
    ) -> ContactValues:
        consent = read_consent(
            cells[self._date],
            cells[self._source],
            cells[self._wording],
            self._provenance.wordings,
            self._latest,
        )
        return ContactValues(
            self._list_id,
            line,
            number.e164,
            number.kind.value,
            zones_text(number.zones, cells[self._timezone]),
            number.fictional,
            cells[self._external_id] or None,
            self._attributes(cells, consent),
            grade(consent, self._provenance).value,
            consent.granted_on,
            consent.source or None,
            consent.wording_id or None,
            *terms,
        )

    def _terms(self, *said: str) -> tuple[Any, ...]:
        """What the row's consent says of itself; most rows say nothing."""
        if not any(said):
            return self._unsaid
        return _terms_of(read_terms(*said).under(self._declared))

    def _attributes(self, cells: list[str], consent: RowConsent) -> dict[str, str]:
        """Every cell that has no column of its own; a date that could not be read is kept as is."""
        kept = {name: cells[place] for place, name in self._columns.others if cells[place]}
        kept |= {name: cells[place] for name, place in self._address if cells[place]}
        if cells[self._postcode]:
            kept["postcode"] = _postcode(cells[self._postcode])
        if consent.granted_on is None and cells[self._date]:
            kept[self._columns.name_of(Field.CONSENT_DATE)] = cells[self._date]
        return kept

    def _reject(
        self, line: int, cells: list[str], field: Field, code: str, why: str, remedy: str
    ) -> Reject:
        value = cells[self._columns.index(field)]
        return Reject(line, self._columns.name_of(field), value, str(code), why, remedy)


def _terms_of(terms: Terms) -> tuple[Any, ...]:
    return tuple(term_values(terms).values())


def term_values(terms: Terms) -> dict[str, Any]:
    """What a consent says of itself, as a contact keeps it, by column."""
    return {
        "slot": str(terms.slot) if terms.slot else None,
        "consent_expires_on": terms.expires_on,
        "withdrawn_on": terms.withdrawn_on,
    }


def _postcode(text: str) -> str:
    """With the zero that a spreadsheet took from one such as 01000."""
    return "0" + text if len(text) == 4 and text.isdecimal() else text


@cache
def zones_text(of_number: tuple[str, ...], of_person: str = "") -> str:
    """All zones in which a call must be allowed, in one order, so that equal sets are equal."""
    return "|".join(sorted({*of_number, of_person} - {""}))


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
