"""Rows of a list, kept from what is ready beside their tables; whatever is there already stays.

An import that died may have kept some of them before.
"""

from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, true
from sqlalchemy.dialects import postgresql, sqlite

from store.staging import Staging
from store.tables import contact, rejected_row


class Repeated(NamedTuple):
    """A row whose number the list has on another line."""

    line: int
    first: int
    number: str


def look_up(connection: Connection, stage: Staging) -> None:
    """Read what `add_contacts` will read, before it does so with the write lock in its hands.

    The index of the numbers of a large list lies on the disk, where it has been left alone for a
    while, and reading it there may take as long as a dialer must not wait.

    Args:
        connection: of a transaction of the stage that only reads.
        stage: with the contacts.
    """
    ready = stage.beside(contact)
    there = (
        select(contact.c.id)
        .where(contact.c.number == ready.c.number, contact.c.list_id == ready.c.list_id)
        .exists()
    )
    connection.execute(select(func.count()).select_from(ready).where(there)).scalar_one()


def add_contacts(connection: Connection, stage: Staging, count: int) -> list[Repeated]:
    """Keep contacts of one list, but for those whose number it has.

    Args:
        connection: of the stage's writing transaction.
        stage: with the contacts; of two with one number the first is kept.
        count: how many they are.
    """
    ready = stage.beside(contact)
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    names, rows = ready.columns.keys(), select(ready).where(true())
    kept = dialect.insert(contact).from_select(names, rows).on_conflict_do_nothing()
    # Of an INSERT the count is thrown away on PostgreSQL unless it is asked for.
    added = connection.execute(kept, execution_options={"preserve_rowcount": True}).rowcount
    if added == count:
        return []
    # As a subquery: what is ready is gone through, and each looked for along the index of numbers.
    first = (
        select(contact.c.line)
        .where(contact.c.number == ready.c.number, contact.c.list_id == ready.c.list_id)
        .scalar_subquery()
    )
    repeated = select(ready.c.line, first, ready.c.number).where(first != ready.c.line)
    return [Repeated(*row) for row in connection.execute(repeated)]


def add_refused(connection: Connection, stage: Staging) -> None:
    """Keep refused rows, but for those whose line was refused before."""
    ready = stage.beside(rejected_row)
    there = (
        select(rejected_row.c.id)
        .where(rejected_row.c.list_id == ready.c.list_id, rejected_row.c.line == ready.c.line)
        .exists()
    )
    connection.execute(
        insert(rejected_row).from_select(ready.columns.keys(), select(ready).where(~there))
    )
