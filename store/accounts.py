"""People who sign in, and their roles for controllers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from campaigns.access import Role
from campaigns.errors import NotFound
from store.tables import account, account_role, controller

_COLUMNS = (
    account.c.id, account.c.email, account.c.administrator, account.c.created_at,
    account.c.signed_in_at, account.c.disabled_at, account.c.link_expires_at,
    account.c.totp_secret.is_not(None).label("second_factor"),
    account.c.password.is_not(None).label("has_password"),
    account.c.identity.is_not(None).label("has_identity"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in, without what is secret.

    Attributes:
        has_password: it was chosen; until then only a link, or an identity provider, leads in.
        has_identity: they came by an identity provider, and are known by what it calls them.
        second_factor: a code is asked for after the password.
        link_expires_at: of the last link that sets the password; None where none is open.
    """

    id: int
    email: str
    administrator: bool
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None
    link_expires_at: datetime | None
    second_factor: bool
    has_password: bool
    has_identity: bool


def add(connection: Connection, email: str, now: datetime, *, administrator: bool) -> int | None:
    """A new account without a password; None where there is one of that address."""
    if find(connection, email) is not None:
        return None
    made = connection.execute(
        insert(account)
        .values(email=email, created_at=now, administrator=administrator)
        .returning(account.c.id)
    )
    return int(made.scalar_one())


def find(connection: Connection, email: str) -> Account | None:
    """The account of an address in small letters, disabled or not."""
    row = connection.execute(select(*_COLUMNS).where(account.c.email == email)).mappings().first()
    return Account(**row) if row else None


def of_identity(connection: Connection, identity: str) -> Account | None:
    """Whom an identity provider's name for somebody was given to, disabled or not."""
    asked = select(*_COLUMNS).where(account.c.identity == identity)
    row = connection.execute(asked).mappings().first()
    return Account(**row) if row else None


def one(connection: Connection, account_id: int) -> Account:
    """An account.

    Raises:
        NotFound: there is none of that id.
    """
    asked = select(*_COLUMNS).where(account.c.id == account_id)
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise NotFound("There is no such user.")
    return Account(**row)


def every(connection: Connection) -> list[Account]:
    """All of them, by address."""
    rows = connection.execute(select(*_COLUMNS).order_by(account.c.email)).mappings()
    return [Account(**row) for row in rows]


def are_there(connection: Connection) -> bool:
    """Whether there is any account."""
    return connection.execute(select(account.c.id).limit(1)).first() is not None


def administrators(connection: Connection) -> set[int]:
    """Ids of administrators who are not disabled, locked until the transaction ends."""
    asked = select(account.c.id).where(account.c.administrator, account.c.disabled_at.is_(None))
    return set(connection.execute(asked.with_for_update()).scalars())


def secrets(connection: Connection, account_id: int) -> dict[str, Any]:
    """`password` (its hash), `totp_secret` and `totp_step` of an account."""
    asked = select(account.c.password, account.c.totp_secret, account.c.totp_step)
    row = connection.execute(asked.where(account.c.id == account_id)).mappings().one()
    return dict(row)


def second_factors(connection: Connection) -> list[tuple[int, str]]:
    """Ids of accounts with a second factor, and its secret as it is kept."""
    asked = select(account.c.id, account.c.totp_secret).where(account.c.totp_secret.is_not(None))
    return [(row.id, row.totp_secret) for row in connection.execute(asked.order_by(account.c.id))]


def claim(connection: Connection, account_id: int, identity: str) -> bool:
    """Give an account what an identity provider calls its owner; False where it has one already."""
    done = connection.execute(
        update(account)
        .where(account.c.id == account_id, account.c.identity.is_(None))
        .values(identity=identity)
    )
    return done.rowcount > 0


def change(connection: Connection, account_id: int, **values: Any) -> None:
    """Set columns of an account."""
    connection.execute(update(account).where(account.c.id == account_id).values(**values))


def of_link(connection: Connection, digest: bytes, now: datetime) -> Account | None:
    """Whose link it is, where it is in force and its account is not disabled."""
    asked = select(*_COLUMNS).where(
        account.c.link_digest == digest,
        account.c.link_expires_at > now,
        account.c.disabled_at.is_(None),
    )
    row = connection.execute(asked).mappings().first()
    return Account(**row) if row else None


def take_step(connection: Connection, account_id: int, step: int) -> bool:
    """Note that the code of a time step was taken; False where it, or a later one, was before."""
    done = connection.execute(
        update(account)
        .where(account.c.id == account_id, func.coalesce(account.c.totp_step, -1) < step)
        .values(totp_step=step)
    )
    return done.rowcount > 0


def roles(connection: Connection, account_id: int) -> dict[int, frozenset[Role]]:
    """Roles by controller, of an account that has any there."""
    rows = connection.execute(
        select(account_role.c.controller_id, account_role.c.role).where(
            account_role.c.account_id == account_id
        )
    )
    found: dict[int, frozenset[Role]] = {}
    for row in rows:
        found[row.controller_id] = found.get(row.controller_id, frozenset()) | {Role(row.role)}
    return found


def set_roles(
    connection: Connection, account_id: int, controller_id: int, wanted: Iterable[Role]
) -> None:
    """Give an account exactly these roles for a controller."""
    connection.execute(
        delete(account_role).where(
            account_role.c.account_id == account_id, account_role.c.controller_id == controller_id
        )
    )
    rows = [
        {"account_id": account_id, "controller_id": controller_id, "role": role.value}
        for role in sorted(set(wanted))
    ]
    if rows:
        connection.execute(insert(account_role), rows)


def controllers_of(connection: Connection, account_id: int) -> dict[int, str]:
    """Names by id of the controllers for which an account has a role, by name."""
    rows = connection.execute(
        select(controller.c.id, controller.c.name)
        .where(
            controller.c.id.in_(
                select(account_role.c.controller_id).where(account_role.c.account_id == account_id)
            )
        )
        .order_by(controller.c.name)
    )
    return {row.id: row.name for row in rows}
