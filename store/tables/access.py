"""Who may ask, and what was asked."""

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from store.columns import Instant
from store.tables.metadata import metadata

controller = Table(
    "controller",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("weight", Float, nullable=False, server_default="1"),  # of its share of every limit
    Column("created_at", Instant, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),  # NULL: never
    Column("revoked_at", Instant),
)

web_session = Table(
    "web_session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # SHA-256 of the cookie's token
    Column("api_key_id", ForeignKey("api_key.id"), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("controller_id", ForeignKey("controller.id"), primary_key=True),
    Column("key", String(255), primary_key=True),  # the client's own word for one request
    Column("fingerprint", String(64), nullable=False),  # SHA-256 of what was asked
    Column("status", Integer),  # NULL while the request is being answered
    Column("answer", JSON),
    Column("created_at", Instant, nullable=False),
    Index("ix_idempotency_created_at", "created_at"),
)
