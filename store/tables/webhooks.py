"""Events that other programs are told of, and how each telling went."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.columns import BigKey, Instant
from store.tables.metadata import metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),  # kinds it is told of
    Column("secret", Text, nullable=False),  # signs, so it must be known here
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("removed_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),  # one after the other
    Column("rests_until", Instant),  # nothing is sent before
    Column("paused_at", Instant),  # nothing is sent before a person resumes it; NULL: it is told
    Index("ix_webhook_controller_id", "controller_id"),
)

# Written in the transaction of what happened. Nobody's number is in it: see `store.webhook_facts`.
webhook_event = Table(
    "webhook_event",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("key", String(120), nullable=False, unique=True),  # what happened, so that it is once
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", String(40), nullable=False),  # of one subject they are told in order
    Column("at", Instant, nullable=False),
    Column("data", JSON, nullable=False),
    Column("spread", Boolean, nullable=False),  # deliveries were made of it
    # The id that receivers know it by: a ULID, as ids of rows are given again after a restore.
    Column("told_as", String(26)),
    Index("ix_webhook_event_told_as", "told_as", unique=True),
    Index(
        "ix_webhook_event_fresh",
        "id",
        sqlite_where=text("NOT spread"),
        postgresql_where=text("NOT spread"),
    ),
    sqlite_autoincrement=True,  # an id is never used again but after a restore
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("webhook_id", ForeignKey("webhook.id"), nullable=False),
    Column("event_id", BigInteger, ForeignKey("webhook_event.id"), nullable=False),
    Column("subject", String(40), nullable=False),
    Column("state", String(10), nullable=False),  # waiting, delivered, given_up
    Column("tries", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),  # of the event, or of asking for it once more
    Column("due_at", Instant, nullable=False),
    Column("status", Integer),  # of the last answer
    Column("error", Text),  # of the last try
    Column("told_at", Instant),
    UniqueConstraint("webhook_id", "event_id"),
    Index("ix_webhook_delivery_event_id", "event_id"),
    Index(
        "ix_webhook_delivery_waiting",
        "webhook_id",
        "subject",
        "event_id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    # In the order in which they are told: `store.webhooks.due` reads no more than it tells.
    Index(
        "ix_webhook_delivery_due",
        "webhook_id",
        "due_at",
        "event_id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
