"""Which teams people belong to: teams within teams, without those that are too large to mean anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from policies.facts import Person, Roster, Team, same
from policies.rules import Teams


@dataclass(frozen=True)
class TeamTree:
    """The teams that count, by name in lower case. Names of teams are "org/slug", or a group's full path."""

    teams: Mapping[str, Team]

    @cached_property
    def _of_person(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for key, team in self.teams.items():
            for member in team.members:
                found.setdefault(same(member.login), set()).add(key)
        return found

    def teams_of(self, person: str) -> tuple[str, ...]:
        """The person's teams and all those above them, sorted."""
        found: set[str] = set()
        for key in self._of_person.get(same(person), ()):
            found |= set(self._upwards(key))
        return self._named(found)

    def closest_teams(self, person: str) -> tuple[str, ...]:
        """The same without those above: both forges list the people of a team in the teams above it too."""
        found = set(self._of_person.get(same(person), ()))
        above = {higher for key in found for higher in self._upwards(key) if higher != key}
        return self._named(found - above)

    def members(self, team: str) -> tuple[str, ...]:
        """The people of a team and of the teams below it; nobody where it does not count."""
        within = [key for key in self.teams if same(team) in self._upwards(key)]
        people = {same(member.login): member.login for key in within for member in self.teams[key].members}
        return tuple(people[key] for key in sorted(people))

    def sizes(self) -> dict[str, int]:
        """How many people are in each team or below it, by its name."""
        people: dict[str, set[str]] = {key: set() for key in self.teams}
        for key, team in self.teams.items():
            logins = {same(member.login) for member in team.members}
            for higher in self._upwards(key):
                people[higher] |= logins
        return {self.teams[key].name: len(logins) for key, logins in people.items()}

    def find(self, name: str, organisation: str) -> str | None:
        """The team of this name, which may come with an `@`, and without its organisation; None: no such team."""
        plain = same(name.removeprefix("@").removeprefix("group:").removeprefix("default/"))
        for key in (plain, f"{same(organisation)}/{plain}"):
            if key in self.teams:
                return self.teams[key].name
        return None

    def _upwards(self, key: str) -> list[str]:
        """The team and those above it that count; a circle, which no forge allows, ends the walk."""
        found: list[str] = []
        while key in self.teams and key not in found:
            found.append(key)
            key = same(self.teams[key].parent)
        return found

    def _named(self, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.teams[key].name for key in sorted(keys))


def grow(roster: Roster, rules: Teams) -> TeamTree:
    """The teams of the roster that count by the rules.

    One that holds a larger part of all people than `max_share`, with those below it, says nothing about who works
    with whom.
    """
    sizes = TeamTree({same(team.name): team for team in roster.teams}).sizes()
    kept = {
        same(team.name): team
        for team in roster.teams
        if (not rules.include or _is_named(team, rules.include))
        and not _is_named(team, rules.exclude)
        and sizes[team.name] <= rules.max_share * roster.people
    }
    return TeamTree(kept)


def fixed(teams: Mapping[str, tuple[str, ...]], organisation: str) -> Roster:
    """The roster that `teams.static` writes out: a team's name, and its people."""
    made = tuple(
        Team(
            name if "/" in name else f"{organisation}/{name}",
            tuple(Person(login.removeprefix("@")) for login in people),
        )
        for name, people in teams.items()
    )
    everybody = {same(person.login) for team in made for person in team.members}
    return Roster(made, len(everybody))


def _is_named(team: Team, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns means the team, by its whole name or by its slug alone."""
    names = (same(team.name), same(team.name.rpartition("/")[2]))
    return any(fnmatchcase(name, same(pattern.removeprefix("@"))) for name in names for pattern in patterns)
