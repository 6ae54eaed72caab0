"""Owners and rules of a branch, read at the forge once and kept until a push changes them."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from app.settling.working_hours import calendars_of
from app.store import kept, rule_versions
from app.store.database import Database
from handlers.ports import Forge
from handlers.records import Rulebook
from policies import rules
from policies.calendars import Hours, Replaced
from policies.catalogue.reading import read_catalog_info
from policies.facts import Access, BranchRules, File, Membership, Person, RepositoryRef, Roster, Team, same
from policies.owners import Dialect, OwnersFile
from policies.owners.recent import RecentFiles

KEEP_FILES = timedelta(hours=1)
"""A push that touches the files makes them be read at once; this bounds what a lost event can cost."""

KEEP_PEOPLE = timedelta(hours=1)
KEEP_STATUS = timedelta(minutes=10)
"""No event tells that somebody set their status to busy."""

RULES_PATHS = {"github": ".github/usher.yml", "gitlab": ".gitlab/usher.yml"}

CATALOG_PATH = "catalog-info.yaml"

_recent = RecentFiles()
"""Shared by all tenants, by the bytes' identity: parsing a large file again takes tens of milliseconds."""


@lru_cache(maxsize=256)
def _rules(own: bytes, above: bytes | None) -> rules.RulesRead:
    """The repository's rules over those of its organisation."""
    return rules.read(own) if above is None else rules.merge(rules.read(above).rules, own)


def _first(hours: Hours) -> Hours:
    """The earliest of hours that were replaced since."""
    return _first(hours.before) if isinstance(hours, Replaced) else hours


def _before(hours: Hours, earlier: Hours, until: datetime) -> Hours:
    """The same hours, with earlier ones that held until an instant put before the first."""
    if isinstance(hours, Replaced):
        return replace(hours, before=_before(hours.before, earlier, until))
    return Replaced(earlier, until, hours)


class KeptRulebooks:
    """`Rulebooks` of one tenant. `defaults`: the repository, by its full name, whose rules hold for all of them.

    On GitHub that is the organisation's `.github` repository, whatever `defaults` says.
    """

    def __init__(
        self, database: Database, tenant_id: int, forge: Forge, now: datetime, defaults: str | None = None
    ) -> None:
        self._database, self._tenant_id, self._forge, self._now = database, tenant_id, forge, now
        self._defaults = defaults

    async def on(self, repository: RepositoryRef, branch: str, sha: str) -> Rulebook:
        owners_file = await self._file("owners", repository, branch, sha)
        rules_file = await self._file("rules", repository, branch, sha)
        catalog_file = await self._file("catalog", repository, branch, sha)
        own = rules_file.content if rules_file else b""
        rulebook = await self.reading(repository, own)
        above = await self._above(repository)
        place = (repository.id, branch)
        versions = await rule_versions.keep(self._database, self._tenant_id, place, (own, above), self._now)
        earlier = tuple(
            (then.since, _rules(was.own, was.above).rules) for was, then in itertools.pairwise(versions)
        )
        return replace(
            rulebook,
            catalog_owner=_owner_in(catalog_file),
            earlier=earlier,
            calendars=self._as_they_were(rulebook.calendars, earlier),
            owners=_parse(owners_file, self._forge.dialect) if owners_file else None,
            owners_path=owners_file.path if owners_file else "",
        )

    def _as_they_were(
        self, calendars: Mapping[str, Hours], earlier: Sequence[tuple[datetime, rules.Rules]]
    ) -> Mapping[str, Hours]:
        """Each calendar with its earlier hours, where these differed."""
        found = dict(calendars)
        for until, before in reversed(earlier):
            for name, hours in calendars_of(before, self._now.year)[0].items():
                if name in found and hours != _first(found[name]):
                    found[name] = _before(found[name], hours, until)
        return found

    async def reading(self, repository: RepositoryRef, content: bytes) -> Rulebook:
        read = _rules(content, await self._above(repository))
        calendars, unknown = calendars_of(read.rules, self._now.year)
        defaults = self._defaults_of(repository)
        return Rulebook(
            rules=read.rules,
            calendars=calendars,
            problems=(*read.problems, *unknown),
            rules_path=RULES_PATHS[self._forge.dialect],
            for_all=defaults is not None and same(defaults) == same(repository.name),
        )

    def _defaults_of(self, repository: RepositoryRef) -> str | None:
        return f"{repository.owner}/.github" if self._forge.dialect == "github" else self._defaults

    async def _above(self, repository: RepositoryRef) -> bytes | None:
        """The organisation's rules file; None where it has none, or this is its repository."""
        defaults = self._defaults_of(repository)
        if not defaults or same(defaults) == same(repository.name):
            return None
        key = same(defaults)
        found = await kept.get(self._database, self._tenant_id, "organisation", key, at_most=KEEP_FILES)
        if found is kept.MISSING:
            found = _packed(await self._read_above(defaults))
            await kept.put(self._database, self._tenant_id, "organisation", key, found)
        file = _unpacked(found)
        return None if file is None else file.content

    async def _read_above(self, defaults: str) -> File | None:
        there = await self._forge.named(defaults)
        if there is None:
            return None
        return await self._forge.file(there.ref, RULES_PATHS[self._forge.dialect], there.default_branch)

    async def _file(self, kind: str, repository: RepositoryRef, branch: str, sha: str) -> File | None:
        name = f"{repository.id}:{branch}"
        found = await kept.get(self._database, self._tenant_id, kind, name, at_most=KEEP_FILES)
        if found is kept.MISSING:
            if kind == "owners":
                file = await self._forge.owners_file(repository, sha)
            else:
                path = CATALOG_PATH if kind == "catalog" else RULES_PATHS[self._forge.dialect]
                file = await self._forge.file(repository, path, sha)
            await kept.put(self._database, self._tenant_id, kind, name, _packed(file))
            return file
        return _unpacked(found)


class KeptDirectory:
    """`Directory` of one tenant."""

    def __init__(self, database: Database, tenant_id: int, forge: Forge) -> None:
        self._database, self._tenant_id, self._forge = database, tenant_id, forge

    async def team(self, name: str) -> Team | None:
        key = same(name)
        found = await kept.get(self._database, self._tenant_id, "team", key, at_most=KEEP_PEOPLE)
        if found is kept.MISSING:
            team = await self._forge.team(name)
            value = team and {
                "name": team.name,
                "secret": team.secret,
                "members": [[person.login, person.bot] for person in team.members],
            }
            await kept.put(self._database, self._tenant_id, "team", key, value)
            return team
        if found is None:
            return None
        members = tuple(Person(login, bot) for login, bot in found["members"])
        return Team(found["name"], members, found["secret"])

    async def roster(self, organisation: str) -> Roster:
        key = same(organisation)
        found = await kept.get(self._database, self._tenant_id, "roster", key, at_most=KEEP_PEOPLE)
        if found is not kept.MISSING:
            return _unrolled(found)
        roster = await self._forge.roster(organisation)
        await kept.put(self._database, self._tenant_id, "roster", key, _rolled(roster))
        return roster

    async def access(self, repository: RepositoryRef, who: str) -> Access:
        key = f"{repository.id}:{same(who)}"
        access: Access = await self._kept("access", key, lambda: self._forge.access(repository, who))
        return access

    async def team_access(self, repository: RepositoryRef, team: str) -> Access:
        key = f"{repository.id}:@{same(team)}"
        access: Access = await self._kept("access", key, lambda: self._forge.team_access(repository, team))
        return access

    async def branch_rules(self, repository: RepositoryRef, branch: str) -> BranchRules | None:
        async def read() -> dict[str, Any] | None:
            found = await self._forge.branch_rules(repository, branch)
            return None if found is None else asdict(found)

        value = await self._kept("branch", f"{repository.id}:{branch}", read)
        return None if value is None else BranchRules(**{**value, "checks": tuple(value["checks"])})

    async def membership(self, organisation: str, who: str) -> Membership:
        key = f"{same(organisation)}:{same(who)}"
        found: Membership = await self._kept("member", key, lambda: self._forge.membership(organisation, who))
        return found

    async def is_busy(self, who: str) -> bool:
        busy: bool = await self._kept("busy", same(who), lambda: self._forge.is_busy(who), KEEP_STATUS)
        return busy

    async def having_role(self, repository: RepositoryRef, role: str) -> tuple[Person, ...]:
        async def read() -> list[list[Any]]:
            return [[each.login, each.bot] for each in await self._forge.having_role(repository, role)]

        found = await self._kept("team", f"{repository.id}:@@{role}", read)
        return tuple(Person(login, bot) for login, bot in found)

    async def _kept(
        self, kind: str, key: str, read: Callable[[], Awaitable[Any]], at_most: timedelta = KEEP_PEOPLE
    ) -> Any:
        """The value as it was last read at the forge; read now where that is too long ago."""
        found = await kept.get(self._database, self._tenant_id, kind, key, at_most=at_most)
        if found is kept.MISSING:
            found = await read()
            await kept.put(self._database, self._tenant_id, kind, key, found)
        return found


def _parse(file: File, dialect: Dialect) -> OwnersFile:
    return _recent.parse(file.content, dialect, file.blob)


def _owner_in(file: File | None) -> str:
    """The one owner of all components in a `catalog-info.yaml`; empty where there is none, or more than one."""
    components, _ = read_catalog_info(file.content) if file else ((), [])
    owners = {component.owner for component in components}
    return owners.pop() if len(owners) == 1 else ""


def _rolled(roster: Roster) -> dict[str, Any]:
    teams = [
        [team.name, team.parent, [[person.login, person.bot] for person in team.members]]
        for team in roster.teams
    ]
    return {"people": roster.people, "teams": teams}


def _unrolled(value: dict[str, Any]) -> Roster:
    teams = tuple(
        Team(name, tuple(Person(login, bot) for login, bot in members), parent=parent)
        for name, parent, members in value["teams"]
    )
    return Roster(teams, value["people"])


def _packed(file: File | None) -> dict[str, str] | None:
    if file is None:
        return None
    content = base64.b64encode(file.content).decode("ascii")
    return {"path": file.path, "blob": file.blob, "content": content}


def _unpacked(value: dict[str, str] | None) -> File | None:
    if value is None:
        return None
    return File(value["path"], value["blob"], base64.b64decode(value["content"]))
