"""Headers of every answer, and those by which a script of ours asks and is sent elsewhere."""

from fastapi import Request
from fastapi.responses import Response

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing from elsewhere, and nothing inline; a recording is heard before it is sent (`blob:`)."""

CHALLENGE = 'Bearer realm="portevoix"'
"""How somebody who is not known may say who they are (RFC 6750, 3)."""

SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


def by_script(request: Request) -> bool:
    """Whether a script of the page asks, which puts a part of the answer into it."""
    return "HX-Request" in request.headers


def elsewhere(where: str, status: int = 204) -> Response:
    """Have that script open another page, instead of a part of one it did not ask for."""
    return Response(status_code=status, headers={"HX-Redirect": where})
