"""Recovery codes, each of which stands for one code of a lost telephone."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from store.tables import recovery_code


def replace(connection: Connection, account_id: int, digests: Sequence[bytes]) -> None:
    """Keep these codes of an account, and no other."""
    connection.execute(delete(recovery_code).where(recovery_code.c.account_id == account_id))
    rows = [{"account_id": account_id, "digest": one} for one in digests]
    if rows:
        connection.execute(insert(recovery_code), rows)


def take(connection: Connection, account_id: int, digest: bytes) -> bool:
    """Whether it is a code of the account; it is none after."""
    done = connection.execute(
        delete(recovery_code).where(
            recovery_code.c.account_id == account_id, recovery_code.c.digest == digest
        )
    )
    return done.rowcount > 0


def count(connection: Connection, account_id: int) -> int:
    """How many an account has left."""
    asked = select(func.count()).where(recovery_code.c.account_id == account_id)
    return int(connection.execute(asked).scalar_one())
