"""Who may ask, and what was asked."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
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

controller = Table(
    "controller",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("weight", Float, nullable=False, server_default="1"),  # of its share of every limit
    Column("max_channels", Integer),  # over all of its campaigns; NULL: as many as there are
    Column("max_cps", Float),
    Column("created_at", Instant, nullable=False),
    Column("public_body", Boolean, nullable=False, server_default=false()),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("scopes", JSON(none_as_null=True)),  # NULL: all that can be done for the controller
    Column("expires_at", Instant),  # NULL: never
)

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # in small letters
    Column("password", Text),  # Argon2id, with its parameters; NULL until it is chosen
    Column("administrator", Boolean, nullable=False, server_default=false()),
    Column("totp_secret", Text),  # sealed (operations.sealing); NULL without a second factor
    Column("totp_step", Integer),  # of the last code that was taken: none is taken twice
    Column("link_digest", LargeBinary, unique=True),  # SHA-256 of a link that sets the password
    Column("link_expires_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("signed_in_at", Instant),
    Column("disabled_at", Instant),
    Column(
        "identity", Text, unique=True
    ),  # issuer and subject of an identity provider's, once seen
)

account_role = Table(
    "account_role",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),  # SHA-256 of 80 random bits
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("email_digest", LargeBinary, nullable=False),  # of what was typed, known or not
    Column("network", String(64), nullable=False),
    Column("stage", String(8), nullable=False),
    Column("succeeded", Boolean, nullable=False, server_default=false()),
    Index("ix_sign_in_attempt_email_digest_at", "email_digest", "at"),
    Index("ix_sign_in_attempt_network_at", "network", "at"),
    Index("ix_sign_in_attempt_at", "at"),
)

set_up_token = Table(
    "set_up_token",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # SHA-256; one at most
    Column("made_at", Instant, nullable=False),
)

web_session = Table(
    "web_session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # SHA-256 of the cookie's token
    Column("account_id", ForeignKey("account.id"), index=True),
    Column("api_key_id", ForeignKey("api_key.id")),  # one of the two is NULL
    Column("controller_id", ForeignKey("controller.id")),  # the one acted for; NULL for none
    Column("awaits_code", Boolean, nullable=False, server_default=false()),
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
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
