"""Tables of constituencies: imported by the operator, asked by campaigns, and who is left over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, BinaryIO, TextIO

from sqlalchemy import Engine

from campaigns.contacts.constituency import Address, Doubt, is_complete
from campaigns.contacts.segments import Place
from campaigns.errors import InvalidInput, NotAllowed
from operations.addresses import place_list
from operations.columns import PLACE_FIELDS, Columns, Field, match_columns
from operations.exports import write_csv
from operations.filling import check_open
from operations.giving_way import resting
from operations.import_list import fingerprint
from operations.rejects import Reject, bad_row
from operations.rows import BadRow, Row
from operations.spreadsheet import open_sheet
from operations.workspace import Workspace
from store import audit, places, targets
from store import campaigns as kept
from store.engine import reading, writing

_BATCH = 500
_LONGEST = 200
_DOUBTFUL_COLUMNS = (
    "list", "line", "external_id", "postcode", "commune", "insee", "station", "reason", "remedy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableReport:
    """What became of a file of constituencies.

    Attributes:
        table_id: the table it is.
        unchanged: it is the table that was asked already, and nothing was done.
        rows: places it knows.
        constituencies: how many different ones they are of.
        rejects: rows that were refused.
    """

    table_id: int
    unchanged: bool
    rows: int
    constituencies: int
    rejects: tuple[Reject, ...] = ()


def import_table(
    engine: Engine,
    file: BinaryIO,
    *,
    file_name: str,
    by: str,
    mapping: Mapping[Field, str] | None = None,
) -> TableReport:
    """Import a CSV or XLSX file of places, each with its constituency.

    A place is an INSEE code, or postcode and commune, and may be narrowed to a polling station. It
    is asked by what is prepared from then on; campaigns keep the table they were prepared with.

    Raises:
        InvalidInput: the file has no column of constituencies, or no row that can be read.
    """
    sha256, _ = fingerprint(file)
    with reading(engine) as connection:
        known = places.newest(connection)
    if known and known["sha256"] == sha256:
        return _report(engine, known["id"], known["rows"], unchanged=True)
    sheet = open_sheet(file)
    columns = match_columns(sheet.header, PLACE_FIELDS, mapping)
    if Field.CONSTITUENCY not in columns.places:
        raise InvalidInput(
            "header", "no column looks like a constituency.", "Name it circonscription."
        )
    rejects: list[Reject] = []
    rows = _read(sheet.rows(), columns, rejects)
    return _keep(engine, rows, rejects, file_name, sha256, by)


def doubtful(
    workspace: Workspace, controller_id: int, campaign_id: int
) -> Iterator[dict[str, Any]]:
    """People of a campaign who are held back for their address, in the order of its targets.

    Raises:
        NotFound: the controller has no such campaign.
    """
    after = 0
    while True:
        with reading(workspace.engine) as connection:
            kept.row(connection, controller_id, campaign_id)
            selection = kept.selection(connection, campaign_id)
            table_id = selection.table_id if selection else 0
            page = places.doubtful(connection, campaign_id, table_id, after, _BATCH)
        if not page:
            return
        yield from page
        after = page[-1]["id"]


def write_doubtful(file: TextIO, people: Iterator[dict[str, Any]]) -> int:
    """Write them as CSV with the reason for each; how many."""
    return write_csv(file, _DOUBTFUL_COLUMNS, map(_doubtful_row, people))


def resolve(workspace: Workspace, controller_id: int, campaign_id: int, by: str) -> int:
    """Look again for those held back for their address, by the newest table; how many were found.

    Those who are found wait to be called, each with their variant. The others stay held back.

    Raises:
        NotFound: the controller has no such campaign.
        NotAllowed: it has ended, or asks for no constituency.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        plain = kept.row(connection, controller_id, campaign_id)["selection"]
        selection = kept.selection(connection, campaign_id)
        table = places.newest(connection)
        if selection is None or table is None or not selection.asks(Place.CONSTITUENCY):
            raise NotAllowed("Nobody of this campaign is called by constituency.")
        check_open(connection, campaign_id)
        kept.ask_table(connection, campaign_id, {**plain, "table": table["id"]})
        audit.record(
            connection, now, by, "campaign.resolve", f"campaign {campaign_id}", controller_id,
            {"constituencies": table["id"]},
        )  # fmt: skip
        list_ids = kept.lists_of(connection, campaign_id)
    return sum(resting(workspace.engine, _resolved(workspace.engine, campaign_id, list_ids)))


def _resolved(engine: Engine, campaign_id: int, list_ids: list[int]) -> Iterator[int]:
    with reading(engine) as connection:
        selection = kept.selection(connection, campaign_id)
    if selection is None:
        return
    for list_id in list_ids:
        for _ in place_list(engine, list_id, selection.table_id):
            yield 0
    after: int | None = 0
    while after is not None:
        with writing(engine) as connection:
            check_open(connection, campaign_id)
            found, after = targets.revive_doubtful(
                connection, campaign_id, selection, after, _BATCH, datetime.now(UTC)
            )
        yield found


def _keep(
    engine: Engine,
    rows: Iterator[dict[str, Any]],
    rejects: list[Reject],
    file_name: str,
    sha256: str,
    by: str,
) -> TableReport:
    now = datetime.now(UTC)
    with writing(engine) as connection:
        table_id = places.add_table(connection, file_name, sha256, by, now)
    count = 0
    while batch := list(islice(rows, _BATCH)):
        with writing(engine) as connection:
            places.add_rows(connection, table_id, batch)
        count += len(batch)
    if not count:
        raise InvalidInput("file", "no row of it can be read.", "See the reasons in --rejects.")
    with writing(engine) as connection:
        places.make_ready(connection, table_id, count)
        detail = {"rows": count, "refused": len(rejects), "sha256": sha256}
        subject = f"table {table_id}"
        audit.record(connection, now, by, "constituencies.import", subject, None, detail)
    return _report(engine, table_id, count, rejects=tuple(rejects))


def _report(
    engine: Engine,
    table_id: int,
    rows: int,
    *,
    unchanged: bool = False,
    rejects: tuple[Reject, ...] = (),
) -> TableReport:
    with reading(engine) as connection:
        found = places.constituencies(connection, table_id)
    return TableReport(table_id, unchanged, rows, len(found), rejects)


def _read(rows: Iterator[Row], columns: Columns, rejects: list[Reject]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if isinstance(row, BadRow):
            rejects.append(bad_row(row))
            continue
        cells = {field: row.cells[place].strip() for field, place in columns.places.items()}
        fault = _fault(cells)
        if fault is None:
            yield {"line": row.line, **{one.value: cells.get(one, "") for one in PLACE_FIELDS}}
        else:
            field, code, reason, remedy = fault
            value = cells.get(field, "")
            rejects.append(Reject(row.line, columns.name_of(field), value, code, reason, remedy))


def _fault(cells: Mapping[Field, str]) -> tuple[Field, str, str, str] | None:
    """Field, code, reason and remedy of what is wrong with a row."""
    constituency = cells.get(Field.CONSTITUENCY, "")
    if not 1 <= len(constituency) <= _LONGEST:
        return Field.CONSTITUENCY, "no_constituency", "It names no constituency.", "Write it there."
    address = Address(*(cells.get(field, "") for field in PLACE_FIELDS[:-1]))
    if not is_complete(address):
        remedy = "Give an INSEE code, or a postcode and a commune that agree."
        return Field.COMMUNE, "no_place", "It names no one place.", remedy
    return None


def _doubtful_row(one: dict[str, Any]) -> tuple[object, ...]:
    doubt = Doubt(one["doubt"]) if one["doubt"] else Doubt.UNKNOWN
    return (
        one["list_id"], one["line"], one["external_id"] or "", one["postcode"], one["commune"],
        one["insee"], one["station"], doubt.value, doubt.said,
    )  # fmt: skip
