"""Lists, the people in them, and the forms on which people agree to be called."""

from sqlalchemy import (
    JSON,
    Boolean,
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

contact_list = Table(
    "contact_list",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # importing, ready
    Column("basis", String(24), nullable=False),  # consent, public_task, legitimate_interest
    Column("supplier", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("collected_on", Date),
    Column("purposes", JSON, nullable=False),  # ["political", ...]
    Column("wordings", JSON, nullable=False),  # {"w1": "J'accepte ..."}
    Column("slot", Text),  # of everybody who named no other
    Column("consent_expires_on", Date),
    Column("channel", String(8), nullable=False, server_default="voice"),
    Column("rows", Integer, nullable=False, server_default="0"),
    Column("accepted", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("imported_line", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("hold", JSON(none_as_null=True)),  # {sign, numbers, step} where it looks generated
    Column("released_by", Text),  # who answers for it all the same
    Column("released_at", Instant),
    Column("release_reason", Text),
    # {field: column} of the import, which goes on so after a break; NULL: of no file, or before.
    Column("mapping", JSON(none_as_null=True)),
    UniqueConstraint("controller_id", "sha256"),
)

contact = Table(
    "contact",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("list_id", ForeignKey("contact_list.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("number", String(16), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("zones", Text, nullable=False),  # IANA names joined by "|"; all must be open
    Column("fictional", Boolean, nullable=False),
    Column("external_id", Text),
    Column("attributes", JSON, nullable=False),
    Column("evidence", String(8), nullable=False),  # row, list, none
    Column("consented_on", Date),
    Column("consent_source", Text),
    Column("wording_id", Text),
    Column("slot", Text),  # hours agreed to, as campaigns.contacts.slot writes them
    Column("consent_expires_on", Date),  # the last day on which consent holds
    Column("withdrawn_on", Date),
    # By number first: it also finds a number in every list, and an import keeps one index fewer.
    UniqueConstraint("number", "list_id"),
    Index("ix_contact_list_id_id", "list_id", "id"),
    # The order of the file: an import keeps contacts by number, a part of the file at a time.
    Index("ix_contact_list_id_line", "list_id", "line"),
)

rejected_row = Table(
    "rejected_row",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("list_id", ForeignKey("contact_list.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("code", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Index("ix_rejected_row_list_id_line", "list_id", "line"),
)

consent_form = Table(
    "consent_form",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("list_id", ForeignKey("contact_list.id"), nullable=False),  # what it feeds
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("slots", JSON, nullable=False),  # ["18:00-20:00", ...] to choose from
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("closed_at", Instant),
    Index("ix_consent_form_list_id", "list_id"),
)

# The texts that a form showed; none is ever changed or removed.
consent_wording = Table(
    "consent_wording",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("form_id", ForeignKey("consent_form.id"), nullable=False),
    Column("language", String(2), nullable=False),
    Column("version", Integer, nullable=False),  # 1, 2, 3 of each language
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    UniqueConstraint("form_id", "language", "version"),
)

consent_submission = Table(
    "consent_submission",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("form_id", ForeignKey("consent_form.id"), nullable=False),
    Column("number", String(16), nullable=False),
    Column("act", String(8), nullable=False),  # agree, withdraw
    Column("at", Instant, nullable=False),
    Column("language", String(2), nullable=False),
    Column("purposes", JSON, nullable=False),
    Column("wording_id", ForeignKey("consent_wording.id")),  # NULL for a withdrawal
    Column("sha256", String(64)),  # of the exact text agreed to
    Column("slot", Text),
    Column("suppressed", Boolean, nullable=False),  # a refusal stood, and stands
    Index("ix_consent_submission_number_form_id_id", "number", "form_id", "id"),
    Index("ix_consent_submission_form_id", "form_id"),
)
