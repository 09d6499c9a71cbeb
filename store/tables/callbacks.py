"""Numbers that are answered, and what people did who called them."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.columns import BigKey, Instant
from store.tables.metadata import metadata

callback_line = Table(
    "callback_line",
    metadata,
    Column("number", String(16), primary_key=True),  # E.164
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("form_id", ForeignKey("consent_form.id")),  # whose text is spoken; NULL for none
    Column("language", String(2), nullable=False),
    Column("message", String(64), nullable=False),  # prepared, in the audio library
    # Whose message it is; NULL where it was recorded for the line, which no campaign replaces.
    Column("campaign_id", ForeignKey("campaign.id")),
    Column("installed_at", Instant, nullable=False),
    Column("installed_by", Text, nullable=False),
    Column("removed_at", Instant),  # it is answered no more, and what was said on it is still owed
)

callback_act = Table(
    "callback_act",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("call_id", String(64), nullable=False),
    Column("act", String(8), nullable=False),  # call, optout, access, consent
    Column("at", Instant, nullable=False),
    Column("line", String(16), nullable=False),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    # E.164; empty where it could not be read, and in an anonymous call.
    Column("number", String(16), nullable=False),
    Column("keyed", Boolean, nullable=False),
    UniqueConstraint("call_id", "act"),
    Index("ix_callback_act_number_controller_id", "number", "controller_id"),
    Index("ix_callback_act_controller_id_id", "controller_id", "id"),
)
