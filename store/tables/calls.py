"""Calls, and who may place them now."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    text,
)

from store.columns import Instant
from store.tables.metadata import metadata

attempt = Table(
    "attempt",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("target_id", ForeignKey("target.id"), nullable=False),
    Column("number", String(16), nullable=False),
    Column("trunk", String(32), nullable=False),
    Column("caller_id", String(16), nullable=False),
    Column("node", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("rehearsal", Boolean, nullable=False),
    Column("state", String(8), nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("ringing_at", Instant),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("outcome", String(24)),
    Column("cause", Integer),
    Column("tech", Text),
    Column("heard_ms", Integer),
    Column("quartile", Integer),
    Column("keys", Text),
    Column("rtp_sent", Integer),
    Column("rtp_received", Integer),
    Column("sip_call_id", Text),
    Column("reserved", BigInteger, nullable=False, server_default="0"),  # micro-euros at most
    Column("cost", BigInteger),  # micro-euros, once it has ended
    Column("tariff", Text, nullable=False, server_default=""),  # it is charged by
    Column("first_ms", Integer),  # from the answer to the first sample of the message
    Column("variant", String(40)),  # which message was played; NULL: the campaign's own
    Index("ix_attempt_campaign_id_claimed_at", "campaign_id", "claimed_at"),
    Index("ix_attempt_target_id", "target_id"),
    Index("ix_attempt_number_claimed_at", "number", "claimed_at"),
    Index(
        "ix_attempt_open",
        "state",
        sqlite_where=text("state IN ('claimed', 'in_doubt')"),
        postgresql_where=text("state IN ('claimed', 'in_doubt')"),
    ),
)

number_lock = Table(
    "number_lock",
    metadata,
    Column("number", String(16), primary_key=True),
    Column("attempt_id", String(26), nullable=False),
    Column("taken_at", Instant, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(32), primary_key=True),  # of the node
    Column("process", Text, nullable=False),  # host, number and beginning; empty: nobody
    Column("token", BigInteger, nullable=False),
    Column("renewed_at", Instant, nullable=False),
    Column("status", JSON, nullable=False),  # what the dialer shows of itself, each second
    Column("capacity", Integer, nullable=False),  # concurrent calls that its PBX carries
    Column("draining", Boolean, nullable=False, server_default=false()),
)

# What each node may use of a limit that all share; their sum keeps the limit.
limit_portion = Table(
    "limit_portion",
    metadata,
    Column("scope", String(8), primary_key=True),  # system, trunk, campaign, owner, transfer
    Column("key", Text, primary_key=True),  # name or id of what is limited; empty for the system
    Column("node", String(32), primary_key=True),
    Column("channels", Integer, nullable=False),
    Column("cps", Float, nullable=False),
    sqlite_with_rowid=False,
)

halt = Table(
    "halt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("controller_id", Integer),  # whose key stopped it; NULL: the operator
    CheckConstraint("id = 1", name="single"),
)
