"""What each route needs whoever asks to be permitted; a route that says nothing is closed to all.

`@needs(Permission.CAMPAIGNS_READ)` under the router's decorator declares it, `@needs()` lets in
whoever has a key or a session. It is looked at before anything of the request's body is read.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from re import Pattern
from typing import Any, TypeVar

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import Scope

from campaigns.access import Permission

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])
_declared: dict[Callable[..., Any], frozenset[Permission]] = {}


def needs(*permissions: Permission) -> Callable[[_Endpoint], _Endpoint]:
    """Declare that a route needs all of these permissions; none is for whoever is let in."""

    def declare(endpoint: _Endpoint) -> _Endpoint:
        _declared[endpoint] = frozenset(permissions)
        return endpoint

    return declare


def needed(endpoint: Callable[..., Any] | None) -> frozenset[Permission] | None:
    """What a route needs; None where it does not say."""
    return _declared.get(endpoint) if endpoint is not None else None


class Routes:
    """The routes of an application, as a request finds them."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    @cached_property
    def _asked(self) -> list[tuple[frozenset[str], Pattern[str], frozenset[Permission] | None]]:
        """Of each route its methods, the addresses that are its own, and what it needs."""
        return [
            (frozenset(one.methods), one.path_regex, needed(one.endpoint))
            for one in iter_route_contexts(self._routes)
            if one.methods and one.endpoint
        ]

    def permits(self, scope: Scope, permissions: frozenset[Permission]) -> bool:
        """Whether a request goes to no route, or to one that these permissions are enough for."""
        for methods, addresses, asked in self._asked:
            if scope["method"] in methods and addresses.match(scope["path"]):
                return asked is not None and asked <= permissions
        return True
