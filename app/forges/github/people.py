"""People and teams of GitHub: who is in which, and what they may do in a repository."""

from __future__ import annotations

from app.forges.calls import items
from app.forges.github import states
from app.forges.github.part import Part
from app.forges.json_values import text
from handlers.ports import Gone, Refused
from policies.facts import (
    Access,
    Membership,
    Person,
    RepositoryRef,
    Roster,
    Team,
)

_WITH_PERMISSIONS = "application/vnd.github.v3.repository+json"  # "Check team permissions for a repository"


class PeopleReads(Part):
    """`People` of the ports."""

    async def team(self, name: str) -> Team | None:
        org, _, slug = name.partition("/")
        pieces = {"org": org, "team": slug}
        try:
            team = await self._client.lists(self._installation, "/orgs/{org}/teams/{team}", **pieces)
            path = "/orgs/{org}/teams/{team}/members{?per_page}"
            pages = self._client.pages_of_lists(self._installation, path, **pieces)
            people = [states.member(each) async for page in pages for each in items(page)]
        except (Gone, Refused):  # also where the name, "org/..", can be nobody's
            return None
        return Team(name, tuple(people), secret=text(team.json(), "privacy") == "secret")

    async def roster(self, organisation: str) -> Roster:
        try:
            people = await self._listed("/orgs/{org}/members{?per_page}", org=organisation)
            listed = await self._listed("/orgs/{org}/teams{?per_page}", org=organisation)
        except Gone:  # a person's own repositories
            return Roster()
        teams = []
        for each in listed:
            if text(each, "privacy") == "secret":
                continue
            slug, above = text(each, "slug"), text(each, "parent.slug")
            path = "/orgs/{org}/teams/{team}/members{?per_page}"
            members = await self._listed(path, org=organisation, team=slug)
            known = tuple(states.member(member) for member in members)
            teams.append(
                Team(f"{organisation}/{slug}", known, parent=f"{organisation}/{above}" if above else "")
            )
        return Roster(tuple(teams), len(people))

    async def access(self, repository: RepositoryRef, who: str) -> Access:
        try:
            said = await self._get(repository, "collaborators/{username}/permission", username=who)
        except Gone:
            return "none"
        return states.access(said)

    async def team_access(self, repository: RepositoryRef, team: str) -> Access:
        org, _, slug = team.partition("/")
        owner, _, repo = repository.name.partition("/")
        pieces = {"org": org, "team": slug, "owner": owner, "repo": repo}
        path = "/orgs/{org}/teams/{team}/repos/{owner}/{repo}"
        try:
            said = await self._client.lists(self._installation, path, accept=_WITH_PERMISSIONS, **pieces)
        except (Gone, Refused):
            return "none"
        return states.access(said.json())

    async def membership(self, organisation: str, who: str) -> Membership:
        try:
            account = await self._client.lists(self._installation, "/users/{username}", username=who)
        except Gone:
            return "nobody"
        if text(account.json(), "type") == "Organization":
            return "organisation"
        pieces = {"org": organisation, "username": who}
        try:
            await self._client.lists(self._installation, "/orgs/{org}/members/{username}", **pieces)
        except Gone:
            return "outsider"
        return "member"

    async def is_busy(self, who: str) -> bool:
        return False  # only the GraphQL API tells a status, and not to an App

    async def having_role(self, repository: RepositoryRef, role: str) -> tuple[Person, ...]:
        return ()  # GitHub's owners files name no roles
