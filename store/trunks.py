"""What is kept of trunks: who armed one, and limits changed since the settings were read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from store import notices
from store.tables import caller_id, trunk


@dataclass(frozen=True, slots=True)
class TrunkRecord:
    """Kept about one trunk; None where nothing was said."""

    name: str
    armed_by: str | None = None
    armed_at: datetime | None = None
    max_channels: int | None = None
    max_cps: float | None = None


def all_of(connection: Connection) -> dict[str, TrunkRecord]:
    """Every record by name."""
    rows = connection.execute(select(trunk)).mappings()
    return {row["name"]: TrunkRecord(**row) for row in rows}


def ensure(connection: Connection, name: str) -> None:
    """Make a record for a trunk of the settings."""
    if connection.execute(select(trunk.c.name).where(trunk.c.name == name)).first() is None:
        connection.execute(insert(trunk).values(name=name))


def arm(connection: Connection, name: str, by: str, now: datetime) -> None:
    """A named person lets a real trunk place calls."""
    ensure(connection, name)
    connection.execute(update(trunk).where(trunk.c.name == name).values(armed_by=by, armed_at=now))
    notices.changed(connection)


def disarm(connection: Connection, name: str) -> None:
    """It may place no call any more."""
    connection.execute(
        update(trunk).where(trunk.c.name == name).values(armed_by=None, armed_at=None)
    )
    notices.changed(connection)


def limit(
    connection: Connection, name: str, max_channels: int | None, max_cps: float | None
) -> None:
    """Change a trunk's limits; None leaves one as it is."""
    ensure(connection, name)
    values = {"max_channels": max_channels, "max_cps": max_cps}
    given = {key: value for key, value in values.items() if value is not None}
    if given:
        connection.execute(update(trunk).where(trunk.c.name == name).values(**given))
        notices.changed(connection)


def attest(connection: Connection, name: str, number: str, by: str, now: datetime) -> None:
    """A named person answers for a caller id being answered when it is called back."""
    mine = (caller_id.c.trunk == name) & (caller_id.c.number == number)
    connection.execute(delete(caller_id).where(mine))
    connection.execute(
        insert(caller_id).values(trunk=name, number=number, attested_by=by, attested_at=now)
    )


@dataclass(frozen=True, slots=True)
class Attestation:
    """Who answers for a caller id, and since when."""

    by: str
    at: datetime


def attestation(connection: Connection, name: str, number: str) -> Attestation | None:
    """Who answers for a caller id on a trunk; None for nobody."""
    found = connection.execute(
        select(caller_id.c.attested_by, caller_id.c.attested_at).where(
            caller_id.c.trunk == name, caller_id.c.number == number
        )
    ).first()
    return None if found is None else Attestation(*found)
