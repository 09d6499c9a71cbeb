"""Sessions of the page: each stands for a person, or for the API key it was opened with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from store import api_keys
from store.tables import account, api_key, set_up_token, web_session

IDLE = timedelta(hours=2)
"""Without a request for so long, a session has ended."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is in force.

    Attributes:
        account_id: whose; None for one opened with an API key.
        api_key_id: of that key; None for a person's.
        controller_id: on whose behalf; None for none.
        awaits_code: only the password was right so far: it opens nothing yet.
    """

    account_id: int | None
    api_key_id: int | None
    controller_id: int | None
    awaits_code: bool
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime


def open_session(connection: Connection, digest: bytes, session: Session) -> None:
    """Keep a new session, and forget those that have ended."""
    connection.execute(delete(web_session).where(web_session.c.expires_at <= session.opened_at))
    values = {name: getattr(session, name) for name in Session.__slots__}
    connection.execute(insert(web_session).values(digest=digest, **values))


def find(connection: Connection, digest: bytes, now: datetime) -> Session | None:
    """The session of a token, where neither it nor what it stands for has ended."""
    asked = (
        select(*(web_session.c[name] for name in Session.__slots__))
        .outerjoin(account, account.c.id == web_session.c.account_id)
        .outerjoin(api_key, api_key.c.id == web_session.c.api_key_id)
        .where(
            web_session.c.digest == digest,
            web_session.c.expires_at > now,
            web_session.c.seen_at > now - IDLE,
            account.c.disabled_at.is_(None),
            api_keys.in_force(now),
        )
    )
    row = connection.execute(asked).mappings().first()
    return Session(**row) if row else None


def of_account(connection: Connection, account_id: int, now: datetime) -> list[Session]:
    """The sessions of a person, newest first."""
    asked = select(*(web_session.c[name] for name in Session.__slots__)).where(
        web_session.c.account_id == account_id,
        web_session.c.expires_at > now,
        web_session.c.seen_at > now - IDLE,
        ~web_session.c.awaits_code,
    )
    rows = connection.execute(asked.order_by(web_session.c.opened_at.desc())).mappings()
    return [Session(**row) for row in rows]


def seen(connection: Connection, digest: bytes, now: datetime) -> None:
    """Note that a session was used."""
    connection.execute(
        update(web_session).where(web_session.c.digest == digest).values(seen_at=now)
    )


def act_for(connection: Connection, digest: bytes, controller_id: int) -> None:
    """Have a session act for another controller."""
    connection.execute(
        update(web_session)
        .where(web_session.c.digest == digest)
        .values(controller_id=controller_id)
    )


def close_session(connection: Connection, digest: bytes) -> None:
    """End a session."""
    connection.execute(delete(web_session).where(web_session.c.digest == digest))


def close_all(connection: Connection, account_id: int, but: bytes = b"") -> int:
    """End every session of a person but one; how many there were."""
    done = connection.execute(
        delete(web_session).where(
            web_session.c.account_id == account_id, web_session.c.digest != but
        )
    )
    return done.rowcount


def forget_all(connection: Connection) -> None:
    """End every session, and make every link that sets a password useless."""
    connection.execute(delete(web_session))
    connection.execute(delete(set_up_token))
    connection.execute(update(account).values(link_digest=None, link_expires_at=None))
