"""Rows of a list that are kept, and those that are not for who they are about."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from operations.columns import Columns, Field
from operations.contact_rows import ContactValues
from operations.rejects import Reject
from store import lists, suppressions


def judged(
    connection: Connection,
    controller_id: int,
    list_id: int,
    columns: Columns,
    read: Sequence[ContactValues | Reject],
) -> list[ContactValues | Reject]:
    """The same rows, refused where the list has the number already, or the person was erased.

    Args:
        connection: of a transaction.
        controller_id: whose list.
        list_id: the list.
        columns: what its columns mean.
        read: rows that follow those of the list.

    Raises:
        SuppressionKeyMissing: somebody was erased, and nobody can tell who.
    """
    numbers = [row.number for row in read if isinstance(row, ContactValues)]
    lines = lists.lines_of(connection, list_id, numbers)
    erased = suppressions.erased_among(connection, controller_id, numbers, datetime.now(UTC))
    found: list[ContactValues | Reject] = []
    for row in read:
        if isinstance(row, Reject):
            found.append(row)
        elif row.number in erased:
            found.append(erased_row(columns, row.line))
        elif (first := lines.setdefault(row.number, row.line)) != row.line:
            found.append(duplicate_row(columns, row.line, first, row.number))
        else:
            found.append(row)
    return found


def duplicate_row(columns: Columns, line: int, first: int, number: str) -> Reject:
    """The refusal of a number that the list holds already."""
    return Reject(
        line,
        columns.name_of(Field.PHONE),
        number,
        "duplicate",
        f"The same number is on line {first}.",
        "Nothing to do: the first row is kept, and the number is called once.",
    )


def erased_row(columns: Columns, line: int) -> Reject:
    """The refusal of a person who asked to be erased: nothing of the row is kept."""
    return Reject(
        line,
        columns.name_of(Field.PHONE),
        "",
        "erased",
        "This person asked for everything about them to be erased.",
        "Nothing to do: they are not called. Have your supplier take them out of its file.",
    )


def rejected_values(list_id: int, reject: Reject) -> dict[str, object]:
    """A refused row as the list keeps it."""
    return {
        "list_id": list_id,
        "line": reject.line,
        "field": reject.field,
        "value": reject.value,
        "code": reject.code,
        "reason": reject.reason,
        "remedy": reject.remedy,
    }
