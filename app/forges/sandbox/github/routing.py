"""Which endpoint answers a request, and what a token must be allowed to do there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from urllib.parse import unquote, urlencode

from app.forges.sandbox.courier import Courier
from app.forges.sandbox.github.answers import Answer, Problem
from app.forges.sandbox.github.site import Site
from app.forges.sandbox.github.tokens import AppCaller, Caller, Desk, Token
from app.forges.sandbox.world import (
    Account,
    Change,
    Comment,
    Installation,
    Issue,
    Organisation,
    Repository,
    Team,
    World,
)

Value = TypeVar("Value")
PAGE, PAGE_LIMIT = 30, 100  # Using pagination in the REST API


@dataclass(slots=True)
class Call:
    """One request on its way through an endpoint, with what its path names already found."""

    site: Site
    world: World
    desk: Desk
    courier: Courier
    caller: Caller
    method: str
    path: str  # as it was sent, percent-quoted
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str = ""
    repository_: Repository | None = None

    @property
    def repository(self) -> Repository:
        """The repository that the path names; seen and allowed."""
        if self.repository_ is None:
            raise Problem(404, "Not Found")
        return self.repository_

    @property
    def actor(self) -> Account:
        """Who does it: an installation's writes are the App's bot's."""
        return self.site.registration.bot

    @property
    def token(self) -> Token:
        if not isinstance(self.caller, Token):
            raise Problem(403, "Resource not accessible by integration")
        return self.caller

    # --- What the path names ------------------------------------------------------------------------

    def number(self, name: str = "number") -> int:
        given = self.params[name]
        if not given.isascii() or not given.isdigit():
            raise Problem(404, "Not Found")
        return int(given)

    def issue(self) -> Issue:
        found = self.repository.issues.get(self.number())
        if found is None:
            raise Problem(404, "Not Found")
        return found

    def change(self) -> Change:
        found = self.issue()
        if not isinstance(found, Change):
            raise Problem(404, "Not Found")
        return found

    def comment(self) -> Comment:
        found = self.world.comment(self.repository, self.number("comment_id"))
        if found is None:
            raise Problem(404, "Not Found")
        return found

    def organisation(self) -> Organisation:
        found = self.world.organisation(self.params["org"])
        if found is None:
            raise Problem(404, "Not Found")
        return found

    def team(self) -> Team:
        found = self.world.team(self.params["org"], self.params["team_slug"])
        if found is None:
            raise Problem(404, "Not Found")
        return found

    def installation(self) -> Installation:
        found = self.world.installations.get(self.number("installation_id"))
        if found is None:
            raise Problem(404, "Not Found")
        return found

    # --- What the body says -------------------------------------------------------------------------

    def given(self, name: str, kind: type[Value]) -> Value:
        """A field that must be there, of this type; 422 otherwise."""
        if not isinstance(self.body, dict) or self.body.get(name) is None:
            raise Problem(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        value = self.body[name]
        if not isinstance(value, kind):
            raise Problem(
                422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not {kind.__name__}."
            )
        return value

    def maybe(self, name: str, kind: type[Value]) -> Value | None:
        """A field that may be missing or null."""
        if self.body is None or self.body.get(name) is None:
            return None
        return self.given(name, kind)

    def names(self, name: str) -> list[str]:
        """A list of names, empty where there is none; 422 for anything but texts."""
        values = self.maybe(name, list) or []
        if not all(isinstance(value, str) for value in values):
            raise Problem(422, f"Invalid request.\n\nFor 'items/{name}', not all are strings.")
        return values

    # --- Pages --------------------------------------------------------------------------------------

    def page(self, items: list[Value], shape: Callable[[Value], Any], wrap: str | None = None) -> Answer:
        """One page of a list with its `Link`; `wrap` names the field in lists that are objects."""
        size = min(max(_whole(self.query.get("per_page"), PAGE), 1), PAGE_LIMIT)
        here = max(_whole(self.query.get("page"), 1), 1)
        last = max(1, -(-len(items) // size))
        body: Any = [shape(item) for item in items[(here - 1) * size : here * size]]
        if wrap is not None:
            body = {"total_count": len(items), wrap: body}
        wanted: list[tuple[str, int]] = []
        if here > 1:
            wanted += [("prev", min(here - 1, last))]
        if here < last:
            wanted += [("next", here + 1), ("last", last)]
        if here > 1:
            wanted += [("first", 1)]
        links = [f'<{self._address(page)}>; rel="{name}"' for name, page in wanted]
        return Answer(200, body, {"Link": ", ".join(links)} if links else {})

    def _address(self, page: int) -> str:
        """Pages of a repository's lists are linked by its number, not by its name, as GitHub does."""
        path = self.path
        if self.repository_ is not None:
            rest = path.split("/", 4)[4]
            path = f"/repositories/{self.repository_.id}/{rest}"
        return self.site.api(path) + "?" + urlencode({**self.query, "page": page})


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. `may` lists the permissions of which one is enough ("issues:write").

    `content`: it makes something that people are notified of, and so counts against that limit.
    """

    method: str
    pattern: tuple[str, ...]
    handler: Callable[[Call], Answer]
    caller: Literal["app", "installation", "anyone"]
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
                params = _matched(route.pattern, given)
                if params is not None:
                    return route, params
        return None


def _matched(pattern: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for at, piece in enumerate(pattern):
        if piece.startswith("{+"):
            params[piece[2:-1]] = unquote("/".join(given[at:]))
            return params
        if at >= len(given):
            return None
        if piece.startswith("{"):
            if not given[at]:
                return None
            params[piece[1:-1]] = unquote(given[at])
        elif piece != given[at]:
            return None
    return params if len(pattern) == len(given) else None


ROUTES = Routes()

Handler = Callable[[Call], Answer]


def endpoint(
    request: str,
    *may: str,
    caller: Literal["app", "installation", "anyone"] = "installation",
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


def authorise(call: Call, route: Route) -> None:
    """The caller is of the right kind, the repository is visible, the permission is there; in this order."""
    if route.caller == "app" and not isinstance(call.caller, AppCaller):
        raise Problem(401, "A JSON web token could not be decoded")
    if route.caller == "anyone":
        return
    if "repo" in call.params:
        call.repository_ = _visible(call)
    if route.caller == "installation":
        _permitted(call, route)


def _visible(call: Call) -> Repository:
    """Missing and hidden are both 404; an old name leads to the new one."""
    name = f"{call.params['owner']}/{call.params['repo']}"
    found = call.world.repository(name)
    if found is None and name.casefold() in call.world.renamed:
        moved = call.world.repositories.get(call.world.renamed[name.casefold()])
        if moved is not None and _sees(call, moved):
            raise _moved(call, moved)
    if found is None or not _sees(call, found):
        raise Problem(404, "Not Found")
    return found


def _sees(call: Call, repository: Repository) -> bool:
    if repository.visibility == "public":
        return True
    return isinstance(call.caller, Token) and call.caller.covers(repository)


def _moved(call: Call, repository: Repository) -> Problem:
    """301 for reads, 307 for the rest (Best practices: follow redirects)."""
    rest = "".join(f"/{each}" for each in call.path.split("/", 4)[4:])
    url = call.site.api(f"/repositories/{repository.id}{rest}")
    status = 301 if call.method == "GET" else 307
    return Problem(status, "Moved Permanently", headers={"Location": url})


def _permitted(call: Call, route: Route) -> None:
    token = call.token
    if not route.may:
        return
    repository = call.repository_
    if repository is not None and not token.covers(repository):
        reading = all(level == "read" for _, level in route.may)
        if reading and call.method == "GET":
            return
        raise _not_accessible(route)
    if not any(token.may(permission, level) for permission, level in route.may):
        raise _not_accessible(route)


def _not_accessible(route: Route) -> Problem:
    """403, with what would have been enough."""
    wanted = "; ".join(f"{permission}={level}" for permission, level in route.may)
    return Problem(
        403, "Resource not accessible by integration", headers={"x-accepted-github-permissions": wanted}
    )
