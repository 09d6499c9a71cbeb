"""Links to receipts that people ask for on a public page: kept by digests alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from campaigns.errors import NotFound
from store.tables import privacy_request, receipt_link


def add(connection: Connection, **values: Any) -> None:
    """A new one, of which no code was keyed yet."""
    connection.execute(insert(receipt_link).values(**values))


def is_code(connection: Connection, digest: str) -> bool:
    """Whether a code is taken, in force or not."""
    asked = select(receipt_link.c.id).where(receipt_link.c.code == digest)
    return connection.execute(asked).first() is not None


def by_code(connection: Connection, digest: str) -> dict[str, Any] | None:
    """The link whose code it is, held; None where it was keyed before, or never given."""
    asked = select(receipt_link).where(receipt_link.c.code == digest).with_for_update()
    row = connection.execute(asked).mappings().first()
    return dict(row) if row else None


_SHOWN = select(receipt_link, privacy_request.c.due_on, privacy_request.c.closed_at).outerjoin(
    privacy_request, privacy_request.c.id == receipt_link.c.request_id
)


def by_secret(connection: Connection, digest: bytes) -> dict[str, Any]:
    """A link by the digest of its secret, with `due_on` and `closed_at` of what it asked for.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(_SHOWN.where(receipt_link.c.digest == digest)).mappings().first()
    if row is None:
        raise NotFound("There is no such page.")
    return dict(row)


def of_request(
    connection: Connection, controller_id: int, request_id: int, *, held: bool = False
) -> dict[str, Any] | None:
    """The link whose code opened a request of a controller; held where it is to be changed."""
    asked = select(receipt_link).where(
        receipt_link.c.request_id == request_id, receipt_link.c.controller_id == controller_id
    )
    row = connection.execute(asked.with_for_update() if held else asked).mappings().first()
    return dict(row) if row else None


def change(connection: Connection, link_id: int, **values: Any) -> None:
    """Note what became of one."""
    connection.execute(update(receipt_link).where(receipt_link.c.id == link_id).values(**values))


def forget_person(connection: Connection, controller_id: int, number: str) -> None:
    """Remove what would lead to a receipt of a number of which nothing is held any more."""
    connection.execute(
        delete(receipt_link).where(
            receipt_link.c.controller_id == controller_id, receipt_link.c.number == number
        )
    )


def forget(connection: Connection, before: datetime, count: int) -> int:
    """Remove up to so many that show nothing since before that; how many."""
    some = select(receipt_link.c.id).where(receipt_link.c.expires_at < before).limit(count)
    ids = list(connection.execute(some).scalars())
    connection.execute(delete(receipt_link).where(receipt_link.c.id.in_(ids)))
    return len(ids)
