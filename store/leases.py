"""The lock that lets one dialer alone drive an embedded database.

Every write of the dialer checks its token, so that one which was stopped and continued after
another took over writes nothing more. Nor does it call anybody: whoever takes over a lease from a
process of the same machine that still lives, but was stopped, ends that process first.

On one machine the lease runs on the clock of that machine since its start, which nobody can step;
from machine to machine it runs on the wall clock.
"""

import contextlib
import os
import signal
import socket
import time
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
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BEAT = "beat"


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


def end_lapsed(connection: Connection, now: datetime) -> None:
    """End the holder of a lease that has lapsed, where it runs on this machine.

    Only reads: a holder that was stopped within a transaction keeps everybody from writing.
    """
    row = connection.execute(select(lease).where(lease.c.id == 1)).first()
    if row is not None and _is_free(row, now):
        _end(row.node)


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
    _end(row.node)
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
        update(lease)
        .where(lease.c.id == 1)
        .values(renewed_at=now, status={**status, _BEAT: _beat()})
    )


def release(connection: Connection, held: Lease, now: datetime) -> None:
    """Give the lock back at once."""
    check(connection, held)
    connection.execute(
        update(lease).where(lease.c.id == 1).values(renewed_at=now - _LONG_AGO, status={})
    )


def forget(connection: Connection, now: datetime) -> None:
    """Have the lock of a restored database be nobody's.

    Its holder may live, on the database that was backed up: whoever takes over a lease that has
    lapsed ends its holder.
    """
    connection.execute(update(lease).values(node="", renewed_at=now - _LONG_AGO, status={}))


def holder(connection: Connection, now: datetime) -> dict[str, Any] | None:
    """What the running dialer shows of itself; None where none runs."""
    row = connection.execute(select(lease).where(lease.c.id == 1)).first()
    if row is None or _is_free(row, now):
        return None
    shown = {name: value for name, value in row.status.items() if name != _BEAT}
    return {"node": row.node, "renewed_at": row.renewed_at, **shown}


_TOKEN = select(lease.c.token).where(lease.c.id == 1).with_for_update()


def _is_free(row: Row[Any], now: datetime) -> bool:
    if _is_dead(row.node):
        return True
    machine, since_start = row.status.get(_BEAT, ("", 0.0))
    here, now_here = _beat()
    if machine == here:
        return float(now_here - since_start) >= LEASE_LASTS.total_seconds()
    return bool(row.renewed_at <= now - LEASE_LASTS)


def _beat() -> tuple[str, float]:
    """This start of this machine, and seconds since it, sleep included (clock_gettime(2))."""
    return _BOOT_ID.read_text().strip(), time.clock_gettime(time.CLOCK_BOOTTIME)


def _end(node: str) -> None:
    """End a holder of this machine that lives and did not renew, as one that was stopped.

    It may have stopped between its last look at a call and the sending of it.
    """
    host, _, process = node.partition(":")
    pid, _, began = process.partition(":")
    same = host == socket.gethostname() and bool(pid) and _began(int(pid)) == began
    if same and int(pid) != os.getpid():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(pid), signal.SIGKILL)


def _is_dead(node: str) -> bool:
    """Whether the holder ran on this host and is no more: no need to wait for the lease then.

    A process number alone does not tell: in a container each dialer has the same.
    """
    host, _, process = node.partition(":")
    pid, _, began = process.partition(":")
    return host == socket.gethostname() and _began(int(pid)) != began
