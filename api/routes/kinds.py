"""What each kind of problem is: where `type` of a problem leads."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.dashboard.pages import chosen, error_page
from api.problems import KINDS, Refusal

router = APIRouter(include_in_schema=False)


@router.get("/problems/{code}")
def kind(request: Request, code: str) -> Response:
    """The kind's title, in either language."""
    if code not in KINDS:
        raise Refusal("not_found", "There is no such kind of problem.")
    found, language = KINDS[code], chosen(request)
    return error_page(request, language, 200, found.title, f"{code}, HTTP {found.status}")
