"""A campaign looked into as it goes, and its report as a PDF and as a spreadsheet."""

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from api.caller import Asking, In
from api.dashboard.figures import figures
from api.dashboard.pages import chosen, page
from api.dashboard.recordings import played
from api.dashboard.room import calls_made
from api.needs import needs
from api.receipt import pdf
from api.report_sheet import report_sheet
from api.routes.campaigns import Known
from api.schemas import Id
from campaigns.access import Permission
from campaigns.money import plain
from operations.depth import depth_of
from operations.exports import ENCODING, write_csv
from operations.report import all_attempts, report_of
from operations.workspace import Workspace
from store import controllers
from store.engine import reading

router = APIRouter(include_in_schema=False)

COLUMNS = (
    "id", "line", "external_id", "number", "trunk", "caller_id", "rehearsal", "state", "outcome",
    "claimed_at", "sent_at", "ringing_at", "answered_at", "ended_at", "cause", "tech", "heard_ms",
    "quartile", "keys", "sip_call_id", "cost", "variant",
)  # fmt: skip
_AT_ONCE = 500


@router.get("/campaigns/{campaign_id}/depth")
@needs(Permission.CAMPAIGNS_READ)
def depth(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """The part of a campaign's page that looks into it, to be fetched again and again."""
    return page(request, "depth_page.html", **looked_into(request, campaign_id, workspace, caller))


def looked_into(request: Request, campaign_id: int, workspace: In, caller: Any) -> dict[str, Any]:
    """What that part shows."""
    found = depth_of(workspace, caller.controller_id, campaign_id, calls_made(request))
    return {
        "campaign_id": campaign_id,
        "depth": found,
        "bars": played(workspace, found.message) if found.message else (),
    }


@router.get("/campaigns/{campaign_id}/report.pdf")
@needs(Permission.CAMPAIGNS_READ)
def as_pdf(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """The report to be handed on: tagged, so that a screen reader reads it too."""
    language = chosen(request)
    report = report_of(workspace, caller.controller_id, campaign_id)
    found = depth_of(workspace, caller.controller_id, campaign_id, calls_made(request))
    with reading(workspace.engine) as connection:
        controller = controllers.name_of(connection, caller.controller_id)
    sheet = report_sheet(report, found, figures(report.progress, language), controller, language)
    headers = {"Content-Disposition": f'attachment; filename="report-{campaign_id}.pdf"'}
    return Response(pdf.drawn(sheet), headers=headers, media_type="application/pdf")


@router.get("/campaigns/{campaign_id}/outcomes.csv")
@needs(Permission.PEOPLE_READ)
def as_csv(campaign_id: Known, workspace: In, caller: Asking) -> Response:
    """Every call with what came of it, for a spreadsheet."""
    headers = {"Content-Disposition": f'attachment; filename="outcomes-{campaign_id}.csv"'}
    pieces = _written(workspace, caller.controller_id, campaign_id)
    return StreamingResponse(pieces, headers=headers, media_type="text/csv; charset=utf-8")


def _written(workspace: Workspace, controller_id: int, campaign_id: int) -> Iterator[bytes]:
    """In pieces, each read for itself: nothing grows with the campaign."""
    text = io.StringIO(newline="")
    write_csv(text, COLUMNS, ())
    yield text.getvalue().encode(ENCODING)
    rows: list[list[object]] = []
    for one in all_attempts(workspace, controller_id, campaign_id):
        rows.append([_cell(name, one[name]) for name in COLUMNS])
        if len(rows) == _AT_ONCE:
            yield _lines(rows)
            rows = []
    yield _lines(rows)


def _lines(rows: list[list[object]]) -> bytes:
    text = io.StringIO(newline="")
    write_csv(text, COLUMNS, rows)
    return text.getvalue().partition("\r\n")[2].encode()


def _cell(name: str, value: Any) -> Any:
    if name == "cost":
        return None if value is None else plain(value)
    return value.isoformat() if isinstance(value, datetime) else value
