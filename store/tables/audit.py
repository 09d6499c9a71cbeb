"""The audit: events in segments, each of which vouches for those before it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from store.columns import Canonical, Instant
from store.tables.metadata import metadata

# One row: how many segments the audit has. Whoever opens one holds it for a moment.
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("segments", Integer, nullable=False),
    Column("opening", String(64), nullable=False),  # of the last segment
    CheckConstraint("id = 1", name="single"),
)

audit_segment = Table(
    "audit_segment",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3, without a gap
    Column("kind", String(8), nullable=False),  # of process: api, dialer, command, earlier
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("anchor", String(64), nullable=False),  # over the segments before, as they stood
    Column("opening", String(64), nullable=False),  # over all of the above: its first hash
    Column("length", BigInteger, nullable=False),
    Column("head", String(64), nullable=False),  # hash of its last event
)

# Where a segment stood when another was opened; only such as had grown since the last time.
audit_anchor = Table(
    "audit_anchor",
    metadata,
    Column("covered_id", ForeignKey("audit_segment.id"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("segment_id", ForeignKey("audit_segment.id"), primary_key=True),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_anchor_segment_id", "segment_id"),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("segment_id", ForeignKey("audit_segment.id"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("controller_id", Integer),
    Column("actor", Text, nullable=False),
    Column("act", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Canonical, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_event_controller_id_at", "controller_id", "at"),
    sqlite_with_rowid=False,
)
