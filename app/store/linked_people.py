"""One person, two forges: whose account on GitHub and whose on GitLab are the same somebody's.

Whoever runs Usher says so in the settings. What somebody owes, and when they are away, then counts on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import person_link, tenant
from policies.facts import same


async def configure(connection: AsyncConnection, pairs: Iterable[tuple[str, str]]) -> None:
    """Let the links of the settings be these, (GitHub login, GitLab username), and no others."""
    await connection.execute(sa.delete(person_link).where(person_link.c.source == "configuration"))
    rows = [{"github": same(github), "gitlab": same(gitlab)} for github, gitlab in pairs]
    if rows:
        await connection.execute(insert(person_link).on_conflict_do_nothing(), rows)


async def elsewhere(
    connection: AsyncConnection, tenant_id: int, people: Iterable[str] | None = None
) -> Mapping[str, str]:
    """What these people (None: all) are called on the other forge than the tenant's: other name → this one."""
    forge = await connection.scalar(sa.select(tenant.c.forge).where(tenant.c.id == tenant_id))
    here, there = person_link.c.github, person_link.c.gitlab
    if forge == "gitlab":
        here, there = there, here
    query = sa.select(here.label("here"), there.label("there"))
    if people is not None:
        query = query.where(here.in_([same(name) for name in people]))
    return {row.there: row.here for row in await connection.execute(query)}


def on_the_other_forge(tenant_id: int) -> sa.Select[tuple[int]]:
    """The tenants of the other forge, of which nothing but what linked people owe and say of themselves is read."""
    own = sa.select(tenant.c.forge).where(tenant.c.id == tenant_id).scalar_subquery()
    return sa.select(tenant.c.id).where(tenant.c.forge != own, tenant.c.state == "active")
