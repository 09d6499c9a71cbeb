"""The lock that lets one dialer alone drive an embedded database.

Every write of the dialer checks its token, so that one which was stopped and continued after
another took over writes nothing more.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.errors import LeaseLost
from store.tables import lease

LEASE_LASTS = timedelta(seconds=10)
_LONG_AGO = 2 * LEASE_LASTS


@dataclass(frozen=True, slots=True)
class Lease:
    """A lock held.

    Attributes:
        node: host and process that hold it.
        token: grows by one with each holder.
    """

    node: str
    token: int


def own_node() -> str:
    """Name of this process as a holder: host, process number, and when it began."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def _began(pid: int) -> str:
    """When a process began, in clock ticks since boot (proc(5), field 22); empty if it is over."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def acquire(connection: Connection, now: datetime) -> Lease:
    """Take the lock.

    Raises:
        LeaseLost: another dialer holds it.
    """
    node = own_node()
    _make_row(connection, now)
    row = connection.execute(select(lease).where(lease.c.id == 1).with_for_update()).one()
    if not _is_free(row, now):
        raise LeaseLost(f"Another dialer ({row.node}) drives this database. Stop it first.")
    connection.execute(
        update(lease).where(lease.c.id == 1).values(node=node, token=row.token + 1, renewed_at=now)
    )
    return Lease(node, row.token + 1)


def _make_row(connection: Connection, now: datetime) -> None:
    """The one row, held by nobody, so that two dialers that come first wait for each other."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    free = {"id": 1, "node": "", "token": 0, "renewed_at": now - _LONG_AGO, "status": {}}
    connection.execute(dialect.insert(lease).values(free).on_conflict_do_nothing())


def check(connection: Connection, held: Lease) -> None:
    """Refuse to go on where the lock was taken by another; nobody takes it before the commit.

    Raises:
        LeaseLost: it was.
    """
    if connection.execute(_TOKEN).scalar() != held.token:
        raise LeaseLost("Another dialer has taken over this database.")


def renew(connection: Connection, held: Lease, now: datetime, status: Mapping[str, Any]) -> None:
    """Hold the lock for longer and show what the dialer is doing.

    Raises:
        LeaseLost: another has taken it.
    """
    check(connection, held)
    connection.execute(
        update(lease).where(lease.c.id == 1).values(renewed_at=now, status=dict(status))
    )


def release(connection: Connection, held: Lease, now: datetime) -> None:
    """Give the lock back at once."""
    check(connection, held)
    connection.execute(
        update(lease).where(lease.c.id == 1).values(renewed_at=now - _LONG_AGO, status={})
    )


def holder(connection: Connection, now: datetime) -> dict[str, Any] | None:
    """What the running dialer shows of itself; None where none runs."""
    row = connection.execute(select(lease).where(lease.c.id == 1)).first()
    if row is None or _is_free(row, now):
        return None
    return {"node": row.node, "renewed_at": row.renewed_at, **row.status}


_TOKEN = select(lease.c.token).where(lease.c.id == 1).with_for_update()


def _is_free(row: Row[Any], now: datetime) -> bool:
    return row.renewed_at <= now - LEASE_LASTS or _is_dead(row.node)


def _is_dead(node: str) -> bool:
    """Whether the holder ran on this host and is no more: no need to wait for the lease then.

    A process number alone does not tell: in a container each dialer has the same.
    """
    host, _, process = node.partition(":")
    pid, _, began = process.partition(":")
    return host == socket.gethostname() and _began(int(pid)) != began
