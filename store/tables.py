"""Every table. Nothing here that PostgreSQL could not take, nor SQLite."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.columns import BigKey, Canonical, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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

recording = Table(
    "recording",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("path", Text, nullable=False),  # of the immutable original, within the audio library
    Column("seconds", Float, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    UniqueConstraint("controller_id", "sha256", "name"),
)

trunk = Table(
    "trunk",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("armed_by", Text),
    Column("armed_at", Instant),
    Column("max_channels", Integer),  # NULL: what the settings say
    Column("max_cps", Float),
)

campaign = Table(
    "campaign",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("pack", Text, nullable=False),
    Column("evidence", String(8), nullable=False),
    Column("trunk", String(32), nullable=False),
    Column("other_trunks", JSON, nullable=False, server_default="[]"),  # names
    Column("caller_id", String(16), nullable=False),
    Column("rehearsal", Boolean, nullable=False),
    Column("recordings", JSON, nullable=False),  # ids, in the order they are played
    Column("message", Text, nullable=False),
    Column("message_ms", Integer, nullable=False),
    Column("max_channels", Integer, nullable=False),
    Column("max_cps", Float, nullable=False),
    Column("ring_timeout_s", Integer, nullable=False),
    Column("windows", JSON, nullable=False),
    Column("retry", JSON, nullable=False),
    Column("weight", Float, nullable=False, server_default="1"),
    Column("stages", JSON, nullable=False, server_default="[]"),  # people called in each, in all
    Column("stage", Integer, nullable=False, server_default="0"),  # which of them it is in
    Column("bounds", JSON, nullable=False, server_default="{}"),  # {measure: highest share}
    Column("hold", JSON(none_as_null=True)),  # {measure, share, bound, calls, at} while it waits
    Column("released_at", Instant),
    Column("baseline", JSON, nullable=False, server_default="{}"),  # outcomes at the last release
    Column("blackouts", JSON, nullable=False, server_default="[]"),  # [{begin, end, zones}]
    Column("holidays", JSON, nullable=False, server_default="[]"),  # names of sets
    Column("frequency", JSON(none_as_null=True)),  # {most, days}; NULL: no cap
    Column("verify_by", Date),  # of its pack; NULL: it was prepared before that was kept
    Column("acknowledged_by", Text),  # who answers for a pack that is past it
    Column("budget", BigInteger),  # micro-euros; NULL: none
    Column("two_persons", Boolean, nullable=False, server_default=text("false")),
    Column("start_at", Instant),
    Column("end_at", Instant),
    Column("finish_by", Instant),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("launched_at", Instant),
    Column("ended_at", Instant),
    # Who of its lists is called, with which variant: see `campaigns.selection`; NULL: everybody.
    Column("selection", JSON(none_as_null=True)),
    Column("variants", JSON, nullable=False, server_default="{}"),  # {name: message, ...}
    UniqueConstraint("controller_id", "name"),
)

# What an operator says of which constituency places are; a new file is a new table.
constituency_table = Table(
    "constituency_table",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("ready", Boolean, nullable=False),  # imported to its end
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
)

constituency_place = Table(
    "constituency_place",
    metadata,
    Column("table_id", ForeignKey("constituency_table.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("postcode", Text, nullable=False),
    Column("commune", Text, nullable=False),
    Column("insee", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("constituency", Text, nullable=False),
)

# Where each address of a list is by a table: there are far fewer addresses than people.
address = Table(
    "address",
    metadata,
    Column("list_id", ForeignKey("contact_list.id"), primary_key=True),
    Column("table_id", Integer, primary_key=True),  # 0 where no table is asked
    Column("postcode", Text, primary_key=True),  # these four as the list has them
    Column("commune", Text, primary_key=True),
    Column("insee", Text, primary_key=True),
    Column("station", Text, primary_key=True),
    Column("commune_as", Text, nullable=False),  # in one form
    Column("constituency", Text),  # NULL where it is not known for sure
    Column("doubt", String(16)),  # why not
    sqlite_with_rowid=False,
)

campaign_list = Table(
    "campaign_list",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("list_id", ForeignKey("contact_list.id"), primary_key=True),
)

target = Table(
    "target",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("contact_id", ForeignKey("contact.id"), nullable=False),
    Column("number", String(16), nullable=False),
    Column("zones", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("retry", Boolean, nullable=False),  # called before; fresh ones are claimed apart
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),  # received by the person
    Column("tries", Integer, nullable=False),  # failed by no fault of the person's
    Column("outcome", String(24)),
    Column("gate", String(24)),
    Column("avoid", String(32)),  # the trunk that failed it last; another is preferred
    Column("variant", String(40)),  # whose message is heard; NULL: the campaign's own
    UniqueConstraint("campaign_id", "number"),
    # What the claim walks along; only pending targets are in it, so it shrinks as they are called.
    Index(
        "ix_target_due",
        "campaign_id",
        "zones",
        "retry",
        "avoid",
        "due_at",
        "id",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_target_number", "number"),
    Index("ix_target_contact_id", "contact_id"),  # or removing a contact would read every target
)

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

# What a campaign's calls cost, kept with every end of one: it stays when attempts are removed.
spending = Table(
    "spending",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("day", Date, primary_key=True),  # of the answer, in Paris
    Column("trunk", String(32), primary_key=True),
    Column("calls", BigInteger, nullable=False),  # answered
    Column("seconds", BigInteger, nullable=False),  # from answer to end
    Column("cost", BigInteger, nullable=False),  # micro-euros
    Column("unpriced", BigInteger, nullable=False),  # of the calls, those without a tariff
)

# Who answers for a number that is shown being answered when it is called back.
caller_id = Table(
    "caller_id",
    metadata,
    Column("trunk", String(32), primary_key=True),
    Column("number", String(16), primary_key=True),
    Column("attested_by", Text, nullable=False),
    Column("attested_at", Instant, nullable=False),
)

# What was launched, as it stood then; written once, and never changed.
launch_record = Table(
    "launch_record",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("prepared_by", Text, nullable=False),
    Column("content", Canonical, nullable=False),  # hashes, limits, the preflight's result
    Column("hash", String(64), nullable=False),  # SHA-256 of the above
)

number_lock = Table(
    "number_lock",
    metadata,
    Column("number", String(16), primary_key=True),
    Column("attempt_id", String(26), nullable=False),
    Column("taken_at", Instant, nullable=False),
)

tally = Table(
    "tally",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("kind", String(12), primary_key=True),  # state, outcome, gate
    Column("name", String(24), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("node", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("renewed_at", Instant, nullable=False),
    Column("status", JSON, nullable=False),  # what the dialer shows of itself, each second
    CheckConstraint("id = 1", name="single"),
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
