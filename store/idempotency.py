"""Answers kept for a day, so that a request sent twice is done once.

The `Idempotency-Key` header of draft-ietf-httpapi-idempotency-key-header-07.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from store.tables import idempotency

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a key.

    Attributes:
        fingerprint: SHA-256 of what was asked.
        status: of the answer; None while the first request is still being answered.
        answer: its JSON.
    """

    fingerprint: str
    status: int | None
    answer: Any


def begin(
    connection: Connection, controller_id: int, key: str, fingerprint: str, now: datetime
) -> Kept | None:
    """Take a key for a request; what is kept of it where it was taken before."""
    forget_old(connection, now)
    found = connection.execute(
        select(idempotency.c.fingerprint, idempotency.c.status, idempotency.c.answer).where(
            idempotency.c.controller_id == controller_id, idempotency.c.key == key
        )
    ).first()
    if found is not None:
        return Kept(found.fingerprint, found.status, found.answer)
    connection.execute(
        insert(idempotency).values(
            controller_id=controller_id, key=key, fingerprint=fingerprint, created_at=now
        )
    )
    return None


def keep(connection: Connection, controller_id: int, key: str, status: int, answer: Any) -> None:
    """Keep the answer that was given."""
    connection.execute(
        update(idempotency)
        .where(idempotency.c.controller_id == controller_id, idempotency.c.key == key)
        .values(status=status, answer=answer)
    )


def forget(connection: Connection, controller_id: int, key: str) -> None:
    """Free a key whose request failed, so that it can be mended and sent again."""
    connection.execute(
        delete(idempotency).where(
            idempotency.c.controller_id == controller_id, idempotency.c.key == key
        )
    )


def forget_old(connection: Connection, now: datetime) -> None:
    """Remove answers that nobody may ask for again: they may hold numbers."""
    connection.execute(delete(idempotency).where(idempotency.c.created_at <= now - KEPT_FOR))


def forget_unanswered(connection: Connection) -> None:
    """Free the keys of requests that died with their server."""
    connection.execute(delete(idempotency).where(idempotency.c.status.is_(None)))
