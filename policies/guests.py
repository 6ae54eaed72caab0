"""Who comes from outside the owning team: where a change comes from, by the teams that own what it touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from policies.facts import AuthorPlaced, Fact, Origin, OriginSeen, Person, same
from policies.findings import Finding
from policies.rules import Support
from policies.team_tree import TeamTree
from policies.words import guests as words

WELCOMED_FROM = 0.5
"""The share of owned files from which on a change is labelled, and its author welcomed."""


@dataclass(frozen=True, slots=True)
class Owned:
    """What owns one touched path: the owners as the file writes them; `matched`: a line of it says so.

    A path without any line belongs to the repository's owner; a line without owners says that nobody owns it.
    """

    owners: tuple[str, ...] = ()
    matched: bool = False


@dataclass(frozen=True, slots=True)
class Coming:
    """Where a change comes from: `guest_files` of `owned_files` belong to teams that the author is not in."""

    origin: Origin
    owners: tuple[str, ...] = ()
    guest_files: int = 0
    owned_files: int = 0


def coming(
    author: Person,
    teams: tuple[str, ...],
    paths: Mapping[str, Owned],
    tree: TeamTree,
    repository_owner: str | None,
) -> Coming:
    """Where a change comes from. `teams` are those that its author was in when it was opened.

    Owners who are people stand for the teams that they are in. Whoever is named for every path is at home,
    whatever their teams. Nothing is guessed: without teams, or without owners, it is unknown.
    """
    if author.bot:
        return Coming("bot")
    own = {same(team) for team in teams}
    named = [_names(owned, author.login) for owned in paths.values()]
    found: dict[str, str] = {}
    guest_files = owned_files = 0
    for owned, is_named in zip(paths.values(), named, strict=True):
        owners = _owner_teams(owned, tree, repository_owner)
        found |= {same(team): team for team in owners}
        if owners or is_named:
            owned_files += 1
            guest_files += not is_named and not own & {same(team) for team in owners}
    everybody = tuple(found[key] for key in sorted(found))
    if named and all(named):
        return Coming("own", everybody, 0, owned_files)
    if not own or not owned_files:
        return Coming("unknown", everybody, 0, owned_files)
    origin: Origin = "own" if not guest_files else "guest" if guest_files == owned_files else "mixed"
    return Coming(origin, everybody, guest_files, owned_files)


def is_welcomed(seen: OriginSeen | None) -> bool:
    """Whether a change has the label, and its author the comment, of a guest."""
    return (
        seen is not None
        and seen.origin in ("guest", "mixed")
        and seen.guest_files >= WELCOMED_FROM * seen.owned_files
    )


def is_overload(waiting: int, support: Support) -> bool:
    """Whether more changes of guests wait than there is time for in a week, where that is declared."""
    declared = support.hours_per_week
    return declared is not None and waiting * support.hours_per_change > declared


def findings(owner: str | None, waiting: int, support: Support, rules_path: str) -> tuple[Finding, ...]:
    """What keeps a repository from looking after its guests, to be told where its rules are written."""
    found = []
    if owner is None:
        said, fix = words.OWNER_UNKNOWN, words.OWNER_UNKNOWN_FIX
        found.append(Finding("repository_owner_unknown", "medium", rules_path, "owner", 1, 1, said, fix))
    if is_overload(waiting, support):
        needed, declared = waiting * support.hours_per_change, support.hours_per_week or 0
        said, fix = words.overload(waiting, needed, declared), words.OVERLOAD_FIX
        found.append(Finding("guest_overload", "low", rules_path, "hours_per_week", 1, 1, said, fix))
    return tuple(found)


def noted(now: Coming, log: tuple[Fact, ...], at: datetime) -> OriginSeen | None:
    """The fact that a change comes from there; None where the log says so already."""
    earlier = [fact for fact in log if isinstance(fact, OriginSeen)]
    seen = OriginSeen(
        at=at,
        origin=now.origin,
        owners=now.owners,
        guest_files=now.guest_files,
        owned_files=now.owned_files,
        number=len(earlier),
    )
    last = latest(log)
    return None if last is not None and _says(last) == _says(seen) else seen


def latest(log: tuple[Fact, ...]) -> OriginSeen | None:
    """Where the change comes from, as it was last seen."""
    return max(
        (fact for fact in log if isinstance(fact, OriginSeen)), key=lambda fact: fact.number, default=None
    )


def is_guest(log: tuple[Fact, ...]) -> bool:
    """Whether the promises to guests hold: as it was first known, since a promise stays once it is made."""
    known = [fact for fact in log if isinstance(fact, OriginSeen) and fact.origin != "unknown"]
    return bool(known) and min(known, key=lambda fact: fact.number).origin == "guest"


def placed(log: tuple[Fact, ...]) -> AuthorPlaced | None:
    """The teams that the author was in at the opening, where they were read."""
    return next((fact for fact in log if isinstance(fact, AuthorPlaced)), None)


def _names(owned: Owned, person: str) -> bool:
    return same(person) in {same(owner.lstrip("@")) for owner in owned.owners}


def _owner_teams(owned: Owned, tree: TeamTree, repository_owner: str | None) -> set[str]:
    if not owned.matched:
        return {repository_owner} if repository_owner else set()
    found: set[str] = set()
    for owner in owned.owners:
        if owner.startswith("@"):
            team = tree.teams.get(same(owner[1:]))
            found |= {team.name} if team else set(tree.closest_teams(owner[1:]))
    return found


def _says(seen: OriginSeen) -> tuple[object, ...]:
    return (seen.origin, seen.owners, seen.guest_files, seen.owned_files)
