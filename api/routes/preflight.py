"""Before a launch: what is looked at, who may be called, what it may cost; after it, its record."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api import spoken
from api.caller import Asking, In
from api.language import Language
from api.needs import needs
from api.problems import language_of
from api.schemas import Id
from campaigns.access import Permission
from campaigns.budget import Spending
from campaigns.check import Subject, Verdict
from campaigns.money import to_micros
from campaigns.readiness import ListReadiness, Readiness
from campaigns.rules.gates import Gate
from operations import readiness
from operations.budget import change_budget
from operations.launch_record import LaunchRecord, launch_record
from operations.preflight import preflight as look
from operations.tariff_values import Euros

router = APIRouter(tags=["before a launch"])


class CheckAnswer(BaseModel):
    """One thing that was looked at; `text` and `remedy` are in the language asked for."""

    subject: Subject
    verdict: Verdict = Field(description="Only `fail` keeps a campaign from being launched.")
    about: str
    text: str
    remedy: str


class NotCallable(BaseModel):
    """So many people whom one gate keeps from being called."""

    gate: Gate
    count: int
    why: str
    ask: str = Field(description="What to ask the supplier of the list for.")


class ListAnswer(BaseModel):
    """Who of one list may be called."""

    id: int
    name: str
    contacts: int
    callable: int
    not_callable: list[NotCallable]
    refused: dict[str, int] = Field(description="Rows refused at import, by code.")


class ReadinessAnswer(BaseModel):
    """Who of some lists may be called for a purpose under a pack."""

    purpose: str
    pack: str
    people: int
    callable: int
    lists: list[ListAnswer]


class DayAnswer(BaseModel):
    """A day on which calls are expected."""

    day: date
    begin: datetime
    end: datetime
    calls: int


class PreflightAnswer(BaseModel):
    """Everything that is looked at before a launch."""

    verdict: Verdict
    checks: list[CheckAnswer]
    readiness: ReadinessAnswer
    calls: int = Field(description="Expected in all, if half of them are answered.")
    finish_at: datetime | None
    days: list[DayAnswer]
    cost_expected: int = Field(description="Micro-euros.")
    cost_worst: int = Field(description="Micro-euros.")


class BudgetChange(BaseModel):
    """What a campaign may spend in all."""

    model_config = ConfigDict(extra="forbid")

    euros: Euros | None = Field(description="Null for no budget.", examples=["250.00"])


@router.get("/campaigns/{campaign_id}/preflight", summary="Look before a launch")
@needs(Permission.CAMPAIGNS_READ)
def preflight(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> PreflightAnswer:
    """Pass, warn or fail of everything a launch needs, as if this key launched it now."""
    found = look(workspace, caller.controller_id, campaign_id, caller.name)
    language = language_of(request)
    return PreflightAnswer(
        verdict=found.verdict,
        checks=[CheckAnswer(**asdict(one)) for one in spoken.told(language, found.checks)],
        readiness=_readiness(language, found.readiness),
        calls=found.forecast.calls,
        finish_at=found.forecast.finish_at,
        days=[DayAnswer(**asdict(one)) for one in found.forecast.days],
        cost_expected=found.cost.expected,
        cost_worst=found.cost.worst,
    )


@router.get("/campaigns/{campaign_id}/launch-record", summary="What was launched")
@needs(Permission.CAMPAIGNS_READ)
def record(campaign_id: Id, workspace: In, caller: Asking) -> LaunchRecord:
    """Hashes of everything, who, when, and what was looked at; nobody can change it."""
    return launch_record(workspace, caller.controller_id, campaign_id)


@router.patch("/campaigns/{campaign_id}/budget", summary="Change the budget")
@needs(Permission.CAMPAIGNS_WRITE)
def budget(campaign_id: Id, change: BudgetChange, workspace: In, caller: Asking) -> Spending:
    """What it may spend in all, in the name of the key, also while it runs; in micro-euros."""
    micros = None if change.euros is None else to_micros(change.euros)
    return change_budget(workspace, caller.controller_id, campaign_id, micros, caller.name)


@router.get("/lists/{list_id}/readiness", summary="Who of a list may be called")
@needs(Permission.CAMPAIGNS_READ)
def list_readiness(
    request: Request,
    list_id: Id,
    workspace: In,
    caller: Asking,
    pack: Annotated[str, Query(max_length=100, examples=["fr-political"])],
    purpose: Annotated[str, Query(max_length=200, examples=["political"])],
) -> ReadinessAnswer:
    """How many may be called, how many not and why, and what to ask the supplier for."""
    found = readiness.of_lists(workspace, caller.controller_id, [list_id], pack, purpose)
    return _readiness(language_of(request), found)


def _readiness(language: Language, found: Readiness) -> ReadinessAnswer:
    return ReadinessAnswer(
        purpose=found.purpose,
        pack=found.pack,
        people=found.people,
        callable=found.callable_people,
        lists=[ListAnswer(**_list(language, one, found.purpose)) for one in found.lists],
    )


def _list(language: Language, one: ListReadiness, purpose: str) -> dict[str, Any]:
    return {
        "id": one.list_id,
        "name": one.name,
        "contacts": one.contacts,
        "callable": one.callable,
        "not_callable": [asdict(reason) for reason in spoken.unready(language, one, purpose)],
        "refused": dict(one.refused),
    }
