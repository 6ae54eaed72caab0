"""Which endpoint answers a request, and what a token must be allowed to do there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.http import Answer, matched


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. `may` lists the permissions of which one is enough ("issues:write").

    `content`: it makes something that people are notified of, and so counts against that limit.
    """

    method: str
    pattern: tuple[str, ...]
    handler: Callable[[Call], Answer]
    caller: Literal["app", "installation", "user", "anyone"]
    may: tuple[tuple[str, str], ...] = ()
    content: bool = False
    is_list: bool = False


@dataclass(slots=True)
class Routes:
    known: list[Route] = field(default_factory=list)

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and what its braces stand for. A last `{+name}` spans slashes."""
        given = raw_path.strip("/").split("/")
        for route in self.known:
            if route.method == method:
                params = matched(route.pattern, given)
                if params is not None:
                    return route, params
        return None


ROUTES = Routes()

Handler = Callable[[Call], Answer]


def endpoint(
    request: str,
    *may: str,
    caller: Literal["app", "installation", "user", "anyone"] = "installation",
    content: bool = False,
    is_list: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a function for "METHOD /path/{param}"; `may` as in `Route`."""

    def register(handler: Handler) -> Handler:
        method, _, path = request.partition(" ")
        pattern = tuple(path.strip("/").split("/"))
        allowed = tuple((each.partition(":")[0], each.partition(":")[2]) for each in may)
        ROUTES.known.append(Route(method, pattern, handler, caller, allowed, content, is_list))
        return handler

    return register
