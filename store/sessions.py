"""Sessions of the page: each stands for the API key it was opened with."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from store import api_keys
from store.tables import api_key, web_session


def open_session(
    connection: Connection, key_digest: bytes, digest: bytes, now: datetime, expires_at: datetime
) -> bool:
    """Open a session for a key in force; False where there is no such key."""
    connection.execute(delete(web_session).where(web_session.c.expires_at <= now))
    key_id = connection.execute(
        select(api_key.c.id).where(api_key.c.digest == key_digest, api_keys.in_force(now))
    ).scalar()
    if key_id is None:
        return False
    connection.execute(
        insert(web_session).values(digest=digest, api_key_id=key_id, expires_at=expires_at)
    )
    return True


def owner(connection: Connection, digest: bytes, now: datetime) -> tuple[int, str] | None:
    """(controller id, key's name) of a session whose key is still in force, or None."""
    row = connection.execute(
        select(api_key.c.controller_id, api_key.c.name)
        .join(web_session, web_session.c.api_key_id == api_key.c.id)
        .where(
            web_session.c.digest == digest,
            web_session.c.expires_at > now,
            api_keys.in_force(now),
        )
    ).first()
    return (row.controller_id, row.name) if row else None


def close_session(connection: Connection, digest: bytes) -> None:
    """End a session."""
    connection.execute(delete(web_session).where(web_session.c.digest == digest))
