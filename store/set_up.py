"""The one-time token of the first set-up."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from store.tables import set_up_token


def put(connection: Connection, digest: bytes, now: datetime) -> None:
    """Keep a token by its SHA-256 in the place of any there was."""
    connection.execute(delete(set_up_token))
    connection.execute(insert(set_up_token).values(digest=digest, made_at=now))


def is_token(connection: Connection, digest: bytes) -> bool:
    """Whether it is the token in force."""
    asked = select(set_up_token.c.digest).where(set_up_token.c.digest == digest)
    return connection.execute(asked).first() is not None


def forget(connection: Connection) -> None:
    """No token is in force any more."""
    connection.execute(delete(set_up_token))
