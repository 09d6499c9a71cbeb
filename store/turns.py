"""Dialers write one at a time."""

from sqlalchemy import Connection, func, select

_WRITING = 0x706F72747476
"""The number of PostgreSQL's advisory lock: it must be the same in every process."""

LONGEST_WAIT_MS = "5000"
"""As long as a writer of SQLite waits for another."""

_BE_PATIENT = select(
    *(
        func.set_config(name, LONGEST_WAIT_MS, True)
        for name in ("lock_timeout", "idle_in_transaction_session_timeout")
    )
)


def take(connection: Connection) -> None:
    """Hold off other dialers until the end of the transaction, which has just begun.

    SQLite has one writer at a time by itself. On PostgreSQL a dialer whose link to the database is
    cut within a transaction loses its turn to the others after the same time.

    Raises:
        OperationalError: another holds on to its turn for too long.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_BE_PATIENT)
        connection.execute(select(func.pg_advisory_xact_lock(_WRITING)))
