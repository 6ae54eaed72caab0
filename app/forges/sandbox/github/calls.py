"""One request on its way through an endpoint: what its path names, what its body says, its pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from app.forges.sandbox.courier import Courier
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.site import Site
from app.forges.sandbox.github.tokens import Caller, Desk, Token, UserToken
from app.forges.sandbox.http import Answer
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
    """A request whose route is known. What it names and nobody has is 404, what it says wrongly 422."""

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

    @property
    def user_token(self) -> UserToken:
        if not isinstance(self.caller, UserToken):
            raise Problem(401, "Requires authentication")
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
