"""Where Usher writes, and where it only shows what it would do: the dry run in which every installation begins.

An organisation has a switch, and so has each of its repositories, which wins where it was thrown. An organisation
that goes back into the dry run takes all its repositories along; one that goes live leaves those where somebody
said no.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import audit
from app.store.tables import due, effect, repository, tenant
from app.store.tenants import Tenant
from handlers.records import DRY_RUN
from policies.facts import RepositoryRef

Mode = Literal["preview", "live"]


async def of_repository(connection: AsyncConnection, tenant_id: int, repository_id: int) -> Mode:
    """What holds for a repository: its own switch, else that of its organisation."""
    found: Mode = await connection.scalar(held_by(tenant_id, repository_id)) or "preview"
    return found


def held_by(tenant_id: int, repository_id: int) -> sa.Select[Any]:
    """One value: the mode of a repository; none where its organisation is not known."""
    return (
        sa.select(sa.func.coalesce(repository.c.mode, tenant.c.mode))
        .select_from(tenant)
        .outerjoin(
            repository, sa.and_(repository.c.tenant_id == tenant.c.id, repository.c.id == repository_id)
        )
        .where(tenant.c.id == tenant_id)
    )


async def switch_account(connection: AsyncConnection, of: Tenant, mode: Mode, by: str) -> Sequence[str]:
    """Throw the organisation's switch; returns the names of repositories that go on otherwise, by their own."""
    await connection.execute(sa.update(tenant).where(tenant.c.id == of.id).values(mode=mode))
    own = sa.and_(repository.c.tenant_id == of.id, repository.c.mode.is_not(None))
    if mode == "preview":
        await connection.execute(sa.update(repository).where(own).values(mode=None))
    await _note(connection, of, of.account, by, of.mode, mode)
    otherwise = sa.and_(own, repository.c.mode != mode)
    rows = (await connection.execute(sa.select(repository.c.id, repository.c.name).where(otherwise))).all()
    await _look_again(connection, of.id, mode, besides=[row.id for row in rows])
    return sorted(row.name for row in rows)


async def switch_repository(
    connection: AsyncConnection, of: Tenant, ref: RepositoryRef, mode: Mode, by: str
) -> None:
    """Throw the switch of one repository."""
    before = await of_repository(connection, of.id, ref.id)
    this = sa.and_(repository.c.tenant_id == of.id, repository.c.id == ref.id)
    await connection.execute(sa.update(repository).where(this).values(mode=mode))
    await _note(connection, of, ref.name, by, before, mode)
    await _look_again(connection, of.id, mode, only=ref.id)


async def by_account(connection: AsyncConnection) -> list[Any]:
    """(tenant_id, forge, account, mode, repositories, otherwise) of every account; `otherwise` are the names of
    its repositories whose own switch says something else.
    """
    differs = sa.and_(repository.c.mode.is_not(None), repository.c.mode != tenant.c.mode)
    names = sa.func.array_agg(sa.distinct(repository.c.name)).filter(differs)
    query = (
        sa.select(
            tenant.c.id.label("tenant_id"),
            tenant.c.forge,
            tenant.c.account,
            tenant.c.mode,
            sa.func.count(repository.c.id).label("repositories"),
            sa.func.coalesce(names, sa.cast(sa.literal("{}"), sa.ARRAY(sa.Text))).label("otherwise"),
        )
        .select_from(tenant)
        .outerjoin(repository, repository.c.tenant_id == tenant.c.id)
        .where(tenant.c.state != "left")
        .group_by(tenant.c.id)
        .order_by(tenant.c.account)
    )
    return list(await connection.execute(query))


async def repositories(connection: AsyncConnection, tenant_id: int) -> list[Any]:
    """(id, name, mode, own) of every repository of an account, by name; `own`: by a switch of its own."""
    query = (
        sa.select(
            repository.c.id,
            repository.c.name,
            sa.func.coalesce(repository.c.mode, tenant.c.mode).label("mode"),
            repository.c.mode.is_not(None).label("own"),
        )
        .join(tenant, tenant.c.id == repository.c.tenant_id)
        .where(repository.c.tenant_id == tenant_id)
        .order_by(sa.func.lower(repository.c.name))
    )
    return list(await connection.execute(query))


async def _look_again(
    connection: AsyncConnection,
    tenant_id: int,
    mode: Mode,
    *,
    only: int | None = None,
    besides: Sequence[int] = (),
) -> None:
    """Look at every subject again; what a dry run left undone may be done where there is none any more."""

    def here(table: sa.Table) -> sa.ColumnElement[bool]:
        place = sa.cast(sa.func.split_part(table.c.subject, ":", 2), sa.BigInteger)
        mine = place == only if only is not None else place.not_in(besides)
        return sa.and_(table.c.tenant_id == tenant_id, mine)

    if mode == "live":
        await connection.execute(
            sa.delete(effect).where(
                here(effect),
                effect.c.state == "skipped",
                effect.c.error == DRY_RUN,
                # What people typed meanwhile was heard; nobody waits for the answer any more.
                effect.c.kind != "nod",
                effect.c.payload["step"].astext.like("command|%").is_not(True),
            )
        )
    await connection.execute(sa.update(due).where(here(due)).values(generation=due.c.generation + 1))


async def _note(connection: AsyncConnection, of: Tenant, name: str, by: str, before: str, after: str) -> None:
    await audit.note(
        connection,
        actor=by,
        action="live" if after == "live" else "dry-run",
        object=name,
        before={"mode": before},
        after={"mode": after},
        tenant_id=of.id,
    )
