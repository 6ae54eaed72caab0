"""Where a change comes from: reads the teams of its author and owners, and notes what follows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from handlers.owning import Owning
from handlers.records import Rulebook
from handlers.situation import Reads
from policies import guests, repository_owner
from policies.facts import Access, AuthorPlaced, Change, Fact, RepositoryRef, Roster
from policies.findings import Finding
from policies.repository_owner import Claims, RepositoryOwner
from policies.team_tree import TeamTree, fixed, grow

MOST_TEAMS = 100
"""So many teams are asked for what they may do in a repository that nothing else says the owner of."""


@dataclass(frozen=True, slots=True)
class Household:
    """The teams that count, and whose the repository is; `owner` None: nothing says so."""

    tree: TeamTree
    owner: RepositoryOwner | None


async def seen_origin(
    change: Change, areas: Owning, rulebook: Rulebook, log: tuple[Fact, ...], reads: Reads
) -> tuple[Fact, ...]:
    """What is to be noted of where an open change comes from; nothing where all of it is known."""
    if change.state != "open":
        return ()
    household = await household_of(change.repository, rulebook, reads)
    place = guests.placed(log)
    new: tuple[Fact, ...] = ()
    if place is None:
        teams = household.tree.teams_of(change.author.login)
        place = AuthorPlaced(at=change.opened_at, teams=teams)
        new = (place,)
    if change.draft:
        return new
    paths = {path: guests.Owned(match.owners, matched=match.matched) for path, match in areas.matches.items()}
    paths |= {path: guests.Owned() for slot in areas.slots for path in slot.files if path not in paths}
    owner = household.owner.team if household.owner else None
    coming = guests.coming(change.author, place.teams, paths, household.tree, owner)
    seen = guests.noted(coming, log, change.opened_at)
    return (*new, seen) if seen else new


async def household_of(repository: RepositoryRef, rulebook: Rulebook, reads: Reads) -> Household:
    """The teams that count here, and the one that the repository belongs to."""
    tree = grow(await _roster(repository, rulebook, reads), rulebook.rules.teams)
    claims = Claims(
        organisation=repository.owner,
        dialect=reads.forge.dialect,
        declared=rulebook.rules.support.owner or "",
        catalog=rulebook.catalog_owner,
        owners=rulebook.owners,
    )
    owner = repository_owner.named_owner(claims, tree) or repository_owner.home(claims, tree)
    if owner is None:
        claims = replace(claims, access=await _access(repository, tree, reads))
        owner = repository_owner.granted_owner(claims, tree)
    return Household(tree, owner)


async def guest_findings(repository: RepositoryRef, rulebook: Rulebook, reads: Reads) -> tuple[Finding, ...]:
    """What keeps the repository from looking after guests; nothing where no team says who is one."""
    household = await household_of(repository, rulebook, reads)
    if not any(team.members for team in household.tree.teams.values()):
        return ()
    owner = household.owner.team if household.owner else None
    waiting = await reads.records.guests_waiting()
    return guests.findings(owner, waiting, rulebook.rules.support, rulebook.rules_path)


async def _roster(repository: RepositoryRef, rulebook: Rulebook, reads: Reads) -> Roster:
    """The first of the configured sources that knows any team."""
    rules = rulebook.rules.teams
    for source in rules.source:
        roster = Roster()
        if source == "forge":
            roster = await reads.people.roster(repository.owner)
        elif source == "static":
            roster = fixed(rules.static, repository.owner)
        if roster.teams:
            return roster
    return Roster()


async def _access(repository: RepositoryRef, tree: TeamTree, reads: Reads) -> dict[str, Access]:
    names = [team.name for team in tree.teams.values()][:MOST_TEAMS]
    return {name: await reads.people.team_access(repository, name) for name in names}
