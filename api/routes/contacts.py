"""People in lists: looking them up, and adding them one by one or in batches."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.caller import Asking, In
from api.needs import needs
from api.once import DoneOnce
from api.paging import InOrder, PhoneText, next_of, number_of
from api.problems import language_of
from api.schemas import BigId, ContactList, Id, Page, ProvenanceValues
from campaigns.access import Permission
from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.contacts.suppression_key import known_number
from operations.add_contacts import AddedContacts, NewContact, add_contacts, open_list
from operations.columns import CONTACT_FIELDS
from operations.values import Line, Name
from store import added_contacts, lists
from store.engine import reading
from store.lists import ContactFilter

router = APIRouter(prefix="/lists", tags=["contacts"])

MOST_AT_ONCE = 1000
Cell = Annotated[Line, Field(max_length=200)]

_PERSON: JsonDict = {
    "phone": "06 39 98 00 11",
    "external_id": "A-1042",
    "consent_date": "2026-09-14",
    "consent_source": "web form",
    "wording_id": "w1",
    "postcode": "61000",
    "attributes": {"first_name": "Camille"},
}


class NewList(ProvenanceValues):
    """A list without a file, for people who are added one by one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Sign-ups of the web site",
                "supplier": "Élan Valbourg",
                "method": "web form",
                "purposes": ["political"],
                "wordings": {"w1": "I agree to be called by Élan Valbourg."},
            }
        },
    )

    name: Name


class ContactValues(BaseModel):
    """Somebody to add, as a row of a file would name them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _PERSON})

    phone: Cell = Field(description="Written in any French way.")
    external_id: Cell = Field("", description="Your own name for the person; echoed everywhere.")
    consent_date: Cell = Field("", description="The day on which they agreed.")
    consent_source: Cell = Field("", description="Where they agreed.")
    wording_id: Cell = Field("", description="Which of the list's wordings they agreed to.")
    consent_slot: Cell = Field("", description="Hours they agreed to.", examples=["18:00-20:00"])
    consent_expires_on: Cell = Field("", description="The last day of their consent.")
    withdrawn_on: Cell = Field("", description="The day they withdrew: they are suppressed.")
    timezone: Cell = ""
    postcode: Cell = ""
    commune: Cell = ""
    insee: Cell = ""
    station: Cell = ""
    attributes: dict[Name, Line] = Field({}, max_length=100, description="Everything else.")

    def person(self) -> NewContact:
        """As the operation knows it."""
        said = self.model_dump()
        cells = {one: said[one.value] for one in CONTACT_FIELDS}
        return NewContact(cells, self.attributes)


class Batch(BaseModel):
    """People to add in one request."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"people": [_PERSON]}})

    people: list[ContactValues] = Field(min_length=1, max_length=MOST_AT_ONCE)


class Contact(BaseModel):
    """A person in a list, with what their consent rests on."""

    id: int
    list_id: int
    line: int
    number: str = Field(description="E.164; empty where the person was erased.")
    kind: str
    zones: list[str] = Field(description="Time zones in which it must be calling hours.")
    fictional: bool = Field(description="Of a range kept for fiction: rehearsals only.")
    external_id: str | None
    attributes: dict[str, Any]
    evidence: Evidence
    consented_on: date | None
    consent_source: str | None
    wording_id: str | None
    slot: str | None
    consent_expires_on: date | None
    withdrawn_on: date | None


class Refused(BaseModel):
    """A row that was refused, and why."""

    line: int
    field: str
    value: str
    code: str
    reason: str
    remedy: str


class AddedOne(BaseModel):
    """What became of one row: a contact, or a refusal."""

    contact_id: int | None
    refused: Refused | None


class AddedBatch(BaseModel):
    """What became of each row, in order."""

    list_id: int
    accepted: int
    rejected: int
    results: list[AddedOne]


class Basis(BaseModel):
    """Why the people of a list may be called, and how well that is proved."""

    list_id: int
    kind: BasisKind
    supplier: str
    method: str
    collected_on: date | None
    purposes: list[str]
    wordings: dict[str, str] = Field(description="Every text that was agreed to, by its id.")
    slot: str | None
    consent_expires_on: date | None
    evidence: dict[Evidence, int] = Field(description="Contacts by how well theirs is proved.")


class ContactQuery(InOrder):
    """Which contacts."""

    external_id: Annotated[str, Field(max_length=200)] | None = None
    number: PhoneText | None = None
    evidence: Evidence | None = None


@router.post(
    "/empty", status_code=201, response_model=ContactList, summary="Open a list without a file"
)
@needs(Permission.CAMPAIGNS_WRITE)
def open_one(values: NewList, workspace: In, caller: Asking, once: DoneOnce) -> Response:
    """For people who are added one by one; where it comes from is said as for a file."""

    def do() -> ContactList:
        provenance = values.provenance()
        made = open_list(
            workspace.engine, caller.controller_id, values.name, provenance, caller.name
        )
        return ContactList(**made)

    return once(values, do, location="/api/v1/lists/{id}")


@router.get("/{list_id}/contacts", summary="Contacts, in the order of the list")
@needs(Permission.PEOPLE_READ)
def people(
    list_id: Id, workspace: In, caller: Asking, asked: Annotated[ContactQuery, Query()]
) -> Page[Contact]:
    """Everybody in a list, with the consent it rests on."""
    wanted = ContactFilter(asked.external_id, number_of(asked.number), asked.evidence)
    with reading(workspace.engine) as connection:
        lists.one(connection, caller.controller_id, list_id)
        rows = lists.contacts(connection, list_id, asked.after, asked.limit, wanted)
    return Page(items=[_contact(row) for row in rows], next=next_of(rows, asked.limit, "line"))


@router.post(
    "/{list_id}/contacts", status_code=201, response_model=AddedOne, summary="Add somebody"
)
@needs(Permission.CAMPAIGNS_WRITE)
def add(
    request: Request,
    list_id: Id,
    values: ContactValues,
    workspace: In,
    caller: Asking,
    once: DoneOnce,
) -> Response:
    """By the checks of an import; a refusal is kept with its reason, and is no error."""

    def do() -> AddedOne:
        return _added(request, list_id, [values], workspace, caller).results[0]

    return once(values, do)


@router.post(
    "/{list_id}/contacts/batch",
    status_code=201,
    response_model=AddedBatch,
    summary="Add people",
)
@needs(Permission.CAMPAIGNS_WRITE)
def add_batch(
    request: Request, list_id: Id, values: Batch, workspace: In, caller: Asking, once: DoneOnce
) -> Response:
    """Up to 1,000 in one transaction; each is a contact or a refusal with its reason.

    A campaign that calls the list takes them in when the list is added to it once more.
    """

    def do() -> AddedBatch:
        return _added(request, list_id, values.people, workspace, caller)

    return once(values, do)


@router.get("/{list_id}/contacts/{contact_id}", summary="One contact")
@needs(Permission.PEOPLE_READ)
def one(list_id: Id, contact_id: BigId, workspace: In, caller: Asking) -> Contact:
    """A person in a list."""
    with reading(workspace.engine) as connection:
        lists.one(connection, caller.controller_id, list_id)
        return _contact(added_contacts.one(connection, list_id, contact_id))


@router.get("/{list_id}/basis", summary="Why its people may be called")
@needs(Permission.CAMPAIGNS_READ)
def basis(list_id: Id, workspace: In, caller: Asking) -> Basis:
    """What the list declares, with the exact wordings, and how well its contacts are proved."""
    with reading(workspace.engine) as connection:
        row = lists.one(connection, caller.controller_id, list_id)
        evidence = lists.evidence_counts(connection, list_id)
    kept = {name: row[name] for name in Basis.model_fields if name in row}
    return Basis(**kept, list_id=list_id, kind=row["basis"], evidence=evidence)


def _added(
    request: Request, list_id: int, people: list[ContactValues], workspace: In, caller: Asking
) -> AddedBatch:
    persons = [one.person() for one in people]
    done = add_contacts(workspace.engine, caller.controller_id, list_id, persons, caller.name)
    return AddedBatch(
        list_id=list_id,
        accepted=len(done.ids) - len(done.rejects),
        rejected=len(done.rejects),
        results=_results(request, done),
    )


def _results(request: Request, done: AddedContacts) -> list[AddedOne]:
    say = language_of(request).say
    refused = {
        one.line: Refused(
            line=one.line,
            field=one.field,
            value=one.value,
            code=one.code,
            reason=say(one.reason),
            remedy=say(one.remedy),
        )
        for one in done.rejects
    }
    return [
        AddedOne(contact_id=made, refused=refused.get(line))
        for line, made in enumerate(done.ids, start=done.first_line)
    ]


def _contact(row: dict[str, Any]) -> Contact:
    number = known_number(row["number"])
    return Contact(**{**row, "number": number, "zones": row["zones"].split("|")})
