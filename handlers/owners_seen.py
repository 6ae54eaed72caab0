"""What the forge knows of the owners that files name: each a person or a team, who may write or may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from handlers.records import Directory
from policies.facts import RepositoryRef, can_write, same
from policies.owner_health import PersonSeen, TeamSeen
from policies.owners import Dialect, OwnersFile


def owners_by_name(files: Iterable[OwnersFile], refused: frozenset[str]) -> list[str]:
    """The people and teams that the files name, without their `@`, each once as it is written first.

    Those whom the forge refuses come first, to find out why, and then teams, of which it says not whether they
    are empty. Roles (`@@developer`) and addresses are no names.
    """
    named: dict[str, str] = {}
    for owner in (owner for file in files for rule in file.rules for owner in rule.owners):
        if owner.startswith("@") and not owner.startswith("@@"):
            named.setdefault(same(owner[1:]), owner[1:])
    return sorted(named.values(), key=lambda name: (f"@{same(name)}" not in refused, "/" not in name))


async def look_up(
    name: str, repository: RepositoryRef, directory: Directory, dialect: Dialect
) -> PersonSeen | TeamSeen:
    """What is behind a name; on GitLab a group at the top has a name as people have."""
    if "/" in name:
        return await _team(name, repository, directory)
    if dialect == "gitlab":
        seen = await _team(name, repository, directory)
        if seen.team is not None:
            return seen
    access = await directory.access(repository, name)
    if can_write(access):
        return PersonSeen(access)
    return PersonSeen(access, await directory.membership(repository.owner, name))


def told_apart(
    seen: Mapping[str, PersonSeen | TeamSeen],
) -> tuple[dict[str, PersonSeen], dict[str, TeamSeen]]:
    """People and teams, each by name as `same()` compares them."""
    people = {same(name): each for name, each in seen.items() if isinstance(each, PersonSeen)}
    teams = {same(name): each for name, each in seen.items() if isinstance(each, TeamSeen)}
    return people, teams


async def _team(name: str, repository: RepositoryRef, directory: Directory) -> TeamSeen:
    team = await directory.team(name)
    if team is None or team.secret:
        return TeamSeen(team, "none")
    return TeamSeen(team, await directory.team_access(repository, name))
