"""Undoing an import: a list that was a mistake goes, and its file can be imported again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine

from campaigns.errors import NotAllowed
from operations.giving_way import resting, until_none
from store import audit, consent_forms, list_uses, lists, places, retention
from store.engine import reading, writing
from store.lists import ListState

AT_ONCE = 500
"""Rows removed in one transaction: the write lock is held for some milliseconds."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of a list.

    Attributes:
        list_id: the list it was.
        name: its name.
        contacts: contacts that were removed now; none where that was done before.
        rejected: refused rows that were.
    """

    list_id: int
    name: str
    contacts: int
    rejected: int


def undo_import(engine: Engine, controller_id: int, list_id: int, by: str) -> Undone:
    """Remove the people of a list that no campaign calls or called.

    What the list was stays on record, without anybody in it. It may be cut short at any moment:
    asked again, it goes on. Suppressions stay.

    Raises:
        NotFound: the controller has no such list.
        NotAllowed: campaigns have its people, and are named; or an open consent form feeds it.
    """
    with reading(engine) as connection:
        done_with = list_uses.done_with(connection, list_id)
    with writing(engine) as connection:
        row = lists.one(connection, controller_id, list_id)
        campaigns = list_uses.campaigns_of(connection, list_id)
        _check_unused(row, [name for one, name in campaigns.items() if one not in done_with])
        _check_unfed(connection, row)
        if row["state"] != ListState.REMOVED:
            _close(connection, row, by)
    _removed(engine, retention.remove_submissions, list_id)
    _removed(engine, places.remove, list_id)
    return Undone(
        list_id=list_id,
        name=row["name"],
        contacts=_removed(engine, retention.remove_contacts, list_id),
        rejected=_removed(engine, retention.remove_rejected, list_id),
    )


def _check_unused(row: dict[str, Any], campaigns: Sequence[str]) -> None:
    if campaigns:
        named = ", ".join(f"«{name}»" for name in campaigns)
        raise NotAllowed(
            f"The import of «{row['name']}» cannot be undone: its people are in {named}."
        )


def _check_unfed(connection: Connection, row: dict[str, Any]) -> None:
    slug = consent_forms.feeding(connection, row["id"])
    if slug is not None:
        raise NotAllowed(
            f"«{row['name']}» is fed by the consent form «{slug}». Close the form first."
        )


def _close(connection: Connection, row: dict[str, Any], by: str) -> None:
    """From now on no campaign takes it, no import goes on with it, and its file is a new one."""
    retention.close_list(connection, row["id"])
    audit.record(
        connection,
        datetime.now(UTC),
        by,
        "list.undo",
        f"list {row['id']}",
        row["controller_id"],
        {"sha256": row["sha256"], "contacts": row["accepted"], "rejected": row["rejected"]},
    )


def _removed(engine: Engine, remove: Callable[[Connection, int, int], int], list_id: int) -> int:
    pieces = until_none(engine, lambda connection: remove(connection, list_id, AT_ONCE))
    return sum(resting(engine, pieces))
