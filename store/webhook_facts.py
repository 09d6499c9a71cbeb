"""What is told of a person in an event, looked up when it is told.

The outbox holds no number and no name of anybody, so that nothing in it outlives an erasure or the
time for which people are kept.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from campaigns.contacts.suppression_key import known_number
from store.tables import contact, suppression, target


def told(connection: Connection, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an event with the person's number and the owner's name for them, where known."""
    found: dict[str, Any] = dict(data)
    if "target_id" in data:
        found |= _target(connection, data["target_id"])
    elif "suppression_id" in data:
        found |= _suppression(connection, data["suppression_id"])
    return found


def _target(connection: Connection, target_id: int) -> dict[str, Any]:
    row = connection.execute(
        select(target.c.number, contact.c.external_id, contact.c.list_id, contact.c.line)
        .join(contact, contact.c.id == target.c.contact_id)
        .where(target.c.id == target_id)
    ).first()
    if row is None:
        return {"number": None, "external_id": None, "list_id": None, "line": None}
    number = known_number(row.number) or None
    return {**row._mapping, "number": number}  # noqa: SLF001 -- public by its documentation


def _suppression(connection: Connection, suppression_id: int | None) -> dict[str, Any]:
    found = select(suppression.c.number).where(suppression.c.id == suppression_id)
    return {"number": known_number(connection.execute(found).scalar()) or None}
