"""Who owns what a change touches, with teams turned into people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from handlers.records import Directory, Rulebook
from policies.facts import RepositoryRef, Team, Touched, same
from policies.owners import Dialect, Match
from policies.reviewers import OwnersMatch, Slot, slots
from policies.words.reasons import Owned

DEFAULT_SECTION = "codeowners"


@dataclass(frozen=True, slots=True)
class Owning:
    """The areas of a change, the rules behind them, and the teams that those rules name."""

    slots: tuple[Slot, ...]
    matches: Mapping[str, Match]  # by path
    teams: Mapping[str, Team]

    @property
    def is_optional(self) -> bool:
        """Whether all that is owned may go without its owners' answer: they are those of optional sections."""
        return not self.slots and any(_rules(match) for match in self.matches.values())

    def why(self, person: str, among: tuple[str, ...]) -> tuple[Owned, ...]:
        """The rules by which somebody owns files of these slots: the pattern, its line, how many files."""
        files = {path for slot in self.slots if slot.name in among for path in slot.files}
        found: Counter[tuple[str, int, str]] = Counter()
        for path in files & self.matches.keys():
            for rule in _rules(self.matches[path]):
                if any(same(owner.removeprefix("@")) == same(person) for owner in rule.owners):
                    found[rule.pattern, rule.line, ""] += 1
                    continue
                team = next(
                    (each for each in rule.owners if person_in(self.teams.get(_key(each)), person)), ""
                )
                if team:
                    found[rule.pattern, rule.line, team] += 1
        return tuple(
            Owned(pattern, line, number, team)
            for (pattern, line, team), number in sorted(found.items(), key=lambda item: item[0][1])
        )


class _Rule(NamedTuple):
    """What one rule says of a path; on GitLab each section has its own."""

    owners: tuple[str, ...]
    line: int = 0
    pattern: str = ""
    section: str = ""
    need: int = 1


async def owning(
    repository: RepositoryRef, touched: Touched, rulebook: Rulebook, people: Directory
) -> Owning:
    """The areas that the change touches by the owners file of its base branch.

    Everything is the fallback's where that branch has no owners file.
    """
    file = rulebook.owners
    paths = touched.paths
    matches = dict(zip(paths, file.match_all(paths), strict=True)) if file else {}
    named = {owner for match in matches.values() for rule in _rules(match) for owner in rule.owners}
    teams: dict[str, Team] = {}
    for owner in sorted(named):
        team = await _team(owner, repository, people, file.dialect if file else "github")
        if team is not None and not team.secret:
            teams[_key(owner)] = team
    owned = tuple(
        OwnersMatch(path, rule.owners, _people(rule.owners, teams), rule.section, rule.need)
        for path in paths
        for rule in (_rules(matches[path]) if path in matches else ()) or (_Rule(()),)
    )
    return Owning(slots(owned), matches, teams)


def _rules(match: Match) -> tuple[_Rule, ...]:
    """Every rule that answers for a path: one on GitHub, one of each section on GitLab; none where none does."""
    if match.sections:
        return tuple(
            _Rule(each.owners, each.line, each.pattern, _section(each.name), each.approvals)
            for each in match.sections
            if each.owners and not each.excluded
        )
    return (_Rule(match.owners, match.line or 0, match.pattern or ""),) if match.owners else ()


def _section(name: str) -> str:
    """GitLab's own name for what stands before the first header is none that people wrote."""
    return "" if name == DEFAULT_SECTION else name


async def _team(owner: str, repository: RepositoryRef, people: Directory, dialect: Dialect) -> Team | None:
    """The people behind an owner that is no person: a team; on GitLab any group, or a role in the project."""
    if not owner.startswith("@"):
        return None
    if owner.startswith("@@"):
        role = same(owner[2:]).removesuffix("s")
        return Team(owner[1:], await people.having_role(repository, role))
    return await people.team(owner[1:]) if "/" in owner or dialect == "gitlab" else None


def _key(owner: str) -> str:
    """How the team behind an owner is found: its name, of a role with one `@`."""
    return same(owner.removeprefix("@"))


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
        team = teams.get(_key(owner))
        is_person = team is None and "/" not in owner and not owner.startswith("@@")
        logins = [member.login for member in team.members] if team else [owner[1:]] if is_person else []
        for login in logins:
            found.setdefault(same(login), login)
    return tuple(found.values())
