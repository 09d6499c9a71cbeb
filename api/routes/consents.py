"""Consent forms with every version of their texts, and what proves a consent given on one."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Asking, In
from api.needs import needs
from api.once import DoneOnce
from api.paging import Asked, NewestFirst, PhoneText, next_of
from api.schemas import Page
from campaigns.access import Permission
from campaigns.errors import NotFound
from operations import consent_forms
from operations.consent_form import ConsentForm, at, form_of
from operations.consent_forms import LONGEST_WORDING, MOST_PURPOSES, MOST_SLOTS, NewForm
from operations.consent_proof import proofs
from operations.values import Line, Name, Purposes
from store import consent_forms as kept
from store.engine import reading
from store.submissions import ConsentAct

router = APIRouter(tags=["consent"])

Slug = Annotated[str, Path(max_length=64, description="The end of the form's address.")]
Texts = Annotated[
    dict[Literal["fr", "en"], Annotated[str, Field(max_length=LONGEST_WORDING)]],
    Field(min_length=1, description="The exact text that is agreed to, by language."),
]


class NewConsentForm(BaseModel):
    """A form to open."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Web site",
                "purposes": ["political"],
                "slug": "elan-valbourg",
                "wordings": {"fr": "J'accepte d'être appelé par Élan Valbourg."},
                "slots": ["18:00-20:00"],
            }
        },
    )

    name: Name
    purposes: Purposes = Field(max_length=MOST_PURPOSES)
    wordings: Texts
    slots: list[Line] = Field([], max_length=MOST_SLOTS, description="Hours to choose from.")
    slug: Annotated[str, Field(max_length=64)] = Field(
        "", description="The end of its address; one that nobody can guess where empty."
    )


class NewWordings(BaseModel):
    """Texts to show from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"wordings": {"fr": "J'accepte d'être appelé le soir."}}},
    )

    wordings: Texts


class WordingAnswer(BaseModel):
    """A text that a form shows or showed; none is ever changed or removed."""

    id: str = Field(examples=["fr-2"])
    language: str
    version: int
    text: str
    sha256: str = Field(description="Of the text in UTF-8.")
    in_force: bool


class FormAnswer(BaseModel):
    """A public page on which people agree to be called, and which feeds a list."""

    slug: str
    address: str
    name: str
    list_id: int
    purposes: list[str]
    slots: list[str]
    people: int
    wordings: list[WordingAnswer]
    created_at: datetime
    closed_at: datetime | None


class ProofAnswer(BaseModel):
    """One thing that was done for a number on a form, with the exact text."""

    form: str
    name: str
    list_id: int
    act: ConsentAct
    at: datetime
    language: str
    purposes: list[str]
    wording: str | None
    text: str | None
    sha256: str | None
    slot: str | None
    suppressed: bool = Field(description="A refusal stood, so that no call follows from it.")


class ProofQuery(Asked):
    """Whose consent."""

    number: PhoneText = Field(examples=["06 39 98 00 01"])


@router.get("/consent-forms", summary="List consent forms")
@needs(Permission.CAMPAIGNS_READ)
def every(
    workspace: In, caller: Asking, asked: Annotated[NewestFirst, Query()]
) -> Page[FormAnswer]:
    """Forms of the controller, newest first, closed ones too."""
    with reading(workspace.engine) as connection:
        rows = kept.page(connection, caller.controller_id, asked.after, asked.limit)
        items = [_answer(form_of(connection, row)) for row in rows]
    return Page(items=items, next=next_of(rows, asked.limit))


@router.post(
    "/consent-forms", status_code=201, response_model=FormAnswer, summary="Open a consent form"
)
@needs(Permission.PRIVACY)
def create(values: NewConsentForm, workspace: In, caller: Asking, once: DoneOnce) -> Response:
    """A public page, and the list that it feeds; campaigns use that list as any other."""

    def do() -> FormAnswer:
        asked = NewForm(
            values.name, values.purposes, _texts(values.wordings), values.slots, values.slug
        )
        made = consent_forms.create(workspace.engine, caller.controller_id, asked, caller.name)
        return _answer(made)

    return once(values, do, location="/api/v1/consent-forms/{slug}")


@router.get("/consent-forms/{slug}", summary="One consent form")
@needs(Permission.CAMPAIGNS_READ)
def one(slug: Slug, workspace: In, caller: Asking) -> FormAnswer:
    """A form with every version of its texts."""
    form = at(workspace.engine, slug)
    if form.controller_id != caller.controller_id:
        raise NotFound(f"There is no consent form «{slug}».")
    return _answer(form)


@router.post(
    "/consent-forms/{slug}/wordings",
    status_code=201,
    response_model=FormAnswer,
    summary="Show another text",
)
@needs(Permission.PRIVACY)
def reword(
    slug: Slug, values: NewWordings, workspace: In, caller: Asking, once: DoneOnce
) -> Response:
    """As a new version from now on; languages that are not named keep theirs."""

    def do() -> FormAnswer:
        texts = _texts(values.wordings)
        return _answer(
            consent_forms.reword(workspace.engine, caller.controller_id, slug, texts, caller.name)
        )

    return once(values, do)


@router.post("/consent-forms/{slug}/close", summary="Close a consent form")
@needs(Permission.PRIVACY)
def close(slug: Slug, workspace: In, caller: Asking) -> FormAnswer:
    """It takes no agreement any more; people can still withdraw there. Twice does no harm."""
    return _answer(consent_forms.close(workspace.engine, caller.controller_id, slug, caller.name))


@router.get("/consent-proofs", summary="What proves a consent")
@needs(Permission.PRIVACY)
def proved(
    workspace: In, caller: Asking, asked: Annotated[ProofQuery, Query()]
) -> list[ProofAnswer]:
    """Everything done for a number on the controller's forms, newest first."""
    found = proofs(workspace.engine, caller.controller_id, asked.number)
    return [ProofAnswer(**asdict(one)) for one in found]


def _texts(given: Texts) -> dict[str, str]:
    return {str(language): text for language, text in given.items()}


def _answer(form: ConsentForm) -> FormAnswer:
    shown = {one.id for one in form.in_force.values()}
    return FormAnswer(
        slug=form.slug,
        address=f"/consent/{form.slug}",
        name=form.name,
        list_id=form.list_id,
        purposes=list(form.purposes),
        slots=[str(one) for one in form.slots],
        people=form.people,
        wordings=[
            WordingAnswer(
                id=one.key,
                language=one.language,
                version=one.version,
                text=one.text,
                sha256=one.sha256,
                in_force=one.id in shown,
            )
            for one in form.wordings
        ],
        created_at=form.created_at,
        closed_at=form.closed_at,
    )
