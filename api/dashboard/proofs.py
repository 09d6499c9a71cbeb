"""Reports over everything a controller did: what it cost, and what shows that rules were kept."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from api.account_report import Between, account_sheet, account_tables
from api.caller import Asking, Caller, In
from api.dashboard.pages import chosen, page
from api.needs import needs
from api.protection_report import protection_sheet, protection_tables
from api.receipt import pdf
from api.receipt.sheet import Sheet
from api.report_tables import Listing, as_workbook
from api.routes.exports import Format, media_type
from api.schemas import LARGEST_ID
from campaigns.access import Permission
from operations.budget import Statement, statement
from operations.protection import protection_of
from operations.values import plausible_day
from operations.workspace import Workspace
from store import campaigns, controllers
from store.engine import reading

router = APIRouter(include_in_schema=False)


def _or_none(text: str) -> str | None:
    """A field that was left empty says nothing."""
    return text or None


Day = Annotated[Annotated[date, AfterValidator(plausible_day)] | None, BeforeValidator(_or_none)]
Which = Annotated[Annotated[int, Field(ge=1, le=LARGEST_ID)] | None, BeforeValidator(_or_none)]


class Asked(BaseModel):
    """Which days, and of which campaign."""

    campaign_id: Which = None
    since: Day = None
    until: Day = None

    @property
    def between(self) -> Between:
        """First and last day."""
        return self.since, self.until


What = Annotated[Asked, Query()]


@router.get("/spending")
@needs(Permission.CAMPAIGNS_READ)
def spending(request: Request, workspace: In, caller: Asking, asked: What) -> Response:
    """What campaigns spent, for their account."""
    with reading(workspace.engine) as connection:
        rows = campaigns.rows_of(connection, caller.controller_id)
    real = [(row["id"], row["name"]) for row in rows if not row["rehearsal"]]
    return page(
        request, "spending.html", sheet=_account(request, workspace, caller, asked),
        asked={name: value or "" for name, value in asked.model_dump().items()},
        campaigns_choice=real,
    )  # fmt: skip


@router.get("/spending/account.pdf")
@needs(Permission.CAMPAIGNS_READ)
def spending_as_pdf(request: Request, workspace: In, caller: Asking, asked: What) -> Response:
    """The same to be put with the account."""
    return _as_pdf("account", _account(request, workspace, caller, asked))


@router.get("/spending/account.xlsx")
@needs(Permission.CAMPAIGNS_READ)
def spending_as_workbook(request: Request, workspace: In, caller: Asking, asked: What) -> Response:
    """The same to be reckoned with."""
    found = _spent(workspace, caller, asked)
    return _as_workbook("account", account_tables(found, asked.between, chosen(request)))


def _account(request: Request, workspace: Workspace, caller: Caller, asked: Asked) -> Sheet:
    found = _spent(workspace, caller, asked)
    return account_sheet(found, asked.between, _name(workspace, caller), chosen(request))


def _spent(workspace: Workspace, caller: Caller, asked: Asked) -> Statement:
    return statement(workspace, caller.controller_id, asked.campaign_id, *asked.between)


@router.get("/protection")
@needs(Permission.PRIVACY)
def protection(request: Request, workspace: In, caller: Asking) -> Response:
    """What shows that the rules were kept, but for the lists, which take their time to count."""
    found = protection_of(workspace, caller.controller_id, with_lists=False)
    sheet = protection_sheet(found, _name(workspace, caller), chosen(request))
    return page(request, "protection.html", sheet=sheet)


@router.get("/protection/record.pdf")
@needs(Permission.PRIVACY)
def protection_as_pdf(request: Request, workspace: In, caller: Asking) -> Response:
    """All of it, to be read or filed."""
    found = protection_of(workspace, caller.controller_id)
    return _as_pdf("record", protection_sheet(found, _name(workspace, caller), chosen(request)))


@router.get("/protection/record.xlsx")
@needs(Permission.PRIVACY)
def protection_as_workbook(request: Request, workspace: In, caller: Asking) -> Response:
    """All of it, a worksheet for each part."""
    found = protection_of(workspace, caller.controller_id)
    return _as_workbook("record", protection_tables(found, chosen(request)))


def _name(workspace: Workspace, caller: Caller) -> str:
    with reading(workspace.engine) as connection:
        return controllers.name_of(connection, caller.controller_id)


def _as_pdf(name: str, sheet: Sheet) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return Response(pdf.drawn(sheet), headers=headers, media_type="application/pdf")


def _as_workbook(name: str, listings: Sequence[Listing]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(as_workbook(listings), headers=headers, media_type=media_type(Format.XLSX))
