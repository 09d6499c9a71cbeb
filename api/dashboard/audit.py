"""The page over the audit: what people and clocks did, and whether that is what was written."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.caller import Asking, Caller, In
from api.dashboard.forms import checked
from api.dashboard.pages import chosen, page
from api.needs import needs
from api.paging import ACTS_FROM, act_cursor, act_place
from campaigns.access import Permission
from operations.audit_proof import Fault, prove
from store import audit
from store.audit import AuditFilter, Place
from store.engine import reading

router = APIRouter(include_in_schema=False)

_ROWS = 60
_FAULTS = 20
_KINDS = ("campaign", "list", "recording", "suppression", "request", "receipt", "person",
    "consent_form", "callback_line", "key", "session", "halt", "calls")  # fmt: skip
"""First parts of the names of acts, to choose from."""

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
    sought = AuditFilter(act, actor=actor, subject=subject)
    return _page(request, workspace, caller, sought, act_place(before))


@router.post("/audit/verify", dependencies=[Depends(checked)])
@needs(Permission.AUDIT_READ)
def verify(request: Request, workspace: In, caller: Asking) -> Response:
    """Hold every event against the chain of hashes it stands in."""
    faults: list[Fault] = []

    def tell(fault: Fault) -> None:
        if len(faults) < _FAULTS:
            faults.append(fault)

    proof = prove(workspace.engine, tell)
    return _page(request, workspace, caller, AuditFilter(), proof=proof, faults=faults)


def _page(
    request: Request,
    workspace: In,
    caller: Caller,
    sought: AuditFilter,
    before: Place | None = None,
    **values: Any,
) -> Response:
    with reading(workspace.engine) as connection:
        rows = audit.page(connection, caller.controller_id, before, _ROWS, sought)
    said = chosen(request)
    shown: dict[str, Any] = {
        "rows": rows,
        "sought": sought,
        "kinds_choice": [
            ("", said.word("acts", "all")),
            *((one, said.word("acts", one)) for one in _KINDS),
        ],
        "next": act_cursor(rows[-1]) if len(rows) == _ROWS else None,
        "proof": None,
        "faults": [],
    }
    return page(request, "audit.html", **{**shown, **values})
