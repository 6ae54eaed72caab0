"""Usher leaves an organisation: what it opened is closed first, because afterwards it may write nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.errors import ForPeople
from app.store import due, tenants
from app.store.database import Database
from app.store.tenants import Tenant
from handlers.ports import Forbidden, Forge, Gone
from policies.facts import Repository, Subject, same

INSTEAD = "Usher has left this organisation, and closed what it had opened."


@dataclass
class Left:
    """What was done, and in which repositories something could not be."""

    closed: int = 0
    unlabelled: int = 0
    refused: list[str] = field(default_factory=list)


async def goodbye(
    database: Database,
    forge_of: Callable[[Tenant, datetime | None], Forge],
    account: str,
    *,
    labels: tuple[str, ...] = (),
) -> Left:
    """Close Usher's issues and proposals in the account, take these labels off, and forget it within a day.

    Work for the account stops at once. Where the forge fails half-way the error is raised; nothing more is
    written, and the same command goes on from there. ForPeople where nobody knows the account.
    """
    async with database.begin() as connection:
        known = await tenants.every(connection)
        ours = [each for each in known if same(each.account) == same(account) and each.state != "left"]
        for tenant in ours:
            await tenants.set_state(connection, tenant.id, "suspended")
    if not ours:
        names = ", ".join(sorted(each.account for each in known if each.state != "left")) or "none"
        raise ForPeople(f"No installation on {account!r} is known. Known accounts: {names}.")
    left = Left()
    for tenant in ours:
        forge = forge_of(tenant, None)
        for repository in await forge.repositories():
            try:
                if not repository.archived:
                    await _tidy(database, tenant, forge, repository, labels, left)
            except (Forbidden, Gone) as error:
                left.refused.append(f"{repository.ref.name}: {error}")
        async with database.begin() as connection:
            await tenants.set_state(connection, tenant.id, "left")
    return left


async def _tidy(
    database: Database,
    tenant: Tenant,
    forge: Forge,
    repository: Repository,
    labels: tuple[str, ...],
    left: Left,
) -> None:
    """Both kinds of what Usher opened are closed alike; its checks are complete from the moment they are set."""
    for issue in await forge.our_issues(repository.ref):
        if issue.open:
            body = f"{INSTEAD}\n\n{issue.body}"
            await forge.edit_issue(repository.ref, issue.number, body, is_open=False)
            left.closed += 1
    if not labels:
        return
    wanted = {same(label) for label in labels}
    async with database.begin() as connection:
        seen = await due.of_repository(connection, tenant.id, repository.ref.id)
    for subject in map(Subject.parse, seen):
        read = forge.change if subject.kind == "change" else forge.issue
        try:
            place = await read(repository.ref, subject.number)
        except Gone:
            continue
        if there := tuple(label for label in place.labels if same(label) in wanted):
            await forge.label(place, (), there)
            left.unlabelled += 1
