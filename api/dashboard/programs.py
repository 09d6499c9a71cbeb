"""Programs that work for a controller: keys by which they ask, webhooks by which they are told."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.caller import Asking, Caller, In
from api.dashboard.forms import Filled, checked, faults_of, text_of, texts_of
from api.dashboard.pages import chosen, page
from api.needs import needs
from api.schemas import Id
from campaigns.access import OF_A_CONTROLLER, Permission
from campaigns.errors import InvalidInput
from campaigns.webhook import EventKind
from operations.keys import keys_of, make_own_key, revoke_own_key
from operations.webhooks import MOST, make_webhook, remove_webhook, replay, resume
from operations.workspace import Workspace
from store import webhooks
from store.engine import reading

MOST_DAYS = 3650
LONGEST_NAME = 100

_HERE = "/programs"
_FIELDS = {"expires_at": "days", "scope": "scopes"}

router = APIRouter(include_in_schema=False)


@router.get(_HERE)
@needs(Permission.PROGRAMS)
def every(request: Request, workspace: In, caller: Asking) -> Response:
    """The keys in force, the webhooks, and what makes more of them."""
    return _every(request, workspace, caller)


@router.post(f"{_HERE}/keys", dependencies=[Depends(checked)])
@needs(Permission.PROGRAMS)
def add_key(request: Request, workspace: In, caller: Asking, form: Filled) -> Response:
    """Make a key that may do no more than whoever makes it, and show it, this once."""
    try:
        made = make_own_key(
            workspace, caller.controller_id, _name(form), caller.name, caller.permissions,
            scopes=_ticked(form, "scopes", "Tick what the program may do."),
            expires_at=_end(form),
        )  # fmt: skip
    except InvalidInput as error:
        return _refused(request, workspace, caller, form, error)
    return _every(request, workspace, caller, key=made.key)


@router.post(f"{_HERE}/keys/{{key_id}}/revoke", dependencies=[Depends(checked)])
@needs(Permission.PROGRAMS)
def revoke_key(workspace: In, caller: Asking, key_id: Id) -> Response:
    """Put a key out of force at once."""
    revoke_own_key(workspace, caller.controller_id, key_id, caller.name)
    return RedirectResponse(_HERE, 303)


@router.post(f"{_HERE}/webhooks", dependencies=[Depends(checked)])
@needs(Permission.PROGRAMS, Permission.PEOPLE_READ)
def add_webhook(request: Request, workspace: In, caller: Asking, form: Filled) -> Response:
    """Tell a program of what happens from now on; what signs it is shown, this once."""
    try:
        ticked = _ticked(form, "events", "Tick what it is to be told of.")
        kinds = [one for one in EventKind if one.value in ticked]
        made = make_webhook(
            workspace, caller.controller_id, text_of(form, "url"), kinds, caller.name
        )
    except InvalidInput as error:
        return _refused(request, workspace, caller, form, error)
    return _every(request, workspace, caller, secret=made.secret)


@router.post(f"{_HERE}/webhooks/{{webhook_id}}/remove", dependencies=[Depends(checked)])
@needs(Permission.PROGRAMS)
def take_webhook_away(workspace: In, caller: Asking, webhook_id: Id) -> Response:
    """Tell it nothing any more."""
    remove_webhook(workspace, caller.controller_id, webhook_id, caller.name)
    return RedirectResponse(_HERE, 303)


@router.post(f"{_HERE}/webhooks/{{webhook_id}}/resume", dependencies=[Depends(checked)])
@needs(Permission.PROGRAMS, Permission.PEOPLE_READ)
def tell_on(workspace: In, caller: Asking, webhook_id: Id) -> Response:
    """Tell it again after a restore."""
    resume(workspace, caller.controller_id, webhook_id, caller.name)
    return RedirectResponse(_HERE, 303)


@router.post(f"{_HERE}/webhooks/{{webhook_id}}/replay", dependencies=[Depends(checked)])
@needs(Permission.PROGRAMS, Permission.PEOPLE_READ)
def tell_again(workspace: In, caller: Asking, webhook_id: Id) -> Response:
    """Tell it once more of all that was given up."""
    replay(workspace, caller.controller_id, webhook_id, None, caller.name)
    return RedirectResponse(_HERE, 303)


def _refused(
    request: Request, workspace: Workspace, caller: Caller, form: FormData, error: InvalidInput
) -> Response:
    faults = faults_of(error, chosen(request), _FIELDS)
    return _every(request, workspace, caller, 422, faults=faults, typed=_typed(form))


def _typed(form: FormData) -> dict[str, Any]:
    return {
        **{name: text_of(form, name) for name in ("name", "days", "url")},
        **{name: texts_of(form, name) for name in ("scopes", "events")},
    }


def _every(
    request: Request, workspace: Workspace, caller: Caller, status: int = 200, **more: Any
) -> Response:
    with reading(workspace.engine) as connection:
        told = webhooks.page(connection, caller.controller_id, 0, MOST)
    values = {
        "keys": keys_of(workspace, caller.controller_id),
        "webhooks": told,
        "scopes": sorted(OF_A_CONTROLLER & caller.permissions),
        "kinds": list(EventKind),
        "faults": {},
        "typed": _typed(FormData()),
        "key": "",
        "secret": "",
        "here": _HERE,
    }
    return page(request, "programs.html", status, **{**values, **more})


def _name(form: FormData) -> str:
    name = text_of(form, "name")
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput("name", "it is no name.", "Say which program the key is for.")
    return name


def _ticked(form: FormData, field: str, remedy: str) -> list[str]:
    found = texts_of(form, field)
    if not found:
        raise InvalidInput(field, "nothing is ticked.", remedy)
    return found


def _end(form: FormData) -> datetime | None:
    text = text_of(form, "days")
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise InvalidInput("days", "it is no number of days.", "Give 1 to 3650, or leave it empty.")
    return datetime.now(UTC) + timedelta(days=int(text))
