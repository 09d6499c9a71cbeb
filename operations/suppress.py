"""Numbers not to be called: adding one, listing them, importing a file of them.

Nothing here takes a suppression away (see `operations.lift`) or shortens it: a number that is
suppressed twice stays so for the longer of the two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine

from campaigns.contacts.basis import read_date
from campaigns.contacts.fault import InvalidNumber
from campaigns.contacts.phone import masked, parse
from campaigns.contacts.suppression import (
    OPERATOR_OWNER,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)
from campaigns.contacts.suppression_key import known_number
from campaigns.errors import InvalidInput
from operations.columns import SUPPRESSION_FIELDS, Columns, Field, match_columns
from operations.rejects import Reject, bad_row
from operations.rows import BadRow, Row
from operations.spreadsheet import open_sheet
from store import audit, suppressions
from store import campaigns as kept
from store.engine import reading, writing
from store.suppressions import ANY_SUPPRESSION, SuppressionFilter

_BATCH = 500
_LAST_ZONE = timedelta(hours=10)
"""How long after UTC a day lasts in Polynesia, the last of France to end it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """On whose behalf numbers are suppressed.

    Attributes:
        scope: how far it reaches.
        id: of the controller or the campaign; 0 for the operator.
        of: the controller of a campaign.
    """

    scope: SuppressionScope
    id: int
    of: int | None = None

    @classmethod
    def operator(cls) -> "Owner":
        """Everybody on this system."""
        return cls(SuppressionScope.OPERATOR, OPERATOR_OWNER)

    @classmethod
    def controller(cls, controller_id: int) -> "Owner":
        """Every campaign of one controller."""
        return cls(SuppressionScope.CONTROLLER, controller_id)

    @property
    def controller_id(self) -> int | None:
        """Under whom it is audited; nobody where it is for everybody."""
        return self.id if self.scope is SuppressionScope.CONTROLLER else self.of


def owner_of(engine: Engine, controller_id: int, campaign_id: int | None) -> Owner:
    """A campaign of a controller, or the controller itself where none is named.

    Raises:
        NotFound: the controller has no such campaign.
    """
    if campaign_id is None:
        return Owner.controller(controller_id)
    with reading(engine) as connection:
        kept.row(connection, controller_id, campaign_id)
    return Owner(SuppressionScope.CAMPAIGN, campaign_id, controller_id)


@dataclass(frozen=True, slots=True)
class SuppressionReport:
    """What became of a file of numbers.

    Attributes:
        rows: rows that were not blank.
        added: numbers that were not suppressed before.
        known: numbers that were; their suppression may last longer now.
        rejects: rows that were refused, in order.
    """

    rows: int
    added: int
    known: int
    rejects: tuple[Reject, ...]


def suppress(
    engine: Engine,
    owner: Owner,
    number: str,
    *,
    source: str,
    by: str,
    reason: SuppressionReason = SuppressionReason.MANUAL,
    expires_on: date | None = None,
) -> bool:
    """Suppress one number, written in any French way; whether it was not suppressed before.

    Args:
        engine: the store.
        owner: on whose behalf.
        number: as a person writes it.
        source: who or what asked, for the record.
        by: who suppresses it.
        reason: what put it on the list.
        expires_on: the last day it holds; None for ever.

    Raises:
        InvalidNumber: it is no number that could be called.
        InvalidInput: the last day is over.
    """
    now = datetime.now(UTC)
    until = end_of(expires_on)
    if until is not None and until <= now:
        raise InvalidInput(
            "expires_on",
            "that day is over, so nothing would be suppressed.",
            "Give a day to come, or none to suppress it for ever.",
        )
    row = Suppression(
        number=parse(number).e164,
        scope=owner.scope,
        owner_id=owner.id,
        reason=reason,
        source=source,
        created_at=now,
        expires_at=until,
    )
    with writing(engine) as connection:
        added = suppressions.add(connection, [row]) == 1
        until_day = str(expires_on) if expires_on else None
        detail = {"new": added, "until": until_day}
        _record(connection, owner, by, "suppression.add", masked(row.number), detail)
    return added


def _record(
    connection: Connection, owner: Owner, by: str, act: str, what: str, detail: dict[str, Any]
) -> None:
    """Audit it under the controller it is for, with the campaign where it is for one alone."""
    if owner.scope is SuppressionScope.CAMPAIGN:
        detail = {**detail, "campaign": owner.id}
    audit.record(connection, datetime.now(UTC), by, act, what, owner.controller_id, detail)


def listed(
    engine: Engine,
    owner: Owner,
    after: int = 0,
    count: int = 1000,
    asked: SuppressionFilter = ANY_SUPPRESSION,
) -> list[dict[str, Any]]:
    """Suppressions of one owner, from after a cursor, which is the last one's `id`.

    The number of a person who was erased is empty, for it is not known.
    """
    with reading(engine) as connection:
        rows = suppressions.page(connection, owner.scope, owner.id, after, count, asked)
    return [{**row, "number": known_number(row["number"])} for row in rows]


def import_suppressions(
    engine: Engine,
    owner: Owner,
    file: BinaryIO,
    *,
    file_name: str,
    by: str,
    mapping: Mapping[Field, str] | None = None,
) -> SuppressionReport:
    """Suppress every number of a CSV or XLSX file, with day of asking, expiry and reason.

    The same file twice adds nothing. An expiry that cannot be read suppresses for ever, and a
    number that cannot be read is refused, named by its line.

    Raises:
        InvalidInput: the file is no list with a column of numbers.
    """
    sheet = open_sheet(file)
    columns = match_columns(sheet.header, SUPPRESSION_FIELDS, mapping)
    reader = _Rows(owner, columns, file_name, datetime.now(UTC))
    rows = sheet.rows()
    count = added = 0
    rejects: list[Reject] = []
    for batch in _batches(rows):
        read = [reader.read(row) for row in batch]
        rejects += [row for row in read if isinstance(row, Reject)]
        with writing(engine) as connection:
            added += suppressions.add(
                connection, [row for row in read if isinstance(row, Suppression)]
            )
        count += len(batch)
    with writing(engine) as connection:
        detail = {"rows": count, "new": added}
        # What one campaign alone keeps to is no news of refusals to the others.
        of_one = owner.scope is SuppressionScope.CAMPAIGN
        act = "suppression.add" if of_one else "suppression.import"
        _record(connection, owner, by, act, file_name, detail)
    return SuppressionReport(count, added, count - added - len(rejects), tuple(rejects))


def end_of(day: date | None) -> datetime | None:
    """The instant at which a day is over everywhere in France; None for ever.

    The year 9999 is how many programs write «for ever».
    """
    if day is None or day.year == MAXYEAR:
        return None
    return datetime.combine(day + timedelta(days=1), time(), UTC) + _LAST_ZONE


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


class _Rows:
    """Reads the rows of a file of numbers not to be called."""

    def __init__(self, owner: Owner, columns: Columns, file_name: str, now: datetime) -> None:
        self._owner = owner
        self._columns = columns
        self._file_name = file_name
        self._now = now

    def read(self, row: Row) -> Suppression | Reject:
        if isinstance(row, BadRow):
            return bad_row(row)
        cells = {field: row.cells[place].strip() for field, place in self._columns.places.items()}
        try:
            number = parse(cells[Field.PHONE]).e164
        except InvalidNumber as error:
            column = self._columns.name_of(Field.PHONE)
            return Reject(
                row.line, column, cells[Field.PHONE], error.fault, error.why, error.remedy
            )
        why = cells.get(Field.REASON, "")
        return Suppression(
            number=number,
            scope=self._owner.scope,
            owner_id=self._owner.id,
            reason=SuppressionReason.FILE,
            source=f"{self._file_name}, line {row.line}" + (f": {why[:200]}" if why else ""),
            created_at=self._asked_at(cells.get(Field.ASKED_ON, "")),
            expires_at=end_of(read_date(cells.get(Field.EXPIRES_ON, ""))),
        )

    def _asked_at(self, text: str) -> datetime:
        day = read_date(text)
        if day is None:
            return self._now
        return min(datetime.combine(day, time(), UTC), self._now)
