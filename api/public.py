"""What the pages have in common that are open to everybody, and to which nobody signs in.

In French and English, without a script, a cookie or anything from elsewhere. Whatever a number is,
known, refused before or new, the answer is the same.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.dashboard.pages import render
from api.language import LANGUAGES, Language, choose
from api.visits import SECONDS, Allowance

LEAST_S = 0.25
"""What an answer to something sent takes at least."""

LONGEST = 200
"""Signs of anything that is typed or chosen here and makes sense."""

Typed = Annotated[str, Form()]


async def evenly(answer: Callable[[], Response]) -> Response:
    """Answer after `LEAST_S` at the earliest: how long it takes tells nothing of a number."""
    begun = monotonic()
    answered = await run_in_threadpool(answer)
    await asyncio.sleep(begun + LEAST_S - monotonic())
    return answered


def may(request: Request, allowance: Allowance) -> bool:
    """Whether one more is taken from where this one comes."""
    return allowance.take(request.client.host if request.client else "")


def language_of(request: Request) -> Language:
    """What was clicked, else what the browser prefers: nothing is remembered."""
    asked = request.query_params.get("lang")
    accepted = request.headers.get("accept-language", "")
    return choose(accepted, asked if asked in LANGUAGES else None)


def on(request: Request, path: str) -> Response:
    """Lead to another page, in the same language."""
    return RedirectResponse(f"{path}?lang={language_of(request).code}", 303)


def page(
    request: Request, template: str, status: int = 200, *, controller: str = "", **values: Any
) -> HTMLResponse:
    """One page as an answer.

    Args:
        request: what it answers.
        template: the file's name.
        status: HTTP; 429 says when to come again.
        controller: whose page it is, as its head says; empty for nobody's.
        values: what the template shows.
    """
    language = language_of(request)
    shown = {"path": request.url.path, "form_token": "", "stopped": None, **values}
    text = render(language, template, controller=controller, **shown)
    headers = {"Content-Language": language.code}
    if status == 429:
        headers["Retry-After"] = str(SECONDS)
    return HTMLResponse(text, status, headers)
