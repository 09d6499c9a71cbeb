"""The API and its page as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry

from api import consent, problems
from api.caller import Door
from api.dashboard import audit as audit_pages
from api.dashboard import campaigns as campaign_pages
from api.dashboard import door, drafting, importing, operation, refusals, reports, room
from api.dashboard import halt as halt_pages
from api.dashboard import lists as list_pages
from api.dashboard import preflight as preflight_pages
from api.dashboard import recordings as recording_pages
from api.dashboard import requests as request_pages
from api.dashboard import why as why_pages
from api.dashboard.pages import STATIC
from api.imports import Imports
from api.progress import Hub
from api.routes import (
    campaigns,
    halt,
    health,
    kinds,
    lists,
    metrics,
    preflight,
    recordings,
    stream,
    suppressions,
    why,
)
from api.schemas import Problem
from api.traffic import Largest, Traffic
from api.visits import Visits
from operations.calls_made import CallsMade
from operations.progress import progress_of
from operations.workspace import Workspace
from store import idempotency
from store.engine import writing

_DESCRIPTION = """
Every address needs `Authorization: Bearer pv_...`; a key belongs to one controller, and nothing of
any other exists for it. Errors are RFC 9457 problem details with a stable `code`, in French or
English by `Accept-Language`. A creating request may carry an `Idempotency-Key`.
"""

_PROBLEM_SCHEMA = {"schema": {"$ref": "#/components/schemas/Problem"}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {problems.MEDIA_TYPE: _PROBLEM_SCHEMA}}
    for status, text in {
        401: "No key, or one that is not in force",
        404: "No such thing for this controller",
        409: "Not possible in this state",
        413: "Too large",
        422: "What was given is wrong: says which field, why, and what to do",
        503: "The database cannot record now",
    }.items()
}


class Application(FastAPI):
    """FastAPI, whose schema also knows what a problem looks like."""

    def openapi(self) -> dict[str, Any]:
        """The schema, made once."""
        schema = super().openapi()
        schema["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        return schema


def create_app(workspace: Workspace) -> FastAPI:
    """The application over an opened workspace."""
    app = Application(
        title="Porte-voix",
        version=version("portevoix"),
        description=_DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.workspace = workspace
    app.state.hub = Hub(partial(progress_of, workspace))
    app.state.visits = Visits()
    app.state.calls_made = CallsMade()
    app.state.imports = Imports()
    app.state.traffic = CollectorRegistry(auto_describe=False)
    problems.install(app)
    app.include_router(_api(), prefix="/api/v1", responses=_PROBLEMS)
    for one in (
        health, metrics, kinds, door, room, drafting, preflight_pages, reports, campaign_pages,
        halt_pages, importing, list_pages, recording_pages, refusals, why_pages, request_pages,
        audit_pages, operation, consent,
    ):  # fmt: skip
        app.include_router(one.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(Largest)
    app.add_middleware(Door, workspace=workspace)
    app.add_middleware(Traffic, registry=app.state.traffic)
    return app


def _api() -> APIRouter:
    router = APIRouter()
    for one in (lists, recordings, campaigns, preflight, stream, suppressions, why, halt):
        router.include_router(one.router)
    return router


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with writing(app.state.workspace.engine) as connection:
        idempotency.forget_unanswered(connection)
    yield
    app.state.hub.close()
