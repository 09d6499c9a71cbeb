"""What goes over the wire: requests as they are checked, answers as they are promised."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from campaigns.campaign import LEAST_CPS, MOST_CHANNELS, MOST_CPS
from campaigns.contacts.basis import BasisKind, Provenance
from campaigns.contacts.slot import read_slot
from campaigns.contacts.suppression import SuppressionReason
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.rules.holidays import HolidaySet
from campaigns.states import Action, AttemptState, CampaignState, TargetState
from operations.campaign_file import MOST_VARIANTS, CampaignValues, VariantValues
from operations.halt import LONGEST_REASON
from operations.hold import Held
from operations.script_values import ScriptValues
from operations.values import Line, Name, Purposes, Wordings
from store.lists import ListState

LARGEST_ID = 2**31 - 1
Item = TypeVar("Item")
Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
BigId = Annotated[int, Path(ge=1, le=2**63 - 1)]


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["/problems/invalid_input"])
    code: str = Field(description="Stable; see docs/api.md.", examples=["invalid_input"])
    title: str
    status: int
    detail: str = Field(description="For people, in the language of Accept-Language.")
    instance: str | None = Field(None, description="What to quote when asking about it.")
    field: str | None = Field(None, description="What is wrong, where it is one thing.")
    why: str | None = None
    remedy: str | None = None


class ProvenanceValues(BaseModel):
    """Where a list comes from, as its controller declares it."""

    model_config = ConfigDict(extra="forbid")

    name: Line = Field("", max_length=200, description="Of the list; the file's name if absent.")
    supplier: Line
    method: Line = Field(description="How the numbers were collected.")
    collected_on: date | None = None
    purposes: Purposes = Field(examples=[["political"]])
    basis: BasisKind = BasisKind.CONSENT
    wordings: Wordings = Field({}, description="Id of each text agreed to: the exact text.")
    slot: Line = Field(
        "", description="Hours everybody agreed to, unless a row says.", examples=["18:00-20:00"]
    )
    consent_expires_on: date | None = Field(None, description="Last day; a row's may be earlier.")

    def provenance(self) -> Provenance:
        """As the domain knows it."""
        return Provenance(
            supplier=self.supplier,
            method=self.method,
            collected_on=self.collected_on,
            purposes=tuple(self.purposes),
            wordings=self.wordings,
            basis=self.basis,
            slot=read_slot(self.slot) if self.slot else None,
            expires_on=self.consent_expires_on,
        )


class ContactList(BaseModel):
    """An imported file."""

    id: int
    name: str
    file_name: str
    sha256: str
    state: ListState
    basis: BasisKind
    supplier: str
    method: str
    collected_on: date | None
    purposes: list[str]
    wordings: dict[str, str]
    slot: str | None
    consent_expires_on: date | None
    rows: int
    accepted: int
    rejected: int
    created_at: datetime
    created_by: str
    hold: dict[str, Any] | None = Field(description="Why it looks generated; null: it does not.")
    released_by: str | None = Field(description="Who answers for it all the same.")
    released_at: datetime | None
    release_reason: str | None


class ImportState(BaseModel):
    """How far an import is."""

    list_id: int
    state: ListState
    goes_on: bool = Field(
        description="Whether this server is at it. One that was cut short goes on where it was, "
        "when the same file is sent again; one from the command line is seen by its rows alone."
    )
    rows: int = Field(
        description="Counted so far: `accepted` and `rejected` together. A large file is counted "
        "in pieces, of up to 200,000 rows."
    )
    accepted: int
    rejected: int
    percent: float | None = Field(
        description="Of the file that was read; null where nobody can tell."
    )
    finish_at: datetime | None = Field(description="When it will be done, at the rate so far.")


class ListRelease(BaseModel):
    """Why a list may be called that looks generated."""

    model_config = ConfigDict(extra="forbid")

    reason: Line = Field(min_length=1, description="How its numbers came to be so.")


class RejectedRow(BaseModel):
    """A row that was refused, and why."""

    line: int
    field: str
    value: str
    code: str
    reason: str
    remedy: str


class Recording(BaseModel):
    """A recording as it was uploaded; `preview.wav` is what a phone plays of it."""

    id: int
    name: str
    file_name: str
    sha256: str
    seconds: float
    created_at: datetime
    created_by: str


class NewVariant(VariantValues):
    """A variant of recordings that are there already."""

    recording_ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(
        min_length=1, max_length=50, description="In the order they are heard."
    )


class NewCampaign(CampaignValues):
    """A campaign to prepare, of recordings and lists that are there already."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Réunion publique du 3 décembre",
                "purpose": "political",
                "pack": "fr-political",
                "trunk": "rehearsal",
                "caller_id": "+33199000001",
                "limits": {"max_channels": 30, "max_cps": 5},
                "recording_ids": [1],
                "list_ids": [1],
            }
        },
    )

    recording_ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(
        min_length=1, max_length=50, description="In the order they are heard."
    )
    list_ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(min_length=1, max_length=100)
    variants: list[NewVariant] = Field(
        [], max_length=MOST_VARIANTS, description="Other messages, for segments of the lists."
    )
    machine_recording_ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(
        [], max_length=50, description="What is left on an answering machine, in the order heard."
    )
    script: ScriptValues[Annotated[int, Field(ge=1, le=LARGEST_ID)]] | None = Field(
        None,
        description="What the recordings say, and what keys do besides 9 (docs/script.md); "
        "recordings are ids.",
    )

    @model_validator(mode="after")
    def _whole(self) -> "NewCampaign":
        self.list_ids = list(dict.fromkeys(self.list_ids))
        return self


class LimitChange(BaseModel):
    """New limits; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid")

    max_channels: int | None = Field(None, ge=1, le=MOST_CHANNELS, description="Concurrent calls.")
    max_cps: float | None = Field(
        None, ge=LEAST_CPS, le=MOST_CPS, description="Calls started in a second."
    )


class NoElection(BaseModel):
    """Who answers for there being no election while a campaign runs."""

    model_config = ConfigDict(extra="forbid")

    by: Name = Field(description="A person; no key.", examples=["Zoé Martin"])


class CampaignAnswer(BaseModel):
    """A campaign, with the actions its state allows now."""

    id: int
    name: str
    purpose: str
    state: CampaignState
    actions: list[Action]
    rehearsal: bool
    pack: str
    evidence: str
    trunk: str
    other_trunks: list[str]
    caller_id: str
    recordings: list[int]
    variants: dict[str, Any] = Field(description="By name, the messages that some people hear.")
    script: dict[str, Any] | None = Field(description="What keys do besides 9; null for nothing.")
    selection: dict[str, Any] | None = Field(
        description="Who of its lists is called; null for everybody."
    )
    message_s: float
    max_channels: int
    max_cps: float
    ring_timeout_s: int
    windows: list[dict[str, Any]]
    retry: dict[str, Any]
    stages: list[int] = Field(description="People called by the end of each; then everybody.")
    stage: int = Field(description="Which of them it is in, from 0.")
    bounds: dict[str, float] = Field(description="Highest share by measure; none: not watched.")
    hold: Held | None = Field(description="Why it waits to be released.")
    released_at: datetime | None
    budget: int | None = Field(description="Micro-euros it may spend in all; null for no budget.")
    two_persons: bool = Field(description="Whoever launches it is not who prepared it.")
    weight: float = Field(description="Its share among the campaigns of its controller.")
    start_at: datetime | None
    end_at: datetime | None
    finish_by: datetime | None = Field(
        description="When everybody should have been called for the first time."
    )
    blackouts: list[dict[str, Any]] = Field(description="Spans in which nobody is called.")
    holidays: list[HolidaySet] = Field(description="Days on which nobody is called.")
    frequency: dict[str, int] | None = Field(
        description="Most attempts to a person in so many days, in all campaigns of the controller."
    )
    verify_by: date | None = Field(description="The day by which its rules must be read again.")
    acknowledged_by: str | None = Field(description="Who answers for rules that are past it.")
    bases: list[BasisKind] = Field(description="Legal bases that its lists may rest on.")
    elections: list[dict[str, str]] = Field(description="Around whose polls nobody is called.")
    no_election_by: str | None = Field(
        description="Who answers for there being no election while it runs."
    )
    signatory: str | None = Field(description="Who signs for it, where its rules ask for one.")
    created_at: datetime
    created_by: str
    launched_at: datetime | None
    ended_at: datetime | None


class StateAnswer(BaseModel):
    """Where a campaign stands after an action."""

    id: int
    state: CampaignState


class NewStop(BaseModel):
    """A stop for everything."""

    model_config = ConfigDict(extra="forbid")

    reason: Line = Field("", max_length=LONGEST_REASON, description="For whoever looks later.")


class StopAnswer(BaseModel):
    """Whether everything is stopped."""

    stopped: bool
    at: datetime | None = None
    by: str = Field("", description="Empty where a key of another controller's stopped it.")
    reason: str = ""
    may_resume: bool = Field(False, description="This key may let calls be placed again.")


class Attempt(BaseModel):
    """One call that was placed, or was about to be."""

    id: str
    target_id: int
    number: str
    external_id: str | None
    line: int
    trunk: str
    caller_id: str
    rehearsal: bool
    state: AttemptState
    outcome: Outcome | None
    claimed_at: datetime
    sent_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    post_dial_delay_ms: int | None = Field(
        description="From sending it to the first ringing, or to the answer where none was told."
    )
    cause: int | None = Field(description="Hangup cause, ITU-T Q.850.")
    tech: str | None = Field(description="The last SIP answer.")
    heard_ms: int | None
    heard_s: float | None = Field(description="Seconds heard.")
    quartile: int | None = Field(description="Quarters of the message that were played.")
    first_ms: int | None = Field(description="From the answer to the message's first sample.")
    keys: str | None
    sip_call_id: str | None
    pack: str
    cost: int | None = Field(description="Micro-euros, once it has ended.")
    variant: str | None = Field(description="Whose message was played; null for the campaign's.")


class Target(BaseModel):
    """One contact of a campaign: the states of all add up to its lists."""

    id: int
    number: str
    external_id: str | None
    list_id: int
    line: int
    attributes: dict[str, Any]
    state: TargetState
    attempts: int
    tries: int
    outcome: Outcome | None
    gate: Gate | None
    due_at: datetime
    variant: str | None = Field(description="Whose message is heard; null for the campaign's.")


class NewSuppression(BaseModel):
    """A number that must not be called again."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(max_length=40, examples=["06 39 98 00 01"])
    note: Line = Field("", max_length=200, description="Who asked, and where that is recorded.")
    expires_on: date | None = Field(None, description="The last day it holds; absent for ever.")
    campaign_id: int | None = Field(
        None, ge=1, le=LARGEST_ID, description="In this campaign alone; absent for all of them."
    )


class SuppressionAnswer(BaseModel):
    """A number that is not called."""

    id: int
    number: str
    reason: SuppressionReason
    source: str
    attempt_id: str | None
    created_at: datetime
    expires_at: datetime | None


class SuppressionAdded(BaseModel):
    """Whether a number was not suppressed before."""

    added: bool


class Page(BaseModel, Generic[Item]):
    """Some of many; `next` is the `after` of the page that follows, null at the end."""

    items: list[Item]
    next: str | None


class Health(BaseModel):
    """Whether calls can be placed; no secret, no number."""

    status: str = Field(examples=["ok", "degraded", "down"])
    database: bool
    dialer: bool = Field(description="A dialer runs.")
    pbx: bool = Field(description="It is connected to its PBX.")
    stopped: bool = Field(False, description="Somebody stopped everything: nobody is called.")
    version: str
