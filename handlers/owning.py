"""Who owns what a change touches, with teams turned into people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from handlers.records import Directory, Rulebook
from policies.facts import Team, Touched, same
from policies.owners import Match
from policies.reviewers import OwnersMatch, Slot, slots
from policies.words.reasons import Owned


@dataclass(frozen=True, slots=True)
class Owning:
    """The areas of a change, the rules behind them, and the teams that those rules name."""

    slots: tuple[Slot, ...]
    matches: Mapping[str, Match]  # by path
    teams: Mapping[str, Team]

    def why(self, person: str, among: tuple[str, ...]) -> tuple[Owned, ...]:
        """The rules by which somebody owns files of these slots: the pattern, its line, how many files."""
        files = {path for slot in self.slots if slot.name in among for path in slot.files}
        found: Counter[tuple[str, int, str]] = Counter()
        for path in files & self.matches.keys():
            match = self.matches[path]
            for owner in match.owners:
                if same(owner.lstrip("@")) == same(person):
                    found[_rule(match), match.line or 0, ""] += 1
                    break
                if person_in(self.teams.get(same(owner.lstrip("@"))), person):
                    found[_rule(match), match.line or 0, owner] += 1
                    break
        return tuple(
            Owned(pattern, line, number, team)
            for (pattern, line, team), number in sorted(found.items(), key=lambda item: item[0][1])
        )


async def owning(touched: Touched, rulebook: Rulebook, people: Directory) -> Owning:
    """The areas that the change touches by the owners file of its base branch.

    Everything is the fallback's where that branch has no owners file.
    """
    file = rulebook.owners
    paths = touched.paths
    matches = dict(zip(paths, file.match_all(paths), strict=True)) if file else {}
    named = {owner for match in matches.values() for owner in match.owners}
    names = {owner[1:] for owner in named if owner.startswith("@") and "/" in owner}
    teams: dict[str, Team] = {}
    for name in sorted(names):
        team = await people.team(name)
        if team is not None and not team.secret:
            teams[same(name)] = team
    owners = {path: match.owners for path, match in matches.items()}
    owned = tuple(
        OwnersMatch(path, owners.get(path, ()), _people(owners.get(path, ()), teams)) for path in paths
    )
    return Owning(slots(owned), matches, teams)


def person_in(team: Team | None, person: str) -> bool:
    """Whether somebody is a member."""
    return team is not None and any(same(member.login) == same(person) for member in team.members)


def _people(owners: tuple[str, ...], teams: Mapping[str, Team]) -> tuple[str, ...]:
    """Logins in the order of the file; an owner that is nobody on the forge is left out.

    An e-mail address is not resolved here: neither forge tells whose it is to an app.
    """
    found: dict[str, str] = {}
    for owner in owners:
        if not owner.startswith("@"):
            continue
        name = owner[1:]
        if "/" in name:
            team = teams.get(same(name))
            logins = [member.login for member in team.members] if team else []
        else:
            logins = [name]
        for login in logins:
            found.setdefault(same(login), login)
    return tuple(found.values())


def _rule(match: Match) -> str:
    return match.text.split()[0] if match.text else ""
