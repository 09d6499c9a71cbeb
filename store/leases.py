"""Who places calls: a lease for each dialer, by the name of its node.

Every write of a dialer checks the token of its lease, so that one which was stopped and continued
after another took over writes nothing more. Nor does it call anybody: whoever takes over a lease
from a process of the same machine that still lives, but was stopped, ends that process first.

An embedded database is driven by one dialer alone, whatever its node is called; on PostgreSQL there
is one for each name. There leases run on the database's clock; otherwise, on one machine, on the
clock of that machine since its start, which nobody can step.
"""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, func, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.dialers import together
from campaigns.errors import LeaseLost, NotAllowed, NotFound
from store import notices
from store.tables import lease

MAIN = "main"
"""The node of a dialer that was given no name."""

LEASE_LASTS = timedelta(seconds=10)
_LONG_AGO = 2 * LEASE_LASTS
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BEAT = "beat"

_ACQUIRING = 0x706F7274766F
"""The number of PostgreSQL's advisory lock: it must be the same in every process."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lock held.

    Attributes:
        name: of the node.
        process: host and process that hold it.
        token: grows by one with each holder.
    """

    name: str
    process: str
    token: int


@dataclass(frozen=True, slots=True)
class Node:
    """A dialer that has a lease, or had one.

    Attributes:
        name: of its node.
        process: host and process.
        alive: it holds its lease now.
        draining: it is to place no more calls.
        capacity: concurrent calls that its PBX carries.
        renewed_at: when it last said so.
        status: what it shows of itself; empty where it is not alive.
    """

    name: str
    process: str
    alive: bool
    draining: bool
    capacity: int
    renewed_at: datetime
    status: Mapping[str, Any]

    @property
    def calls(self) -> bool:
        """Whether it may place calls now."""
        return self.alive and not self.draining and bool(self.status.get("ready"))


def own_process() -> str:
    """This process as a holder: host, process number, and when it began."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def _began(pid: int) -> str:
    """When a process began, in clock ticks since boot (proc(5), field 22); empty if it is over."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def end_lapsed(connection: Connection, now: datetime, name: str = MAIN) -> None:
    """End the holders of leases in our way that have lapsed, where they run on this machine.

    Only reads: a holder that was stopped within a transaction keeps everybody from writing.
    """
    beat = _beat(connection)
    for row in _in_the_way(connection, name):
        if _is_free(row, now, beat):
            _end(row.process)


def acquire(connection: Connection, now: datetime, name: str = MAIN, capacity: int = 1) -> Lease:
    """Take the lock.

    Raises:
        LeaseLost: another dialer holds it.
    """
    process = own_process()
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ACQUIRING)))
    _make_row(connection, now, name)
    own = connection.execute(select(lease).where(lease.c.name == name).with_for_update()).one()
    beat = _beat(connection)
    for row in _in_the_way(connection, name):
        if not _is_free(row, now, beat):
            raise LeaseLost(_refusal(connection, row, name))
        _end(row.process)
    connection.execute(
        update(lease)
        .where(lease.c.name == name)
        .values(
            process=process, token=own.token + 1, renewed_at=now, status={_BEAT: beat},
            capacity=capacity,
        )
    )  # fmt: skip
    return Lease(name, process, own.token + 1)


def _in_the_way(connection: Connection, name: str) -> Sequence[Row[Any]]:
    """Leases of which only one may be held: those of one name, of an embedded database all."""
    asked = select(lease).order_by(lease.c.name)
    if connection.dialect.name == "postgresql":
        asked = asked.where(lease.c.name == name)
    return connection.execute(asked).all()


def _refusal(connection: Connection, held: Row[Any], name: str) -> str:
    """Why this process has to stay out."""
    if connection.dialect.name == "postgresql":
        return f"Another dialer ({held.process}) is the node «{name}». Give this one another name."
    return (
        f"Another dialer ({held.process}) drives this database. Stop it first; several at once "
        "need PostgreSQL."
    )


def _make_row(connection: Connection, now: datetime, name: str) -> None:
    """A row held by nobody, so that two dialers that come first wait for each other."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    free = {
        "name": name, "process": "", "token": 0, "renewed_at": now - _LONG_AGO, "status": {},
        "capacity": 1, "draining": False,
    }  # fmt: skip
    connection.execute(dialect.insert(lease).values(free).on_conflict_do_nothing())


def check(connection: Connection, held: Lease) -> None:
    """Refuse to go on where the lock was taken by another; nobody takes it before the commit.

    Raises:
        LeaseLost: it was.
    """
    found = connection.execute(
        select(lease.c.token, lease.c.process).where(lease.c.name == held.name).with_for_update()
    ).first()
    # One that was forgotten counts from the beginning again.
    if found is None or tuple(found) != (held.token, held.process):
        raise LeaseLost("Another dialer has taken over this database.")


def renew(connection: Connection, held: Lease, now: datetime, status: Mapping[str, Any]) -> None:
    """Hold the lock for longer and show what the dialer is doing.

    Raises:
        LeaseLost: another has taken it.
    """
    check(connection, held)
    connection.execute(
        update(lease)
        .where(lease.c.name == held.name)
        .values(renewed_at=now, status={**status, _BEAT: _beat(connection)})
    )


def release(connection: Connection, held: Lease, now: datetime) -> None:
    """Give the lock back at once."""
    check(connection, held)
    connection.execute(
        update(lease).where(lease.c.name == held.name).values(renewed_at=now - _LONG_AGO, status={})
    )


def forget(connection: Connection, now: datetime) -> None:
    """Have the locks of a restored database be nobody's.

    Their holders may live, on the database that was backed up: whoever takes over a lease that has
    lapsed ends its holder.
    """
    connection.execute(update(lease).values(process="", renewed_at=now - _LONG_AGO, status={}))


def remove(connection: Connection, now: datetime, name: str) -> None:
    """Know no more of a node; one that comes back under its name is a new one.

    Its holder is ended where it runs on this machine, as by one that takes over.

    Raises:
        NotFound: there is none of that name.
        NotAllowed: its dialer runs.
    """
    row = connection.execute(select(lease).where(lease.c.name == name).with_for_update()).first()
    if row is None:
        raise NotFound(f"There is no node «{name}».")
    if not _is_free(row, now, _beat(connection)):
        raise NotAllowed(f"The dialer «{name}» ({row.process}) runs. Stop it first.")
    _end(row.process)
    connection.execute(delete(lease).where(lease.c.name == name))


def drain(connection: Connection, name: str, *, draining: bool) -> None:
    """Have a node place no more calls, or place them again; its calls that are up go on.

    Raises:
        NotFound: there never was one of that name.
    """
    done = connection.execute(update(lease).where(lease.c.name == name).values(draining=draining))
    if not done.rowcount:
        raise NotFound(f"There is no node «{name}».")
    notices.changed(connection)


def nodes(connection: Connection, now: datetime) -> list[Node]:
    """Every dialer that has a lease or had one, by name."""
    rows = connection.execute(select(lease).order_by(lease.c.name)).all()
    beat = _beat(connection)
    return [_node(row, now, beat) for row in rows]


def running(connection: Connection, now: datetime) -> list[str]:
    """Dialers that hold a lease, by node and process, in a database of another version too."""
    there = {one["name"] for one in inspect(connection).get_columns(lease.name)}
    if "process" not in there:  # of before there were nodes, which told processes otherwise
        return []
    columns = [lease.c[one] for one in ("name", "process", "renewed_at", "status")]
    asked = select(*columns)
    beat = _beat(connection)
    return [
        f"{row.name} ({row.process})"
        for row in connection.execute(asked.order_by(lease.c.name))
        if not _is_free(row, now, beat)
    ]


def holder(connection: Connection, now: datetime) -> dict[str, Any] | None:
    """What the running dialers show of themselves, as one; None where none runs."""
    return as_one(nodes(connection, now))


def as_one(found: Iterable[Node]) -> dict[str, Any] | None:
    """What those of these dialers that run show of themselves, as one; None where none runs."""
    alive = [one for one in found if one.alive]
    if not alive:
        return None
    return {
        "node": ", ".join(one.process for one in alive),
        "renewed_at": min(one.renewed_at for one in alive),
        **together([one.status for one in alive]),
    }


def _node(row: Row[Any], now: datetime, beat: tuple[str, float]) -> Node:
    alive = not _is_free(row, now, beat)
    shown = {name: value for name, value in row.status.items() if name != _BEAT}
    return Node(
        row.name, row.process, alive, row.draining, row.capacity, row.renewed_at,
        shown if alive else {},
    )  # fmt: skip


def _is_free(row: Row[Any], now: datetime, beat: tuple[str, float]) -> bool:
    """Whether nobody holds a lease, at this time of the wall and of the clock of all holders."""
    if _is_dead(row.process):
        return True
    clock, then = row.status.get(_BEAT, ("", 0.0))
    here, now_here = beat
    if clock == here:
        return float(now_here - then) >= LEASE_LASTS.total_seconds()
    return bool(row.renewed_at <= now - LEASE_LASTS)


def _beat(connection: Connection) -> tuple[str, float]:
    """A clock that all holders of a lease look at, and its seconds.

    The database's own, where it has one; or this start of this machine, and seconds since it, sleep
    included (clock_gettime(2)).
    """
    if connection.dialect.name == "postgresql":
        clock = func.extract("epoch", func.clock_timestamp())
        return "database", float(connection.execute(select(clock)).scalar_one())
    return _BOOT_ID.read_text().strip(), time.clock_gettime(time.CLOCK_BOOTTIME)


def _end(process: str) -> None:
    """End a holder of this machine that lives and did not renew, as one that was stopped.

    It may have stopped between its last look at a call and the sending of it.
    """
    host, _, rest = process.partition(":")
    pid, _, began = rest.partition(":")
    same = host == socket.gethostname() and bool(pid) and _began(int(pid)) == began
    if same and int(pid) != os.getpid():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(pid), signal.SIGKILL)


def _is_dead(process: str) -> bool:
    """Whether the holder ran on this host and is no more: no need to wait for the lease then.

    A process number alone does not tell: in a container each dialer has the same.
    """
    host, _, rest = process.partition(":")
    pid, _, began = rest.partition(":")
    return not process or (host == socket.gethostname() and _began(int(pid)) != began)
