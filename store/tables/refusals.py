"""Numbers not to be called, and what people ask of what is held of them."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.columns import BigKey, Instant
from store.tables.metadata import metadata

suppression = Table(
    "suppression",
    metadata,
    Column("id", BigKey, primary_key=True),
    # E.164; of a person who was erased, its digest (campaigns.contacts.suppression_key).
    Column("number", String(64), nullable=False),
    Column("scope", String(12), nullable=False),  # operator, controller, campaign
    # The controller's or the campaign's id; 0 for the operator, so that the key has no NULL.
    Column("owner_id", Integer, nullable=False),
    Column("channel", String(8), nullable=False, server_default="voice"),
    Column("reason", String(24), nullable=False),
    Column("source", Text, nullable=False),
    Column("attempt_id", String(26)),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    UniqueConstraint("number", "scope", "owner_id", "channel"),
)

suppression_key = Table(
    "suppression_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("erased_at", Instant),  # when the first person was erased; NULL: nobody was
    CheckConstraint("id = 1", name="single"),
)

privacy_request = Table(
    "privacy_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("kind", String(12), nullable=False),  # access, erasure, objection
    Column("number", String(64), nullable=False),  # as in suppression
    Column("received_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("note", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    Column("answer", Text),
    Index("ix_privacy_request_controller_id_number", "controller_id", "number"),
)
