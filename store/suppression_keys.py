"""Which suppression key a database was used with, and whether this process has it.

The key itself is never in the database, only its fingerprint. Whoever asks whether a number is
suppressed reads the fingerprint in the same statement: a process without the key, or with another
one, can't tell who was erased, and is told so at its first question.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, case, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.contacts.suppression_key import SuppressionKey
from campaigns.errors import SuppressionKeyMissing
from store.tables import suppression_key

_keys: WeakKeyDictionary[Engine, SuppressionKey] = WeakKeyDictionary()

_FINGERPRINT = select(suppression_key.c.fingerprint)

USED, UNUSED = "used", "unused"
STANDING = select(
    suppression_key.c.fingerprint,
    case((suppression_key.c.erased_at.is_(null()), UNUSED), else_=USED),
)
"""The fingerprint and whether anybody was erased: one row, or none before the first start. Asked in
the statement that looks for numbers, so that both are of one moment."""


def use(engine: Engine, key: SuppressionKey | None) -> None:
    """Say which key this process has for a database; None for none."""
    if key is None:
        _keys.pop(engine, None)
    else:
        _keys[engine] = key


def in_use(engine: Engine) -> SuppressionKey | None:
    """The key that this process has."""
    return _keys.get(engine)


def check(engine: Engine, recorded: str | None) -> None:
    """Make sure that this process can tell who was erased.

    Args:
        engine: of the database.
        recorded: the fingerprint there; None where no key was ever used.

    Raises:
        SuppressionKeyMissing: it cannot.
    """
    if recorded is None:
        return
    key = in_use(engine)
    if key is None:
        raise SuppressionKeyMissing("The suppression key is missing.")
    if key.fingerprint != recorded:
        raise SuppressionKeyMissing(
            "The suppression key is not the one that this database was used with."
        )


def digests(
    engine: Engine, rows: Iterable[Sequence[Any]], numbers: Iterable[str]
) -> dict[str, str]:
    """Numbers by the digests under which their suppressions may be kept.

    Empty where nobody was ever erased, which costs nothing.

    Args:
        engine: of the database.
        rows: among them that of `STANDING`, which has one of its words in the second place.
        numbers: those that are asked for.

    Raises:
        SuppressionKeyMissing: there may be such, and this process cannot tell.
    """
    recorded, word = next((row[:2] for row in rows if row[1] in {USED, UNUSED}), (None, UNUSED))
    check(engine, recorded)
    key = in_use(engine)
    if key is None or word == UNUSED:
        return {}
    return {key.digest(number): number for number in numbers}


def needed(connection: Connection) -> SuppressionKey:
    """The key, which the caller cannot do without.

    Raises:
        SuppressionKeyMissing: there is none, or it is another one.
    """
    found, key = recorded(connection), in_use(connection.engine)
    check(connection.engine, found)
    if key is None or found is None:
        raise SuppressionKeyMissing("The suppression key is missing.")
    return key


def recorded(connection: Connection) -> str | None:
    """The fingerprint of the key that the database was used with."""
    found = connection.execute(_FINGERPRINT).scalar()
    return None if found is None else str(found)


def record(connection: Connection, key: SuppressionKey, now: datetime) -> None:
    """Note the key that the database is used with; the first one counts."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(suppression_key)
        .values(id=1, fingerprint=key.fingerprint, made_at=now)
        .on_conflict_do_nothing()
    )


def replace(connection: Connection, key: SuppressionKey, now: datetime) -> bool:
    """Note another key; False where somebody was erased with the one before."""
    done = connection.execute(
        update(suppression_key)
        .where(suppression_key.c.erased_at.is_(null()))
        .values(fingerprint=key.fingerprint, made_at=now)
    )
    return done.rowcount == 1


def note_erasure(connection: Connection, now: datetime) -> None:
    """From now on the key cannot be done without."""
    connection.execute(
        update(suppression_key).where(suppression_key.c.erased_at.is_(null())).values(erased_at=now)
    )


def was_used(connection: Connection) -> bool:
    """Whether anybody was ever erased."""
    return connection.execute(select(suppression_key.c.erased_at)).scalar() is not None
