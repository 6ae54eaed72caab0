"""Who is a member of which GitLab group and project, directly and by inheritance. Pure.

Members of a group are members of the groups and projects in it (Members of a project, inheritance). A group
that a project was shared with brings its own members, each with the lower of their level and the share's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.forges.sandbox.world import Account, Organisation, Permission, Repository, Team

Group = Organisation | Team
Members = dict[int, tuple[Account, Permission]]

ORDER: tuple[Permission, ...] = ("none", "guest", "read", "triage", "write", "maintain", "admin")
# GitLab's numbers (Access levels). Reporter is "read" and "triage" in one.
LEVELS: Mapping[Permission, int] = {
    "none": 5,
    "guest": 10,
    "read": 20,
    "triage": 20,
    "write": 30,
    "maintain": 40,
    "admin": 50,
}


def named(level: int) -> Permission:
    """The permission that a number stands for; a number between two counts as the lower."""
    return max((name for name in ORDER if LEVELS[name] <= level and name != "triage"), key=ORDER.index)


def direct(group: Group) -> Members:
    """Those who are members of this group itself."""
    if isinstance(group, Organisation):
        return {
            who.id: (
                who,
                "admin" if who.id in group.owners else group.roles.get(who.id, group.base_permission),
            )
            for who in group.members.values()
        }
    return {
        who.id: (who, group.roles.get(who.id, "maintain" if who.id in group.maintainers else "write"))
        for who in group.members.values()
    }


def above(group: Group) -> Iterator[Group]:
    """The groups that this one is in, nearest first."""
    if isinstance(group, Team):
        nearest: Group = group.parent or group.organisation
        yield nearest
        yield from above(nearest)


def everyone(group: Group) -> Members:
    """Direct and inherited members, each with the highest of their levels."""
    found: Members = {}
    for place in (group, *above(group)):
        _merge(found, direct(place))
    return found


def group_of(repository: Repository) -> Group | None:
    """The group that a project lies in; None in somebody's own namespace."""
    return repository.folder or repository.organisation


def of_project(repository: Repository) -> Members:
    """Direct members, those of the groups around it, and those of the groups it was shared with."""
    found: Members = dict(repository.collaborators)
    group = group_of(repository)
    if group is not None:
        _merge(found, everyone(group))
    else:
        _merge(found, {repository.owner.id: (repository.owner, "admin")})
    for team, share in repository.teams.values():
        shared = everyone(team)
        _merge(
            found,
            {number: (who, min(have, share, key=ORDER.index)) for number, (who, have) in shared.items()},
        )
    return found


def access(repository: Repository, who: Account) -> Permission:
    """What somebody may do in a project; whoever is blocked may do nothing."""
    if who.blocked:
        return "none"
    have = of_project(repository).get(who.id, (who, "none"))[1]
    everybody: Permission = "none" if repository.visibility == "private" else "read"
    return max(have, everybody, key=ORDER.index)


def _merge(found: Members, more: Members) -> None:
    for number, (who, level) in more.items():
        have = found.get(number)
        if have is None or ORDER.index(have[1]) < ORDER.index(level):
            found[number] = (who, level)
