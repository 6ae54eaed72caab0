"""Which endpoint answers a request, and who may call it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.http import Answer, matched

Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. `scopes`: one of these is enough; empty: the usual ones of its method.

    `anonymous`: nobody in particular may call it for what is public. `is_list`: its answer may lag.
    """

    method: str
    pattern: tuple[str, ...]
    handler: Handler
    scopes: tuple[str, ...] = ()
    anonymous: bool = False
    is_list: bool = False


@dataclass(slots=True)
class Routes:
    known: list[Route] = field(default_factory=list)
    _by_shape: dict[tuple[str, int], list[Route]] = field(default_factory=lambda: defaultdict(list))

    def add(self, route: Route) -> None:
        self.known.append(route)
        self._by_shape[route.method, len(route.pattern)].append(route)

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and what its braces stand for. HEAD is answered as GET."""
        given = raw_path.strip("/").split("/")
        for route in self._by_shape["GET" if method == "HEAD" else method, len(given)]:
            params = matched(route.pattern, given)
            if params is not None:
                return route, params
        return None


ROUTES = Routes()


def endpoint(
    request: str, *scopes: str, anonymous: bool = False, is_list: bool = False
) -> Callable[[Handler], Handler]:
    """Register a function for "METHOD /path/{param}"; the rest as in `Route`."""

    def register(handler: Handler) -> Handler:
        method, _, path = request.partition(" ")
        pattern = tuple(path.strip("/").split("/"))
        ROUTES.add(Route(method, pattern, handler, scopes, anonymous, is_list))
        return handler

    return register
