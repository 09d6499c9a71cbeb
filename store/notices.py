"""Telling dialers at once that something changed, so that they look before their time.

PostgreSQL carries such notices (LISTEN, https://www.postgresql.org/docs/current/sql-notify.html);
beside another database dialers look twice a second all the same.
"""

from sqlalchemy import Connection, func, select

CHANNEL = "portevoix_changed"


def changed(connection: Connection) -> None:
    """Tell every dialer, once this transaction is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, "")))
