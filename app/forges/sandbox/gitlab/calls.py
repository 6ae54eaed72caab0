"""One request on its way through an endpoint: what its path names, what its body says, its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from app.forges.sandbox import membership, rules
from app.forges.sandbox.courier import Courier
from app.forges.sandbox.gitlab.answers import Problem, forbidden, not_found, unauthorised
from app.forges.sandbox.gitlab.hooks import Hooks
from app.forges.sandbox.gitlab.limits import Limits
from app.forges.sandbox.gitlab.site import Site
from app.forges.sandbox.gitlab.tokens import Caller, Desk, Token
from app.forges.sandbox.http import Answer
from app.forges.sandbox.membership import Group
from app.forges.sandbox.world import (
    Account,
    Change,
    Comment,
    Issue,
    LineRemark,
    Organisation,
    Permission,
    Repository,
    Team,
    Thread,
    World,
    path_of,
)

Value = TypeVar("Value")
PAGE, PAGE_LIMIT = 20, 100  # REST: Pagination
COUNTED = 10_000  # above this many entries GitLab sends no totals


@dataclass(slots=True)
class Call:
    """A request whose route is known. What it names and nobody may see is 404, what it says wrongly 400."""

    site: Site
    world: World
    desk: Desk
    courier: Courier
    hooks: Hooks
    limits: Limits
    caller: Caller
    method: str
    path: str  # below /api/v4, as it was sent, percent-quoted
    params: Mapping[str, str]
    query: Mapping[str, str]
    pairs: list[tuple[str, str]]
    body: Mapping[str, Any]
    today: date
    headers: dict[str, str] = field(default_factory=dict)  # of the answer, beyond its own

    @property
    def token(self) -> Token:
        if not isinstance(self.caller, Token):
            raise unauthorised()
        return self.caller

    @property
    def actor(self) -> Account:
        """Who does it; 401 for nobody. Found in this world, which may be a picture of an older one."""
        return self.world.account_by_id(self.token.account.id) or self.token.account

    # --- What the path names ------------------------------------------------------------------------

    def number(self, name: str) -> int:
        given = self.params[name]
        if not given.isascii() or not given.isdigit():
            raise Problem(400, error=f"{name} is invalid")
        return int(given)

    @property
    def project(self) -> Repository:
        """The project of `{id}`, by number or path; hidden is missing."""
        return self.visible_project(self.params["id"])

    def visible_project(self, named: str) -> Repository:
        found = self.world.repositories.get(int(named)) if named.isdigit() else self.world.repository(named)
        if found is None and named.casefold() in self.world.renamed:
            moved = self.world.repositories.get(self.world.renamed[named.casefold()])
            if moved is not None and self.sees(moved):
                raise self._moved(moved)
        if found is None or not self.sees(found):
            raise not_found("Project")
        return found

    def sees(self, project: Repository) -> bool:
        if not isinstance(self.caller, Token):
            return project.visibility == "public"
        return rules.access(project, self.actor) != "none"

    def _moved(self, project: Repository) -> Problem:
        """Reads are sent on, the rest refused (`API::Helpers`, project_moved?)."""
        if self.method not in ("GET", "HEAD"):
            return Problem(405, "405 Non GET methods are not allowed for moved projects")
        rest = "".join(f"/{each}" for each in self.path.split("/")[3:])
        return Problem(301, "301 Moved", headers={"Location": self.site.api(f"/projects/{project.id}{rest}")})

    def needs(self, project: Repository, permission: Permission) -> None:
        """403 for whoever sees the project and may not do this in it."""
        if permission == "read" and project.visibility == "public" and not isinstance(self.caller, Token):
            return
        # What is archived can be read all the same ("Archive a project").
        needs = rules.has if self.method in ("GET", "HEAD") else rules.needs
        needs(project, self.actor, permission)

    def group(self, name: str = "id") -> Group:
        """The group of `{id}`, by number or whole path, for its members and for whoever has a project in it."""
        found = self.find_group(self.params[name])
        if found is None or not self._sees_group(found):
            raise not_found("Group")
        return found

    def find_group(self, named: str) -> Group | None:
        for group in groups(self.world):
            if named.isdigit() and group.id == int(named):
                return group
            if group_path(group).casefold() == named.casefold():
                return group
        return None

    def _sees_group(self, group: Group) -> bool:
        if not isinstance(self.caller, Token):
            return False
        if self.caller.account.id in membership.everyone(group):
            return True
        return any(self.sees(each) for each in projects_in(self.world, group, below=True))

    def change(self) -> Change:
        project = self.project
        self.needs(project, "read")
        found = project.merge_requests.get(self.number("iid"))
        if found is None:
            raise not_found()
        return found

    def issue(self) -> Issue:
        """Confidential ones are hidden from all below Reporter but their author (Confidential issues)."""
        project = self.project
        found = project.issues.get(self.number("iid"))
        if found is None or (found.confidential and not self.confided(found)):
            raise not_found()
        return found

    def confided(self, issue: Issue) -> bool:
        if not isinstance(self.caller, Token):
            return False
        return issue.by is self.actor or rules.at_least(rules.access(issue.repository, self.actor), "read")

    def note(self, subject: Issue) -> Comment | LineRemark:
        number = self.number("note_id")
        said: list[Comment | LineRemark] = [*subject.comments]
        if isinstance(subject, Change):
            said += [remark for thread in subject.threads for remark in thread.remarks]
        found = next((each for each in said if each.id == number), None)
        if found is None:
            raise not_found("Note")
        return found

    def thread(self, change: Change, name: Callable[[Thread], str]) -> Thread:
        found = next((each for each in change.threads if name(each) == self.params["discussion_id"]), None)
        if found is None:
            raise not_found("Discussion")
        return found

    # --- What the body says -------------------------------------------------------------------------

    def given(self, name: str, kind: type[Value]) -> Value:
        """A field that must be there, of this type; 400 otherwise."""
        if self.body.get(name) is None:
            raise Problem(400, error=f"{name} is missing")
        return self._as(name, self.body[name], kind)

    def maybe(self, name: str, kind: type[Value]) -> Value | None:
        """A field that may be missing or null."""
        return None if self.body.get(name) is None else self._as(name, self.body[name], kind)

    def _as(self, name: str, value: Any, kind: type[Value]) -> Value:
        """Numbers and truths may come as text, since forms have nothing else."""
        if kind is bool and value in ("true", "false", "1", "0", True, False):
            value = value in ("true", "1", True)
        elif kind is int and isinstance(value, str) and value.isdigit():
            value = int(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Problem(400, error=f"{name} is invalid")
        return value

    def names(self, name: str) -> list[str] | None:
        """Names as a list, or as one text with commas; None where they are not given."""
        value = self.body.get(name)
        if value is None:
            return None
        listed = value.split(",") if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise Problem(400, error=f"{name} is invalid")
        return [each.strip() for each in listed if each.strip()]

    def ids(self, name: str) -> list[int] | None:
        """Numbers as a list, or as one text with commas; null and "" are the empty list."""
        if name not in self.body:
            return None
        value = self.body[name]
        listed = value.split(",") if isinstance(value, str) else value or []
        if not isinstance(listed, list) or not all(str(each).isdigit() for each in listed if each != ""):
            raise Problem(400, error=f"{name} is invalid")
        return [int(each) for each in listed if each != ""]

    def one_of(self, name: str, allowed: Iterable[str], default: str) -> str:
        """A query parameter with a fixed set of values."""
        value = self.query.get(name, default)
        if value not in allowed:
            raise Problem(400, error=f"{name} does not have a valid value")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.query.get(name, str(default)).lower() in ("true", "1")

    def several(self, name: str) -> list[str]:
        """A query parameter that may be given as `name[]` again and again."""
        return [value for key, value in self.pairs if key in (f"{name}[]", name)]

    def since(self, name: str) -> datetime | None:
        value = self.query.get(name)
        if value is None:
            return None
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise Problem(400, error=f"{name} is invalid") from None

    def expiry(self) -> date | None:
        value = self.maybe("expires_at", str)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            raise Problem(400, error="expires_at is invalid") from None

    # --- Pages --------------------------------------------------------------------------------------

    def page(self, items: list[Value], shape: Callable[[Value], Any]) -> Answer:
        """One page of a list. Totals, and the link to the last page, are missing where GitLab does not count."""
        size = min(max(_whole(self.query.get("per_page"), PAGE), 1), PAGE_LIMIT)
        here = max(_whole(self.query.get("page"), 1), 1)
        last = max(1, -(-len(items) // size))
        shown = items[(here - 1) * size : here * size]
        headers = {
            "X-Page": str(here),
            "X-Per-Page": str(size),
            "X-Next-Page": str(here + 1) if here < last else "",
            "X-Prev-Page": str(here - 1) if here > 1 else "",
        }
        links = {"prev": here - 1, "next": here + 1, "first": 1, "last": last}
        if here == 1:
            del links["prev"]
        if here >= last:
            del links["next"]
        if self.site.counts_lists and len(items) <= COUNTED:
            headers |= {"X-Total": str(len(items)), "X-Total-Pages": str(last)}
        else:
            del links["last"]
        address = {"page": 0, "per_page": size}
        headers["Link"] = ", ".join(
            f'<{self._address({**address, "page": page})}>; rel="{name}"' for name, page in links.items()
        )
        return Answer(200, [shape(item) for item in shown], headers)

    def keyset(
        self, items: list[Value], shape: Callable[[Value], Any], key: str, mark: Callable[[Value], str]
    ) -> Answer:
        """One page of a list by keyset: what comes after the entry that `key` names. Only `next` is linked."""
        size = min(max(_whole(self.query.get("per_page"), PAGE), 1), PAGE_LIMIT)
        start = 0
        if self.query.get(key):
            marks = [mark(each) for each in items]
            if self.query[key] not in marks:
                return Answer(200, [])
            start = marks.index(self.query[key]) + 1
        shown = items[start : start + size]
        headers = {}
        if start + size < len(items):
            headers["Link"] = f'<{self._address({"per_page": size, key: mark(shown[-1])})}>; rel="next"'
        return Answer(200, [shape(item) for item in shown], headers)

    def _address(self, changed: Mapping[str, Any]) -> str:
        return self.site.api(self.path) + "?" + urlencode({**self.query, **changed})


def groups(world: World) -> list[Group]:
    """All groups, those within others after them."""
    found: list[Group] = []
    for account in world.accounts.values():
        if isinstance(account, Organisation):
            found += [account, *account.teams.values()]
    return found


def group_path(group: Group) -> str:
    return path_of(group) if isinstance(group, Team) else group.login


def projects_in(world: World, group: Group, *, below: bool) -> list[Repository]:
    """The projects of a group, and of the groups below it where asked."""
    found = []
    for project in world.repositories.values():
        here = membership.group_of(project)
        if here is group or (below and here is not None and group in membership.above(here)):
            found.append(project)
    return found


def forbid_unless(allowed: bool) -> None:
    if not allowed:
        raise forbidden()


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default
