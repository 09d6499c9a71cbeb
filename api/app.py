"""The API and its page as one application."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry

from api import consent, people, problems
from api.caller import Door, of_key
from api.dashboard import (
    account,
    door,
    drafting,
    importing,
    installation,
    operation,
    programs,
    proofs,
    public_pages,
    refusals,
    reports,
    room,
    set_up,
    single_sign_on,
    users,
)
from api.dashboard import audit as audit_pages
from api.dashboard import campaigns as campaign_pages
from api.dashboard import controllers as controller_pages
from api.dashboard import halt as halt_pages
from api.dashboard import lists as list_pages
from api.dashboard import own_calls as own_call_pages
from api.dashboard import preflight as preflight_pages
from api.dashboard import recordings as recording_pages
from api.dashboard import requests as request_pages
from api.dashboard import why as why_pages
from api.dashboard.pages import STATIC
from api.examples import add_examples, problem_examples
from api.imports import Imports
from api.lately import Forgetting, Lately
from api.needs import Routes
from api.progress import Hub, Key, Snapshot
from api.rate import Rated
from api.routes import (
    accounts,
    audits,
    calls,
    campaigns,
    consents,
    contacts,
    controllers,
    exports,
    halt,
    health,
    kinds,
    lines,
    lists,
    metrics,
    own_calls,
    preflight,
    recordings,
    rights,
    rules,
    segments,
    settings,
    stream,
    suppressions,
    trunks,
    webhooks,
    why,
)
from api.routes import users as user_routes
from api.schemas import Problem
from api.shortcut import Shortcut
from api.telling import telling
from api.traffic import Largest, Traffic
from api.verification import Verification
from api.visits import Visits
from operations import drafts
from operations.calls_made import CallsMade
from operations.identity_provider import IdentityProvider
from operations.progress import progress_of
from operations.workspace import Workspace
from store import idempotency
from store.engine import writing

_DESCRIPTION = """
Every address needs `Authorization: Bearer pv_...`; a key belongs to one controller, and nothing of
any other exists for it. Errors are RFC 9457 problem details with a stable `code`, in French or
English by `Accept-Language`. A creating request may carry an `Idempotency-Key`. `RateLimit` says
what a key may still ask in this minute. Long answers are pages: send `next` back as `after`.
"""

_PROBLEM_EXAMPLES = problem_examples()


def _problem(status: int, text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"schema": schema, "example": _PROBLEM_EXAMPLES[status]}
    return {"description": text, "content": {problems.MEDIA_TYPE: content}}


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: _problem(status, text)
    for status, text in {
        400: "What was sent is no JSON, or no form",
        401: "No key, or one that is not in force",
        403: "The scopes of the key do not include it, or the page's session may only read here",
        404: "No such thing for this controller",
        409: "Not possible in this state",
        413: "Too large",
        429: "Too many requests of this key: says when to ask again",
        422: "What was given is wrong: says which field, why, and what to do",
        503: "The database cannot record now",
    }.items()
}


class Application(FastAPI):
    """FastAPI, whose schema also knows what a problem looks like."""

    def openapi(self) -> dict[str, Any]:
        """The schema, made once."""
        if self.openapi_schema:
            return self.openapi_schema
        schema = _shortened(super().openapi())
        schema["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        _mark_files(schema)
        add_examples(schema)
        self.openapi_schema = schema
        return schema


def _shortened(schema: dict[str, Any]) -> dict[str, Any]:
    """With models of something called by their own names alone, as programs will call them."""
    written = json.dumps(schema)
    for name in schema["components"]["schemas"]:
        written = written.replace(f'{name}"', f'{name.partition("_Annotated_")[0]}"')
    shortened: dict[str, Any] = json.loads(written)
    return shortened


def _mark_files(schema: dict[str, Any]) -> None:
    """Say of a form's files what OpenAPI 3.0 said, too: generators of clients look for it."""
    for one in schema["components"]["schemas"].values():
        for field in one.get("properties", {}).values():
            if field.get("contentMediaType") == "application/octet-stream":
                field["format"] = "binary"


def _name(route: APIRoute) -> str:
    """What programs call an operation: its summary, which no other has."""
    words = route.summary or f"{route.name} {route.path_format}"
    return re.sub(r"\W+", "_", words.lower()).strip("_")


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
        generate_unique_id_function=_name,
    )
    app.state.workspace = workspace
    app.state.hub = Hub(partial(progress_of, workspace))
    app.state.progress = Lately(partial(_snapshot, workspace))
    oidc = workspace.settings.oidc
    app.state.identity_provider = IdentityProvider(oidc) if oidc.issuer else None
    keys = Lately(partial(of_key, workspace))
    app.state.visits = Visits()
    app.state.calls_made = CallsMade()
    app.state.imports = Imports()
    app.state.verification = Verification(workspace.engine)
    app.state.traffic = CollectorRegistry(auto_describe=False)
    problems.install(app)
    # Routes are tried in turn: what is asked for most comes first.
    app.include_router(stream.router, prefix="/api/v1", responses=_PROBLEMS)
    app.include_router(_api(), prefix="/api/v1", responses=_PROBLEMS)
    for one in (
        health, metrics, kinds, door, single_sign_on, set_up, account, users, controller_pages,
        room, drafting,
        preflight_pages, own_call_pages, reports, proofs, campaign_pages, halt_pages, importing,
        list_pages,
        recording_pages, refusals, why_pages, request_pages, audit_pages, operation, programs,
        installation, public_pages, consent, people,
    ):  # fmt: skip
        app.include_router(one.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(Shortcut, progress=app.state.progress, route=stream.now())
    app.add_middleware(Forgetting, looks=(app.state.progress, keys))
    app.add_middleware(Largest)
    app.add_middleware(Rated, per_minute=workspace.settings.api.requests_per_minute)
    app.add_middleware(Door, workspace=workspace, routes=Routes(app.routes), keys=keys)
    app.add_middleware(Traffic, registry=app.state.traffic)
    return app


def _snapshot(workspace: Workspace, key: Key) -> Snapshot:
    return Snapshot(progress_of(workspace, *key))


def _api() -> APIRouter:
    router = APIRouter()
    for one in (
        controllers, contacts, lists, consents, segments, recordings, campaigns, calls,
        exports, preflight, own_calls, suppressions, why, rights, audits, accounts, trunks, rules,
        lines, settings, user_routes, webhooks, halt,
    ):  # fmt: skip
        router.include_router(one.router)
    return router


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with writing(app.state.workspace.engine) as connection:
        idempotency.forget_unanswered(connection)
    drafts.give_all_back(app.state.workspace)
    with telling(app.state.workspace):
        yield
    app.state.hub.close()
