"""Attempts at signing in, to slow down whoever guesses."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from store.tables import sign_in_attempt as kept

WITHIN = timedelta(minutes=15)
"""Failures count for so long."""

KNOWN_FOR = timedelta(days=30)
"""A network from which somebody signed in is theirs for so long; older attempts are forgotten."""


class Stage(StrEnum):
    """What was tried."""

    PASSWORD = "password"  # noqa: S105 -- the word for it
    CODE = "code"
    IDENTITY = "identity"
    KEY = "key"


def begin(
    connection: Connection, email_digest: bytes, network: str, stage: Stage, now: datetime
) -> int:
    """Note an attempt, as failed until `succeed` says otherwise; its id."""
    connection.execute(delete(kept).where(kept.c.at <= now - KNOWN_FOR))
    made = connection.execute(
        insert(kept)
        .values(at=now, email_digest=email_digest, network=network, stage=stage.value)
        .returning(kept.c.id)
    )
    return int(made.scalar_one())


def succeed(connection: Connection, attempt_id: int) -> None:
    """Somebody is signed in by it."""
    connection.execute(update(kept).where(kept.c.id == attempt_id).values(succeeded=True))


def withdraw(connection: Connection, attempt_id: int) -> None:
    """It was neither a success nor a failure: the password was right, the code is to come."""
    connection.execute(delete(kept).where(kept.c.id == attempt_id))


def failures_from(connection: Connection, network: str, now: datetime) -> int:
    """Failures from a network, whoever was tried."""
    return _count(connection, kept.c.network == network, now)


def failures_of(connection: Connection, email_digest: bytes, network: str, now: datetime) -> int:
    """Wrong passwords that slow down an attempt on an address from a network.

    Where somebody signed in with the address from that network before, only failures from there
    count: strangers can't slow down whoever is at home.
    """
    of_address = (kept.c.email_digest == email_digest) & (kept.c.stage == Stage.PASSWORD.value)
    known = connection.execute(
        select(kept.c.network)
        .where(kept.c.email_digest == email_digest, kept.c.succeeded)
        .distinct()
    )
    networks = set(known.scalars())
    if network in networks:
        return _count(connection, of_address & (kept.c.network == network), now)
    return _count(connection, of_address & kept.c.network.not_in(networks), now)


def wrong_codes(connection: Connection, email_digest: bytes, now: datetime) -> int:
    """Wrong codes after the right password of an address, from wherever."""
    of_codes = (kept.c.email_digest == email_digest) & (kept.c.stage == Stage.CODE.value)
    return _count(connection, of_codes, now)


def _count(connection: Connection, condition: ColumnElement[bool], now: datetime) -> int:
    recent = condition & ~kept.c.succeeded & (kept.c.at > now - WITHIN)
    asked = select(func.count()).select_from(kept).where(recent)
    return int(connection.execute(asked).scalar_one())
