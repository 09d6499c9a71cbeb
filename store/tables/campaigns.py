"""Campaigns: what they are, whom they call, and what they have spent."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.columns import BigKey, Canonical, Instant
from store.tables.metadata import metadata

_ANY_BASIS = '["consent", "public_task", "legitimate_interest"]'
"""Of campaigns that were prepared before their packs said."""

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

# Who answers for a number that is shown being answered when it is called back.
caller_id = Table(
    "caller_id",
    metadata,
    Column("trunk", String(32), primary_key=True),
    Column("number", String(16), primary_key=True),
    Column("attested_by", Text, nullable=False),
    Column("attested_at", Instant, nullable=False),
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
    # What is done on answering machines: {mode, message, message_ms, recordings}; NULL: nothing.
    Column("machines", JSON(none_as_null=True)),
    # One call to a person's own number, to hear a campaign or a code: who asked, and of a code its
    # digest, the tries and when it was told back (see `store.own_calls`); NULL: any other campaign.
    Column("own_call", JSON(none_as_null=True)),
    Column("script", JSON(none_as_null=True)),  # see `campaigns.script`; NULL: no key but 9
    # By message, what each of its recordings says, in order; NULL: nobody has said.
    Column("says", JSON(none_as_null=True)),
    Column("pack_sha256", String(64)),  # of its pack's text; NULL: prepared before that was kept
    Column("bases", JSON, nullable=False, server_default=_ANY_BASIS),  # that its lists may rest on
    Column("elections", JSON, nullable=False, server_default="[]"),  # [{name, source}]
    Column("no_election_by", Text),  # who answers for there being none while it runs
    Column("signatory", Text),  # who signs for an alert
    UniqueConstraint("controller_id", "name"),
)

# What was filled in of a campaign that is being made; it stays for a while as what was made of it.
campaign_draft = Table(
    "campaign_draft",
    metadata,
    Column("id", BigKey, primary_key=True),  # never given again: an old tab knows it still
    Column("controller_id", ForeignKey("controller.id"), nullable=False),
    Column("key", String(32), nullable=False),  # of the page that began it: twice begins one
    Column("step", String(16), nullable=False),  # the one to go on with
    Column("filled", JSON, nullable=False),  # {field: text, or a list of texts}
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("taken_at", Instant),  # while a campaign is made of it
    Column("campaign_id", ForeignKey("campaign.id")),  # what was made of it
    UniqueConstraint("controller_id", "key"),
    sqlite_autoincrement=True,
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
    # What rows of the number on other lists add to its contact's: see `store.several`.
    Column("other_slots", Text),  # joined by "|"
    Column("other_expires_on", Date),
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

tally = Table(
    "tally",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("kind", String(12), primary_key=True),  # state, outcome, gate
    Column("name", String(24), primary_key=True),
    Column("count", BigInteger, nullable=False),
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
