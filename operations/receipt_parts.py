"""What a receipt says, part by part, each made from the row it is of. Programs read it as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from campaigns.contacts.suppression import SuppressionScope
from campaigns.contacts.suppression_key import is_digest
from campaigns.reply import Reply
from campaigns.script import Script, script_of

FORMAT = "portevoix-receipt-1"
"""Changes when a name or a meaning in it does; more may be added under the same."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """The number in one imported list.

    Attributes:
        list, file_name: how the list is called, and the file it came from.
        supplier, method, collected_on, basis, purposes: what the list declares of itself.
        line: in that file.
        attributes: every other cell of the row.
        evidence: how well the basis is proved for this number: row, list, none.
        wording: the text agreed to; empty where the row names none.
        consent_slot: at which hours it holds; None for no word about it.
        kept_until: when it is removed; None while a campaign uses the list.
    """

    list: str
    file_name: str
    imported_at: datetime
    supplier: str
    method: str
    collected_on: date | None
    basis: str
    purposes: Sequence[str]
    line: int
    external_id: str | None
    attributes: Mapping[str, Any]
    evidence: str
    consented_on: date | None
    consent_source: str | None
    wording_id: str | None
    wording: str
    consent_slot: str | None
    consent_expires_on: date | None
    withdrawn_on: date | None
    kept_until: datetime | None


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call.

    Attributes:
        id: by which it is found again.
        begun_at: when it was decided.
        caller_id: the number shown.
        outcome: how it ended; None where nobody knows yet.
        heard_s: seconds of the message that were played; None where nobody answered.
        keys: pressed, in order.
        variant: whose message was played; None for the campaign's own.
    """

    id: str
    begun_at: datetime
    sent_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    caller_id: str
    outcome: str | None
    heard_s: float | None
    keys: str
    variant: str | None


@dataclass(frozen=True, slots=True)
class KeyedIn:
    """Something that was said with a key in a call.

    Attributes:
        kind: answer, consent or transfer.
        question: its name; empty where it is no answer.
        said: what the key says; of a transfer, how far it came.
        at: when.
    """

    kind: str
    question: str
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """The number in one campaign.

    Attributes:
        rehearsal: nobody is really called in it.
        list, line: from where.
        state: where it stands: pending, calling, in_doubt, reached, unreached, refused, cancelled.
        gate: the rule that kept it from being called last; None for none.
        said: with keys, in its calls.
        kept_until: when it is removed; None while the campaign lasts.
    """

    campaign_id: int
    campaign: str
    purpose: str
    campaign_state: str
    rehearsal: bool
    list_id: int
    line: int
    state: str
    gate: str | None
    outcome: str | None
    calls: Sequence[CallMade]
    said: Sequence[KeyedIn]
    kept_until: datetime | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One suppression.

    Attributes:
        scope: controller, campaign, or operator: for every controller of the system.
        reason: what put it there.
        source: where that is recorded; empty where it was erased or is the operator's.
        until: None for ever.
        digest_only: the number was erased; only its keyed digest is kept.
    """

    scope: str
    reason: str
    source: str
    asked_at: datetime
    until: datetime | None
    digest_only: bool


@dataclass(frozen=True, slots=True)
class Submitted:
    """Something that was done for the number on a consent form.

    Attributes:
        form: its name.
        act: agree or withdraw.
        wording: the exact text agreed to, with its SHA-256; None for a withdrawal.
        suppressed: a refusal stood, and stands.
    """

    form: str
    act: str
    at: datetime
    language: str
    purposes: Sequence[str]
    wording: str | None
    sha256: str | None
    slot: str | None
    suppressed: bool


@dataclass(frozen=True, slots=True)
class RangBack:
    """Something that was done by calling a number of ours.

    Attributes:
        act: call, optout, access or consent.
        line: the number called.
        keyed: the number was keyed in; otherwise the network named it.
    """

    act: str
    at: datetime
    line: str
    keyed: bool


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of a file that was not taken in and names the number."""

    list: str
    line: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Something the person asked for before."""

    id: int
    kind: str
    received_on: date
    due_on: date
    answered_at: datetime | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Act:
    """An act of the audit that concerns the number; `event` is its place there."""

    event: str
    at: datetime
    act: str
    subject: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything. Instants are aware and in UTC.

    Attributes:
        format: of this shape.
        contact: how to reach the controller; empty where the settings do not say.
        kept_days: for how many days after a campaign's end its people are kept.
    """

    format: str
    issued_at: datetime
    number: str
    controller: str
    contact: str
    kept_days: int
    lists: Sequence[Entry]
    campaigns: Sequence[Place]
    refusals: Sequence[Refusal]
    forms: Sequence[Submitted]
    callbacks: Sequence[RangBack]
    refused_rows: Sequence[RefusedRow]
    requests: Sequence[Asked]
    acts: Sequence[Act]


def entry(row: Row, kept_until: datetime | None) -> Entry:
    """The number in a list, as `store.holdings.entries` has it."""
    return Entry(
        list=row["list_name"],
        file_name=row["list_file_name"],
        imported_at=row["list_created_at"],
        supplier=row["list_supplier"],
        method=row["list_method"],
        collected_on=row["list_collected_on"],
        basis=row["list_basis"],
        purposes=row["list_purposes"],
        line=row["line"],
        external_id=row["external_id"],
        attributes=row["attributes"],
        evidence=row["evidence"],
        consented_on=row["consented_on"],
        consent_source=row["consent_source"],
        wording_id=row["wording_id"],
        wording=row["list_wordings"].get(row["wording_id"] or "", ""),
        consent_slot=row["slot"],
        consent_expires_on=row["consent_expires_on"],
        withdrawn_on=row["withdrawn_on"],
        kept_until=kept_until,
    )


def keyed_in(row: Row, replies: Iterable[Reply]) -> list[KeyedIn]:
    """What was said in the calls of a campaign, as `store.holdings.places` has it."""
    script = script_of(row["campaign_script"]) if row["campaign_script"] else Script()
    return [_keyed_in(one, script) for one in replies]


def _keyed_in(reply: Reply, script: Script) -> KeyedIn:
    if not 1 <= reply.question <= len(script.questions):
        return KeyedIn(reply.kind.value, "", reply.value, reply.at)
    asked = script.questions[reply.question - 1]
    said = asked.answers.get(reply.value, reply.value)
    return KeyedIn(reply.kind.value, asked.name, said, reply.at)


def place(
    row: Row, calls: Sequence[CallMade], said: Sequence[KeyedIn], kept_until: datetime | None
) -> Place:
    """The number in a campaign, as `store.holdings.places` has it."""
    return Place(
        campaign_id=row["campaign_id"],
        campaign=row["campaign_name"],
        purpose=row["campaign_purpose"],
        campaign_state=row["campaign_state"],
        rehearsal=row["campaign_rehearsal"],
        list_id=row["list_id"],
        line=row["line"],
        state=row["state"],
        gate=row["gate"],
        outcome=row["outcome"],
        calls=calls,
        said=said,
        kept_until=kept_until,
    )


def call(row: Row) -> CallMade:
    """One call, as `store.holdings.calls` has it."""
    answered = row["answered_at"] is not None
    return CallMade(
        id=row["id"],
        begun_at=row["claimed_at"],
        sent_at=row["sent_at"],
        ringing_at=row["ringing_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        caller_id=row["caller_id"],
        outcome=row["outcome"],
        heard_s=(row["heard_ms"] or 0) / 1000 if answered else None,
        keys=row["keys"] or "",
        variant=row["variant"],
    )


def refusal(row: Row) -> Refusal:
    """One suppression; where the operator recorded it is not for a controller to know."""
    operators = row["scope"] == SuppressionScope.OPERATOR.value
    return Refusal(
        scope=row["scope"],
        reason=row["reason"],
        source="" if operators else row["source"],
        asked_at=row["created_at"],
        until=row["expires_at"],
        digest_only=is_digest(row["number"]),
    )


def submitted(row: Row) -> Submitted:
    """What was done on a form, as `store.submissions.of_number` has it."""
    return Submitted(
        form=row["name"],
        act=row["act"],
        at=row["at"],
        language=row["language"],
        purposes=row["purposes"],
        wording=row["text"],
        sha256=row["sha256"],
        slot=row["slot"],
        suppressed=row["suppressed"],
    )


def rang_back(row: Row) -> RangBack:
    """What was done on a callback line, as `store.callbacks.of_number` has it."""
    return RangBack(row["act"], row["at"], row["line"], row["keyed"])


def asked(row: Row) -> Asked:
    """One request of the person."""
    return Asked(
        id=row["id"],
        kind=row["kind"],
        received_on=row["received_on"],
        due_on=row["due_on"],
        answered_at=row["closed_at"],
        answer=row["answer"],
    )


def act(row: Row) -> Act:
    """One act of the audit."""
    return Act(f"{row['segment_id']}:{row['sequence']}", row["at"], row["act"], row["subject"])
