"""What the clocks must know besides the facts: the rules, who may write, what the branch demands."""

from __future__ import annotations

from handlers.owning import Owning
from handlers.records import Rulebook
from handlers.situation import Reads
from policies import guests
from policies.clocks import Terms
from policies.facts import BranchRules, Change, Fact, ReviewAsked, Reviewed, can_write, same


async def terms_of(
    change: Change,
    rulebook: Rulebook,
    areas: Owning,
    demanded: BranchRules | None,
    log: tuple[Fact, ...],
    reads: Reads,
) -> Terms:
    """The terms of one change. `demanded` is None where the rules of its branch cannot be read."""
    people = reads.people
    return Terms(
        rules=rulebook.rules,
        earlier=rulebook.earlier,
        calendars=rulebook.calendars,
        teams={name: tuple(person.login for person in team.members) for name, team in areas.teams.items()},
        away=await reads.records.absences(change.opened_at),
        outages=await reads.records.outages(change.opened_at),
        writers=await _writers(change, areas, log, reads),
        required_checks=demanded.checks if demanded else None,
        threads_must_resolve=demanded is not None and demanded.threads_resolved,
        guest=guests.is_guest(log),
        author_may_merge=can_write(await people.access(change.repository, change.author.login)),
    )


async def _writers(change: Change, areas: Owning, log: tuple[Fact, ...], reads: Reads) -> tuple[str, ...]:
    """Who of those with a say here may write, besides the owners: an outsider's answer counts if they may."""
    owners = {same(person) for slot in areas.slots for person in slot.people}
    heard = {same(name): name for name in map(_who, log) if name}
    outsiders = [name for key, name in heard.items() if key not in owners | {same(change.author.login)}]
    return tuple(
        [name for name in sorted(outsiders) if can_write(await reads.people.access(change.repository, name))]
    )


def _who(fact: Fact) -> str:
    """Who was asked by a person, or reviewed; empty for anything else."""
    match fact:
        case ReviewAsked(by_usher=False, who=who):
            return who
        case Reviewed(by=who, by_bot=False):
            return who
        case _:
            return ""
