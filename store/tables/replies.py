"""What people said with keys."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from store.columns import Instant
from store.tables.metadata import metadata

reply = Table(
    "reply",
    metadata,
    Column("attempt_id", ForeignKey("attempt.id"), primary_key=True),
    Column("kind", String(12), primary_key=True),  # answer, consent, transfer
    Column("question", Integer, primary_key=True),  # from 1; 0 where it is no answer
    Column("value", String(12), primary_key=True),  # the key; of a transfer, how far it came
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
