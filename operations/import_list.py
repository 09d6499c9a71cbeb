"""Importing a list: every row becomes a contact or a refused row, and nothing is lost.

The file is read as a stream and kept in small transactions, see `operations.list_keeping`. An
import that dies is resumed by importing the same file again; the same file imported twice changes
nothing.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine

from campaigns.contacts.basis import BasisKind, Channel, Evidence, Provenance
from campaigns.contacts.generated import Detector
from campaigns.contacts.slot import read_slot
from campaigns.errors import InvalidInput
from campaigns.webhook import EventKind
from operations.columns import CONTACT_FIELDS, Field, match_columns
from operations.contact_rows import latest_day
from operations.giving_way import resting
from operations.list_hold import plain_hold, said
from operations.list_keeping import Keeper
from operations.list_reading import Wanted, reading_list
from operations.rejects import Reject
from operations.rows import Row
from operations.spreadsheet import open_sheet
from operations.withdrawals import Withdrawals
from store import audit, lists, outbox
from store.carrying import carrying_over
from store.engine import reading, writing
from store.lists import ListState
from store.outbox import Event
from store.staging import Binder, staging
from store.tables import contact, rejected_row

_REJECTS_AT_ONCE = 1000
_NUMBERS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far the import of a list has come, in rows of this run and in bytes of the file."""

    rows: int
    bytes_read: int
    bytes_total: int
    list_id: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file.

    Attributes:
        list_id: the list it is.
        name: the list's name.
        unchanged: the same file had been imported before, and nothing was done.
        rows: rows that were not blank: `accepted` and `rejected` together.
        accepted: contacts.
        rejected: refused rows.
        duplicates: those of them whose number is on an earlier line.
        suppressed: contacts that the operator or the controller must not call; they are refused
            when they would be called.
        evidence: contacts by how well their basis is proved.
        reasons: refused rows by reason code, the most frequent first.
        read_as: what the file was taken for, and of a workbook which worksheet was read; empty
            where it was not read now.
        held: why it looks generated, so that no real campaign may call it; empty where it may.
    """

    list_id: int
    name: str
    unchanged: bool
    rows: int
    accepted: int
    rejected: int
    duplicates: int
    suppressed: int
    evidence: dict[Evidence, int]
    reasons: dict[str, int]
    read_as: str = ""
    held: str = ""


def import_list(
    engine: Engine,
    controller_id: int,
    file: BinaryIO,
    *,
    name: str,
    file_name: str,
    provenance: Provenance,
    by: str,
    mapping: Mapping[Field, str] | None = None,
    progress: Callable[[ImportProgress], None] | None = None,
) -> ImportReport:
    """Import a CSV or XLSX file as a list of a controller.

    Args:
        engine: the store.
        controller_id: on whose behalf its people may be called.
        file: seekable, at its beginning.
        name: for people.
        file_name: what the user calls the file.
        provenance: where the list comes from. An import that is resumed keeps what was declared
            the first time.
        by: who imports it.
        mapping: the user's own choice of columns; the rest is guessed. An import that is resumed
            goes on with the columns of the first time.
        progress: called after each transaction.

    Raises:
        InvalidInput: the file is no list: not text, empty, without a column of numbers.
        NotAllowed: the same file is being imported at this moment, or the import was undone.
    """
    sha256, size = fingerprint(file)
    with reading(engine) as connection:
        known = lists.of_file(connection, controller_id, sha256)
    if known and known["state"] == ListState.READY.value:
        return report(engine, controller_id, known["id"], unchanged=True)
    now = datetime.now(UTC)
    sheet = open_sheet(file)
    columns = match_columns(sheet.header, CONTACT_FIELDS, _mapping(known) or mapping)
    rows = _some(sheet.rows())
    if known is None:
        with writing(engine) as connection:
            list_id = lists.create(
                connection, controller_id, name, file_name, sha256, provenance, by, now,
                columns.mapping(CONTACT_FIELDS),
            )  # fmt: skip
            audit.record(
                connection, now, by, "list.import", f"list {list_id}", controller_id,
                {"sha256": sha256, "read_as": sheet.read_as},
            )  # fmt: skip
            known = lists.one(connection, controller_id, list_id)
    latest, after = latest_day(now), known["imported_line"]
    sqlite = engine.dialect.name == "sqlite"
    wanted = Wanted(known["id"], columns, declared(known), latest, after, bound=sqlite)
    detector = Detector()
    for numbers in _kept_before(engine, known["id"], after):
        detector.look(numbers)
    with (
        staging(engine, contact, rejected_row) as stage,
        reading_list(file, size, rows, wanted) as found,
        carrying_over(engine) as carried_s,
    ):
        withdrawals = Withdrawals(controller_id, known["id"], by)
        bind = list if sqlite else Binder(contact, engine.dialect).bound
        keeper = Keeper(stage, known, columns, bind, withdrawals, detector)
        kept = keeper.keep(found.pieces)
        for rows_kept, bytes_read in resting(engine, kept, lambda: found.spent_s + carried_s()):
            if progress:
                progress(ImportProgress(rows_kept, bytes_read, size, known["id"]))
    with writing(engine) as connection:
        lists.finish(connection, known["id"], plain_hold(detector.verdict()))
        _tell(connection, lists.one(connection, controller_id, known["id"]))
    return replace(report(engine, controller_id, known["id"]), read_as=sheet.read_as)


def _mapping(known: Mapping[str, Any] | None) -> dict[Field, str]:
    """The columns with which an import that is resumed began; none where nobody kept them."""
    kept: Mapping[str, str] = (known and known["mapping"]) or {}
    return {Field(name): column for name, column in kept.items()}


def _tell(connection: Connection, row: Mapping[str, Any]) -> None:
    """Other programs are told of a list that is whole, in the transaction in which it is."""
    counts = ("name", "rows", "accepted", "rejected")
    data = {"list_id": row["id"], **{name: row[name] for name in counts}, "held": said(row)}
    subject = f"list {row['id']}"
    event = Event(
        EventKind.LIST_IMPORTED, row["controller_id"], f"{subject} imported", subject,
        datetime.now(UTC), data,
    )  # fmt: skip
    outbox.note(connection, [event])


def fingerprint(file: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size in bytes; leaves the file at its beginning."""
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    size = file.tell()
    file.seek(0)
    return digest.hexdigest(), size


def _kept_before(engine: Engine, list_id: int, line: int) -> Iterator[list[str]]:
    """What an import that was cut short had kept: the whole list is looked at, or nothing is."""
    after: int | None = 0
    while line and after is not None:
        with reading(engine) as connection:
            numbers, after = lists.real_numbers(connection, list_id, after, line, _NUMBERS_AT_ONCE)
        yield numbers


def _some(rows: Iterator[Row]) -> Iterator[Row]:
    first = next(rows, None)
    if first is None:
        raise InvalidInput(
            "file", "it has column names but no rows.", "Choose the file that holds the list."
        )
    return chain([first], rows)


def report(
    engine: Engine, controller_id: int, list_id: int, unchanged: bool = False
) -> ImportReport:
    """What became of an imported file, counted from what is kept.

    Raises:
        NotFound: this controller has no such list.
    """
    with reading(engine) as connection:
        found = lists.one(connection, controller_id, list_id)
        reasons = lists.reject_counts(connection, list_id)
        return ImportReport(
            list_id=list_id,
            name=found["name"],
            unchanged=unchanged,
            rows=found["rows"],
            accepted=found["accepted"],
            rejected=found["rejected"],
            duplicates=reasons.get("duplicate", 0),
            suppressed=lists.suppressed_count(
                connection, controller_id, list_id, datetime.now(UTC)
            ),
            evidence=lists.evidence_counts(connection, list_id),
            reasons=reasons,
            held=said(found),
        )


def rejects(engine: Engine, controller_id: int, list_id: int) -> Iterator[Reject]:
    """The refused rows of a list, in the order of its file, in flat memory.

    No transaction waits for whoever takes them: a slow reader would keep the database's log from
    being emptied.

    Raises:
        NotFound: this controller has no such list.
    """
    after = 0
    while True:
        with reading(engine) as connection:
            lists.one(connection, controller_id, list_id)
            page = lists.rejected(connection, list_id, after, _REJECTS_AT_ONCE)
        if not page:
            return
        after = page[-1]["line"]
        for row in page:
            yield Reject(
                row["line"], row["field"], row["value"], row["code"], row["reason"], row["remedy"]
            )


def declared(row: Mapping[str, Any]) -> Provenance:
    """The provenance that a stored list declares."""
    return Provenance(
        supplier=row["supplier"],
        method=row["method"],
        collected_on=row["collected_on"],
        purposes=tuple(row["purposes"]),
        wordings=row["wordings"],
        basis=BasisKind(row["basis"]),
        channel=Channel(row["channel"]),
        slot=read_slot(row["slot"]) if row["slot"] else None,
        expires_on=row["consent_expires_on"],
    )
