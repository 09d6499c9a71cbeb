"""A campaign looked into as it goes, and its report as a PDF and as a spreadsheet."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.caller import Asking, Caller, In
from api.dashboard.figures import Figures, figures
from api.dashboard.pages import chosen, page
from api.dashboard.recordings import played
from api.dashboard.room import calls_made
from api.language import Language
from api.needs import needs
from api.receipt import pdf
from api.report_sheet import report_sheet
from api.report_workbook import report_header, report_rows
from api.routes.exports import Format, download
from api.schemas import Id
from campaigns.access import Permission
from operations import call_exports
from operations.call_exports import Export
from operations.depth import Depth, depth_of
from operations.report import Report, report_of
from operations.workspace import Workspace
from store import controllers
from store.engine import reading

router = APIRouter(include_in_schema=False)


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
    sheet = report_sheet(*_reported(request, campaign_id, workspace, caller))
    headers = {"Content-Disposition": f'attachment; filename="report-{campaign_id}.pdf"'}
    return Response(pdf.drawn(sheet), headers=headers, media_type="application/pdf")


@router.get("/campaigns/{campaign_id}/report.xlsx")
@needs(Permission.CAMPAIGNS_READ)
def as_workbook(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """The report for a spreadsheet, its figures as numbers."""
    rows = list(report_rows(*_reported(request, campaign_id, workspace, caller)))
    table = Export(f"report-{campaign_id}", report_header(chosen(request)), iter([rows]))
    return download(table, Format.XLSX)


@router.get("/campaigns/{campaign_id}/outcomes.csv")
@needs(Permission.PEOPLE_READ)
def as_csv(campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Every call with what came of it, for a spreadsheet."""
    table = call_exports.attempts(workspace, caller.controller_id, campaign_id, caller.name)
    return download(table, Format.CSV)


def _reported(
    request: Request, campaign_id: int, workspace: Workspace, caller: Caller
) -> tuple[Report, Depth, Figures, str, Language]:
    """What a report is made of: what was done, looked into, drawn, for whom, in which language."""
    language = chosen(request)
    report = report_of(workspace, caller.controller_id, campaign_id)
    found = depth_of(workspace, caller.controller_id, campaign_id, calls_made(request))
    with reading(workspace.engine) as connection:
        controller = controllers.name_of(connection, caller.controller_id)
    return report, found, figures(report.progress, language), controller, language
