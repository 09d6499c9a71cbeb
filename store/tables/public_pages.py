"""The public page of a controller, and what people who ask for a receipt there are shown."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
)

from store.columns import BigKey, Instant
from store.tables.metadata import metadata

public_page = Table(
    "public_page",
    metadata,
    Column("controller_id", ForeignKey("controller.id"), primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),  # stays when the page is withdrawn
    Column("since", Instant),  # NULL: it is withdrawn
    Column("changed_by", Text, nullable=False),
)

receipt_link = Table(
    "receipt_link",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of its secret
    # HMAC-SHA-256 under the suppression key: of so few digits a plain hash would tell them.
    Column("code", String(64), unique=True),  # NULL once it was keyed: none is taken twice
    Column("word", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),  # then it shows nothing
    Column("request_id", ForeignKey("privacy_request.id"), unique=True),  # which the code opened
    Column("number", String(16)),  # E.164, of the call in which the code was keyed
    Column("keyed", Boolean, nullable=False, server_default=false()),  # the number was keyed too
    Column("tries", Integer, nullable=False, server_default="0"),  # wrong words
    Column("released_at", Instant),
    Index("ix_receipt_link_expires_at", "expires_at"),
    Index("ix_receipt_link_controller_id_number", "controller_id", "number"),
)
