"""People and groups of GitLab: who is in which, and what they may do in a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.forges.gitlab import states
from app.forges.gitlab.client import GitLabClient
from app.forges.gitlab.projects import ProjectReads
from app.forges.json_values import dig, flag, number, objects, text
from handlers.ports import Forbidden, Gone, Refused, Unavailable
from policies.facts import Access, Membership, Person, RepositoryRef, Roster, Team, same

_MEMBERS = """
query($group: ID!, $who: String) {
  group(fullPath: $group) {
    groupMembers(search: $who, relations: [DIRECT, INHERITED, DESCENDANTS, SHARED_FROM_GROUPS]) {
      nodes { user { username } }
      pageInfo { hasNextPage }
    }
  }
}
"""
_OPENNESS = {"private": 0, "internal": 1, "public": 2}


class PeopleReads(ProjectReads):
    """`People` of the ports. It remembers which groups were invited to a project for as long as it lives."""

    def __init__(self, client: GitLabClient, account: str) -> None:
        super().__init__(client, account)
        self._invited: dict[int, Mapping[str, int]] = {}

    async def team(self, name: str) -> Team | None:
        try:
            group = await self._client.get("groups/{group}", group=name, with_projects=False)
            members = await self._client.list("groups/{group}/members", group=name)
        except (Gone, Refused):  # also where the name can be nobody's
            return None
        return self._team(group, members)

    async def roster(self, organisation: str) -> Roster:
        """The groups below the topmost one, and that itself. Who is in a subgroup alone is one of its people, too."""
        await self._client.who_am_i()
        root = organisation.partition("/")[0]
        try:
            group = await self._client.get("groups/{group}", group=root, with_projects=False)
            listed = await self._client.list("groups/{group}/descendant_groups", group=root)
            teams = [self._team(group, await self._client.list("groups/{group}/members/all", group=root))]
        except Gone:  # a person's own projects
            return Roster()
        openness = _openness(group)
        for each in listed:
            if _openness(each) >= openness:
                members = await self._client.list("groups/{group}/members", group=number(each, "id"))
                teams.append(self._team(each, members))
        everybody = {same(person.login) for team in teams for person in team.members if not person.bot}
        return Roster(tuple(teams), len(everybody))

    async def access(self, repository: RepositoryRef, who: str) -> Access:
        user_id = await self._client.user_id(who)
        if user_id is None:
            return "none"
        template = "projects/{id}/members/all/{user}"
        try:
            member = await self._client.get(template, id=repository.id, user=user_id)
        except Gone:
            public = not (await self.repository(repository.id)).private
            return "read" if public else "none"
        if states.member(member).suspended:
            return "none"
        return states.access(number(member, "access_level"))

    async def team_access(self, repository: RepositoryRef, team: str) -> Access:
        """Members of a group around the project have their own level there; of an invited one, at most its."""
        if same(repository.name).startswith(f"{same(team)}/"):
            return "write"
        if repository.id not in self._invited:
            self._invited[repository.id] = await self._invitations(repository)
        return states.access(self._invited[repository.id].get(same(team), 0))

    async def _invitations(self, repository: RepositoryRef) -> Mapping[str, int]:
        """The level of each group that was invited to the project or to a group around it; the highest counts."""
        places = [await self._client.get("projects/{id}", id=repository.id)]
        around = repository.owner.split("/")
        for depth in range(len(around), 0, -1):
            try:
                places.append(await self._client.get("groups/{group}", group="/".join(around[:depth])))
            except Gone:  # a person's own projects
                break
        found: dict[str, int] = {}
        for each in (each for place in places for each in objects(place, "shared_with_groups")):
            name = same(text(each, "group_full_path"))
            found[name] = max(found.get(name, 0), number(each, "group_access_level") or 0)
        return found

    async def membership(self, organisation: str, who: str) -> Membership:
        """Whoever is in any group of the organisation is its member, and so is everybody where GitLab does not tell."""
        if await self._client.user_id(who) is None:
            return "nobody" if await self.team(who) is None else "organisation"
        return "outsider" if await self._is_in(organisation, who) is False else "member"

    async def _is_in(self, organisation: str, who: str) -> bool | None:
        """Whether somebody is in the topmost group that we can see, or in one above or below it; None if unknown."""
        pieces = organisation.split("/")
        for depth in range(1, len(pieces) + 1):
            variables = {"group": "/".join(pieces[:depth]), "who": who}
            try:
                said = await self._client.ask_graph(_MEMBERS, variables)
            except (Unavailable, Gone, Forbidden):
                return None
            if dig(said, "group") is not None:
                members = dig(said, "group.groupMembers")
                names = {same(text(each, "user.username")) for each in objects(members, "nodes")}
                cut = flag(members, "pageInfo.hasNextPage")  # so many have such a name that they fill a page
                return same(who) in names or (None if cut else False)
        return None

    async def is_busy(self, who: str) -> bool:
        """Whether somebody set their status to busy ("User status")."""
        user_id = await self._client.user_id(who)
        if user_id is None:
            return False
        try:
            said = await self._client.get("users/{user}/status", user=user_id)
        except Gone:
            return False
        return text(said, "availability") == "busy"

    async def having_role(self, repository: RepositoryRef, role: str) -> tuple[Person, ...]:
        """The direct members of the project that have exactly this role ("developer", …)."""
        level = {"developer": 30, "maintainer": 40, "owner": 50}.get(role)
        members = await self._client.list("projects/{id}/members", id=repository.id)
        return tuple(
            states.member(each, self._client.us) for each in members if number(each, "access_level") == level
        )

    def _team(self, group: object, members: tuple[Mapping[str, Any], ...]) -> Team:
        name = text(group, "full_path")
        people = (states.member(each, self._client.us) for each in members)
        parent = name.rpartition("/")[0]
        return Team(name, tuple(each for each in people if not each.suspended), parent=parent)


def _openness(group: object) -> int:
    return _OPENNESS.get(text(group, "visibility"), 0)
