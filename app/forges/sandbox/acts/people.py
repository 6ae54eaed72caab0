"""Accounts, organisations, teams, and where an App is installed."""

from __future__ import annotations

import re

from app.forges.sandbox import membership
from app.forges.sandbox.world import (
    Account,
    Happening,
    Installation,
    Organisation,
    Permission,
    Repository,
    Team,
    World,
)


def person(world: World, login: str) -> Account:
    made = Account(world.next_id("account"), login, "person", world.now())
    world.accounts[login.casefold()] = made
    return made


def organisation(world: World, login: str, owner: Account, base_permission: Permission) -> Organisation:
    made = Organisation(
        world.next_id("account"), login, "organisation", world.now(), base_permission=base_permission
    )
    made.members[owner.id] = owner
    made.owners.add(owner.id)
    world.accounts[login.casefold()] = made
    return made


def join_organisation(world: World, organisation: Organisation, who: Account, by: Account) -> None:
    if who.id not in organisation.members:
        organisation.members[who.id] = who
        more = {"member": who}
        world.tell(Happening("organization", "member_added", by, organisation=organisation, more=more))


def leave_organisation(world: World, organisation: Organisation, who: Account, by: Account) -> None:
    """Whoever leaves an organisation leaves its teams first."""
    for team in organisation.teams.values():
        leave_team(world, team, who, by)
    had = membership.direct(organisation).get(who.id)
    if organisation.members.pop(who.id, None) is not None:
        organisation.owners.discard(who.id)
        organisation.roles.pop(who.id, None)
        more = {"member": who, "had": had}
        world.tell(Happening("organization", "member_removed", by, organisation=organisation, more=more))


def team(
    world: World, organisation: Organisation, name: str, by: Account, *, parent: Team | None, secret: bool
) -> Team:
    slug = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")
    made = Team(world.next_id("team"), organisation, name, slug, parent, secret=secret)
    organisation.teams[slug] = made
    world.tell(Happening("team", "created", by, organisation=organisation, subject=made))
    return made


def rename_team(world: World, known: Team, name: str, by: Account) -> None:
    """A new name gives a new slug."""
    before = known.name
    del known.organisation.teams[known.slug]
    known.name = name
    known.slug = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")
    known.organisation.teams[known.slug] = known
    more = {"changes": {"name": {"from": before}}}
    world.tell(Happening("team", "edited", by, organisation=known.organisation, subject=known, more=more))


def delete_team(world: World, known: Team, by: Account) -> None:
    """Requests to a deleted team are gone with it [k]."""
    del known.organisation.teams[known.slug]
    for repository in world.owned_by(known.organisation):
        repository.teams.pop(known.id, None)
        for change in repository.changes:
            if known in change.requested_teams:
                change.requested_teams.remove(known)
    world.tell(Happening("team", "deleted", by, organisation=known.organisation, subject=known))


def join_team(world: World, known: Team, who: Account, by: Account) -> None:
    """Whoever joins a team is in its organisation from then on; on GitLab in this subgroup alone."""
    if world.kind == "github":
        join_organisation(world, known.organisation, who, by)
    if who.id not in known.members:
        known.members[who.id] = who
        _tell_membership(world, known, "added", who, by)


def leave_team(world: World, known: Team, who: Account, by: Account) -> None:
    had = membership.direct(known).get(who.id)
    if known.members.pop(who.id, None) is not None:
        known.maintainers.discard(who.id)
        known.roles.pop(who.id, None)
        _tell_membership(world, known, "removed", who, by, had=had)


def change_role(
    world: World, group: Organisation | Team, who: Account, permission: Permission, by: Account
) -> None:
    """GitLab: give a member another level (Members of a group)."""
    group.roles[who.id] = permission
    if isinstance(group, Organisation):
        group.owners.discard(who.id)
    organisation = group if isinstance(group, Organisation) else group.organisation
    more = {"member": who}
    world.tell(Happening("membership", "updated", by, organisation=organisation, subject=group, more=more))


def give(world: World, repository: Repository, known: Team, permission: Permission, by: Account) -> None:
    """Give a team access to a repository; "none" takes it away. `team` and `team_add` both tell of it."""
    had = repository.teams.pop(known.id, None)
    if permission != "none":
        repository.teams[known.id] = (known, permission)
    action = "removed_from_repository" if permission == "none" else "added_to_repository"
    if (had is None) == (permission == "none"):
        return
    organisation = known.organisation
    world.tell(Happening("team", action, by, repository, organisation, subject=known))
    if permission != "none":
        world.tell(Happening("team_add", None, by, repository, organisation, subject=known))


def collaborate(
    world: World, repository: Repository, who: Account, permission: Permission, by: Account
) -> None:
    """Give one person access to a repository; "none" takes it away."""
    had = repository.collaborators.pop(who.id, None)
    if permission != "none":
        repository.collaborators[who.id] = (who, permission)
    if had is None and permission == "none":
        return
    action = "removed" if permission == "none" else ("edited" if had else "added")
    world.tell(Happening("member", action, by, repository, repository.organisation, more={"member": who}))


def install(
    world: World, account: Account, permissions: dict[str, str], by: Account, *, selected: set[int] | None
) -> Installation:
    now = world.now()
    made = Installation(world.next_id("installation"), account, dict(permissions), now, now, selected)
    world.installations[made.id] = made
    world.tell(Happening("installation", "created", by, subject=made, more={"repositories": True}))
    return made


def uninstall(world: World, installation: Installation, by: Account) -> None:
    """The last delivery of an installation still names it; its tokens are dead."""
    world.tell(Happening("installation", "deleted", by, subject=installation, more={"repositories": True}))
    del world.installations[installation.id]


def suspend(world: World, installation: Installation, by: Account, *, on: bool) -> None:
    installation.suspended_at = world.now() if on else None
    installation.suspended_by = by if on else None
    world.tell(Happening("installation", "suspend" if on else "unsuspend", by, subject=installation))


def permit(world: World, installation: Installation, permissions: dict[str, str], by: Account) -> None:
    """An owner accepts other permissions for the App."""
    installation.permissions = dict(permissions)
    installation.updated_at = world.now()
    world.tell(Happening("installation", "new_permissions_accepted", by, subject=installation))


def select(world: World, installation: Installation, chosen: set[int] | None, by: Account) -> None:
    """Give the App these repositories and no others; None gives all."""

    def names(given: set[int] | None) -> set[int]:
        return {each.id for each in world.owned_by(installation.account)} if given is None else given

    before, after = names(installation.selected), names(chosen)
    installation.selected = chosen
    for action, ids in (("added", after - before), ("removed", before - after)):
        if ids:
            repositories = [world.repositories[number] for number in sorted(ids)]
            more = {action: repositories}
            world.tell(Happening("installation_repositories", action, by, subject=installation, more=more))


def _tell_membership(
    world: World, known: Team, action: str, who: Account, by: Account, *, had: object = None
) -> None:
    """`had`: the membership as it was, which GitLab tells when it ends."""
    more = {"member": who, "had": had}
    world.tell(Happening("membership", action, by, organisation=known.organisation, subject=known, more=more))
