"""Where somebody was whose session had ended: there again, once they have signed in.

It is told by a cookie of our own that leads to drafts alone, so that no link can send anybody
elsewhere; whose draft it is is looked up after.
"""

import re

from fastapi import Request
from fastapi.responses import Response

_COOKIE = "portevoix_back"
_WITHIN_S = 3600
_DRAFT = re.compile(r"/campaigns/new/([1-9][0-9]{0,8})")


def remember(request: Request, response: Response) -> None:
    """Note the draft that was asked for, where one was."""
    if _DRAFT.fullmatch(request.url.path):
        response.set_cookie(
            _COOKIE, request.url.path, _WITHIN_S, httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip


def draft_of(request: Request) -> int | None:
    """The draft that was asked for; None for none."""
    found = _DRAFT.fullmatch(request.cookies.get(_COOKIE, ""))
    return int(found[1]) if found else None


def forget(response: Response) -> None:
    """They are back, or went elsewhere."""
    response.delete_cookie(_COOKIE)
