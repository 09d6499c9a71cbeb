"""Rows of a list that are kept, and those that are not for who they are about."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from operations.contact_rows import ContactRows, ContactValues
from operations.rejects import Reject
from store import lists, suppressions


def judged(
    connection: Connection,
    controller_id: int,
    list_id: int,
    rows: ContactRows,
    read: Sequence[ContactValues | Reject],
) -> list[ContactValues | Reject]:
    """The same rows, refused where the list has the number already, or the person was erased.

    Args:
        connection: of a transaction.
        controller_id: whose list.
        list_id: the list.
        rows: what read them.
        read: rows that follow those of the list.

    Raises:
        SuppressionKeyMissing: somebody was erased, and nobody can tell who.
    """
    numbers = [row["number"] for row in read if isinstance(row, dict)]
    lines = lists.lines_of(connection, list_id, numbers)
    erased = suppressions.erased_among(connection, controller_id, numbers, datetime.now(UTC))
    found: list[ContactValues | Reject] = []
    for row in read:
        if isinstance(row, Reject):
            found.append(row)
        elif row["number"] in erased:
            found.append(rows.erased(row["line"]))
        elif (first := lines.setdefault(row["number"], row["line"])) != row["line"]:
            found.append(rows.duplicate(row["line"], first, row["number"]))
        else:
            found.append(row)
    return found


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
