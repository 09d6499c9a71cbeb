"""Rendering the pages, in either language."""

from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.language import LANGUAGES, Language, choose
from campaigns.errors import StoreUnavailable
from operations import halt

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_YEAR_S = 365 * 24 * 3600
_UNREMEMBERED = ("/consent/", "/people")
"""Where pages begin that set no cookie, whatever goes wrong there (`api.public`)."""


def chosen(request: Request) -> Language:
    """The page's language: what was clicked, now or before, else what the browser prefers."""
    asked = request.query_params.get("lang")
    before = request.cookies.get("lang")
    return choose(
        request.headers.get("accept-language", ""), asked if asked in LANGUAGES else before
    )


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """One page as an answer, with the stop for everything where one is in force.

    Args:
        request: what it answers.
        template: the file's name.
        status: HTTP.
        values: what the template shows.
    """
    language = chosen(request)
    caller = request.scope.get("state", {}).get("caller")
    shown = {
        "path": request.url.path,
        "asker": caller,  # «caller» is a word of Jinja's own
        "form_token": caller.form_token if caller else "",  # without one nobody is signed in
        "stopped": _stop(request, caller, status) if caller else None,
        **values,
    }
    response = HTMLResponse(render(language, template, **shown), status)
    clicked = request.query_params.get("lang") == language.code
    if clicked and not request.url.path.startswith(_UNREMEMBERED):
        response.set_cookie(
            "lang", language.code, _YEAR_S, httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip
    return response


def _stop(request: Request, caller: Any, status: int) -> halt.Seen | None:
    """Read for every page; where it cannot be, only one that says what is wrong goes without."""
    try:
        found = halt.current(request.app.state.workspace)
    except StoreUnavailable:
        if status < HTTPStatus.BAD_REQUEST:
            raise
        return None
    return halt.seen_by(found, caller.controller_id, caller.name) if found else None


def render(language: Language, template: str, **values: Any) -> str:
    """A template, or a part of a page, as text."""
    return _environment(language).get_template(template).render(now=datetime.now(UTC), **values)


def error_page(
    request: Request, language: Language, status: int, title: str, detail: str
) -> HTMLResponse:
    """What went wrong, for a person."""
    return page(request, "problem.html", status, title=language.say(title), detail=detail)


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    said = language.translations
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        said.gettext, said.ngettext, newstyle=True, pgettext=said.pgettext
    )
    environment.globals["language"] = language
    environment.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    return environment
