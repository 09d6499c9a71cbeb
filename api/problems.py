"""What went wrong, as RFC 9457 problem details or, for a person with a browser, as a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from api.dashboard.pages import error_page
from api.headers import CHALLENGE, SECURITY
from api.language import Language, choose
from campaigns.errors import InvalidInput, PortevoixError

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: the status it is answered with, and its title."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    "invalid_input": Kind(422, "Something that was given is not right"),
    "invalid_number": Kind(422, "This number cannot be called"),
    "not_allowed": Kind(409, "Not possible now"),
    "not_found": Kind(404, "There is no such thing"),
    "method_not_allowed": Kind(405, "This address does not take that request"),
    "unauthenticated": Kind(401, "An API key is needed"),
    "forbidden": Kind(403, "This request cannot be trusted"),
    "not_permitted": Kind(403, "You are not permitted to do this"),
    "too_many": Kind(429, "Too many attempts"),
    "too_large": Kind(413, "The file is too large"),
    "too_many_requests": Kind(429, "Too many requests"),
    "bad_request": Kind(400, "The request cannot be read"),
    "idempotency_key_reused": Kind(422, "This Idempotency-Key stands for another request"),
    "still_running": Kind(409, "The same request is still being answered"),
    "store_unavailable": Kind(503, "The database cannot record now"),
    "suppression_key_missing": Kind(503, "The suppression key is missing"),
    "lease_lost": Kind(503, "Another dialer has taken over"),
    "pbx_error": Kind(503, "The PBX cannot be reached"),
    "portevoix_error": Kind(500, "Something went wrong"),
    "internal_error": Kind(500, "Something went wrong on our side"),
}
"""Every code there is. They are part of the API: none changes its meaning."""

_BY_STATUS = {400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found",
    405: "method_not_allowed", 413: "too_large"}  # fmt: skip


class Refusal(PortevoixError):
    """A problem of the request itself, of which the layers below know nothing."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


def problem(
    code: str, detail: str, language: Language, extra: Mapping[str, Any] | None = None
) -> JSONResponse:
    """One problem as an answer."""
    kind = KINDS[code]
    body = {
        "type": f"/problems/{code}",
        "code": code,
        "title": language.say(kind.title),
        "status": kind.status,
        "detail": detail,
        **(extra or {}),
    }
    headers = {"Content-Language": language.code}
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    return JSONResponse(body, kind.status, headers, MEDIA_TYPE)


def answer(request: Request, error: PortevoixError) -> Response:
    """An expected error, to whoever asked: a program or a person."""
    language = language_of(request)
    code = error.code if error.code in KINDS else PortevoixError.code
    if isinstance(error, InvalidInput):
        why, remedy = language.say(error.why), language.say(error.remedy)
        detail = f"{why} {remedy}".strip()
        extra = {"field": error.field, "why": why, "remedy": remedy}
    else:
        detail, extra = language.say(str(error)), {}
    return _for(request, code, detail, language, extra)


def language_of(request: Request) -> Language:
    """The language to answer in."""
    return choose(request.headers.get("accept-language", ""), request.cookies.get("lang"))


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.exception_handler(PortevoixError)(answer)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(Exception)(_unexpected)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    language = language_of(request)
    faults = [
        {"field": _field(one["loc"]), "why": language.say(_why(one["msg"]))}
        for one in error.errors()
    ]
    detail = " ".join(f"{one['field']}: {one['why']}" for one in faults)
    extra = {**faults[0], "remedy": "", "errors": faults}
    return _for(request, "invalid_input", detail, language, extra)


def _refused(request: Request, error: HTTPException) -> Response:
    language = language_of(request)
    code = _BY_STATUS.get(error.status_code, "bad_request")
    standard = error.detail == HTTPStatus(error.status_code).phrase
    detail = KINDS[code].title + "." if standard else str(error.detail)
    made = _for(request, code, language.say(detail), language, {})
    for name, value in (error.headers or {}).items():
        made.headers[name] = value
    return made


def _unexpected(request: Request, error: Exception) -> Response:
    """Nothing of the error itself leaves: it is logged under an id that the asker can quote."""
    language = language_of(request)
    reference = str(uuid4())
    log.error("unexpected error", reference=reference, exc_info=error)
    detail = language.say("Nothing is lost. Quote {reference} to whoever runs this system.")
    made = _for(
        request, "internal_error", detail.format(reference=reference), language,
        {"instance": f"urn:uuid:{reference}"},
    )  # fmt: skip
    made.headers.update(SECURITY)  # it is sent from outside of everything that adds them
    return made


def _field(place: Sequence[str | int]) -> str:
    """`limits.max_cps` of `("body", "limits", "max_cps")`; `body` for JSON that is none."""
    if len(place) == 2 and isinstance(place[1], int):
        return str(place[0])
    return ".".join(str(part) for part in place[1:]) or str(place[0])


def _why(said: str) -> str:
    if said.startswith("Input should be '"):
        said = said.replace("' or '", "', '")  # so that no word of it is of one language
    return said.removeprefix("Value error, ").rstrip(".") + "."


def _for(
    request: Request, code: str, detail: str, language: Language, extra: Mapping[str, Any]
) -> Response:
    path = request.url.path
    if path.startswith("/api/") or path in {"/metrics", "/health"}:
        return problem(code, detail, language, extra)
    kind = KINDS[code]
    return error_page(request, language, kind.status, kind.title, detail)
