"""The page that says why a number is, or is not, being called."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.caller import Asking, In
from api.dashboard.forms import Filled, checked, faults_of, text_of
from api.dashboard.pages import chosen, page
from api.needs import needs
from campaigns.access import Permission
from campaigns.contacts.phone import parse
from campaigns.errors import InvalidInput
from operations.explain import why

router = APIRouter(include_in_schema=False)


@router.get("/why")
@needs(Permission.PEOPLE_READ)
def ask(request: Request, caller: Asking) -> Response:  # noqa: ARG001 -- only who may ask
    """Ask for the number."""
    return page(request, "why.html", asked="", number="", found=None, faults={})


@router.post("/why", dependencies=[Depends(checked)])
@needs(Permission.PEOPLE_READ)
def answer(request: Request, workspace: In, caller: Asking, form: Filled) -> Response:
    """Campaign by campaign; the number is not in the address, which browsers keep."""
    text = text_of(form, "number")
    try:
        found = why(workspace, caller.controller_id, text)
        number = parse(text).e164
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {error.field: "number"})
        return page(request, "why.html", 422, asked=text, number="", found=None, faults=faults)
    return page(request, "why.html", asked=text, number=number, found=found, faults={})
