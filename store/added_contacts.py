"""Contacts that come one by one, behind those of a list's file."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from campaigns.errors import NotFound
from store.tables import contact, contact_list, rejected_row


def locked_list(connection: Connection, controller_id: int, list_id: int) -> dict[str, Any]:
    """One list, which nobody else changes until the transaction ends.

    Raises:
        NotFound: there is none of that id for this controller.
    """
    found = connection.execute(
        select(contact_list)
        .where(contact_list.c.id == list_id, contact_list.c.controller_id == controller_id)
        .with_for_update()
    )
    row = found.mappings().first()
    if row is None:
        raise NotFound(f"There is no list {list_id}.")
    return dict(row)


def add(
    connection: Connection, contacts: Sequence[dict[str, Any]], refused: Sequence[dict[str, Any]]
) -> list[int]:
    """Keep rows; the ids of the contacts, in order."""
    if refused:
        connection.execute(insert(rejected_row), list(refused))
    if not contacts:
        return []
    made = insert(contact).returning(contact.c.id, sort_by_parameter_order=True)
    return list(connection.execute(made, list(contacts)).scalars())


def one(connection: Connection, list_id: int, contact_id: int) -> dict[str, Any]:
    """One contact of a list.

    Raises:
        NotFound: the list has none of that id.
    """
    found = connection.execute(
        select(contact).where(contact.c.id == contact_id, contact.c.list_id == list_id)
    )
    row = found.mappings().first()
    if row is None:
        raise NotFound(f"There is no contact {contact_id} in list {list_id}.")
    return dict(row)


def last_real_numbers(connection: Connection, list_id: int, count: int) -> list[str]:
    """The last numbers of a list that are of no range kept for fiction, in its order."""
    rows = connection.execute(
        select(contact.c.number, contact.c.fictional)
        .where(contact.c.list_id == list_id)
        .order_by(contact.c.line.desc())
        .limit(count)
    ).all()
    return [row.number for row in reversed(rows) if not row.fictional]
