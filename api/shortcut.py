"""Programs that ask for progress, which they do often, are answered before the routes are searched.

To find the route and to solve what it depends on takes longer than all the rest of such a request.
What stands before every route, the key, its permissions and its rate, stands before this too.
"""

import re

from fastapi import Request
from fastapi.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.lately import Lately
from api.problems import answer
from api.progress import Key, Snapshot
from campaigns.errors import PortevoixError

_PROGRESS = re.compile(r"/api/v1/campaigns/([1-9][0-9]{0,8})/progress")
"""Any other address, and any other id, is for the routes, which say what is wrong with it."""


class Shortcut:
    """Answers what a route would, for keys alone.

    Args:
        app: what answers everything else.
        progress: of campaigns.
        route: the one whose requests are answered here, for the counts of traffic.
    """

    def __init__(self, app: ASGIApp, progress: Lately[Key, Snapshot], route: BaseRoute) -> None:
        self._app = app
        self._progress = progress
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        key = _asked(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route
        await (await self._answer(key, scope))(scope, receive, send)

    async def _answer(self, key: Key, scope: Scope) -> Response:
        try:
            snapshot = await self._progress.of(key)
        except PortevoixError as error:
            return answer(Request(scope), error)
        return Response(snapshot.json, media_type="application/json")


def _asked(scope: Scope) -> Key | None:
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
        return None
    caller = scope.get("state", {}).get("caller")
    found = _PROGRESS.fullmatch(scope["path"])
    if found is None or caller is None or caller.token:
        return None
    return caller.controller_id, int(found[1])
