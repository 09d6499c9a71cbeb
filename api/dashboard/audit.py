"""The page over the audit: what people and clocks did, and whether that is what was written."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, In
from api.dashboard.forms import checked
from api.dashboard.pages import chosen, page
from api.language import Language
from api.needs import needs
from api.paging import ACTS_FROM, act_cursor, act_place
from api.verification import Verification
from campaigns.access import Permission
from store import audit
from store.audit import AuditFilter
from store.engine import reading

router = APIRouter(include_in_schema=False)

_ROWS = 60
_KINDS = ("campaign", "list", "recording", "suppression", "request", "receipt", "person",
    "consent_form", "public_page", "callback_line", "key", "session", "export", "halt",
    "calls")  # fmt: skip
"""First parts of the names of acts, to choose from."""

_WORDS = {"before": "campaign", "after": "campaign", "kind": "request", "measure": "measure",
    "gate": "gate"}  # fmt: skip
"""Which of our names stand under these names of details."""

Text = Annotated[str, Query(max_length=100)]


@router.get("/audit")
@needs(Permission.AUDIT_READ)
def acts(
    request: Request,
    workspace: In,
    caller: Asking,
    act: Text = "",
    actor: Text = "",
    subject: Text = "",
    before: Annotated[str, Query(pattern=f"^({ACTS_FROM})?$")] = "",
) -> Response:
    """The last ones that are looked for, newest first."""
    sought, place = AuditFilter(act, actor=actor, subject=subject), act_place(before)
    with reading(workspace.engine) as connection:
        rows = audit.page(connection, caller.controller_id, place, _ROWS, sought)
    said, looked = chosen(request), _verification(request)
    kinds = [("", said.word("acts", "all")), *((one, said.word("acts", one)) for one in _KINDS)]
    return page(
        request, "audit.html", rows=rows, sought=sought, kinds_choice=kinds, told=told,
        next=act_cursor(rows[-1]) if len(rows) == _ROWS else None,
        verifying=looked.begun_at, unverified=looked.fault, verified=looked.last,
        own=looked.last.of(caller.controller_id) if looked.last else None,
    )  # fmt: skip


@router.post("/audit/verify", dependencies=[Depends(checked)])
@needs(Permission.AUDIT_READ)
def verify(request: Request, caller: Asking) -> Response:  # noqa: ARG001 -- only who may ask
    """Have every event held against the chain of hashes it stands in, which takes its time."""
    _verification(request).begin()
    return RedirectResponse("/audit", 303)


def _verification(request: Request) -> Verification:
    found: Verification = request.app.state.verification
    return found


def told(language: Language, name: str, value: Any) -> str:
    """What stands beside an act under some name, for people."""
    if isinstance(value, bool):
        return language.say("yes" if value else "no")
    if isinstance(value, list):
        return ", ".join(told(language, name, one) for one in value)
    if isinstance(value, float):
        return language.number(round(value, 3))
    if isinstance(value, str) and name in _WORDS:
        return language.word(_WORDS[name], value)
    return language.say(value) if name == "read_as" else str(value)
