"""Who uses this Usher: one tenant for each installation of the GitHub App or each GitLab hook."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import repository, tenant
from policies.facts import RepositoryRef, same


@dataclass(frozen=True, slots=True)
class Tenant:
    """`mode` is `preview` where Usher only shows what it would do; a repository may differ, see `modes`."""

    id: int
    forge: Literal["github", "gitlab"]
    host: str
    installation: int
    account: str
    state: Literal["active", "suspended", "left"]
    mode: Literal["preview", "live"]


_COLUMNS = (
    tenant.c.id,
    tenant.c.forge,
    tenant.c.host,
    tenant.c.installation,
    tenant.c.account,
    tenant.c.state,
    tenant.c.mode,
)


def _made(row: Any) -> Tenant:
    return Tenant(*row)


async def by_installation(
    connection: AsyncConnection, forge: str, host: str, installation: int, *, account: str, mode: str
) -> Tenant:
    """The tenant of an installation, made on first sight in `mode`; its login follows a renaming."""
    find = sa.select(*_COLUMNS).where(
        tenant.c.forge == forge, tenant.c.host == host, tenant.c.installation == installation
    )
    row = (await connection.execute(find)).one_or_none()
    if row is not None and (not account or row.account == account):
        return _made(row)
    write = (
        insert(tenant)
        .values(forge=forge, host=host, installation=installation, account=account, mode=mode)
        .on_conflict_do_update(
            index_elements=["forge", "host", "installation"],
            set_={"account": sa.func.coalesce(sa.func.nullif(account, ""), tenant.c.account)},
        )
        .returning(*_COLUMNS)
    )
    return _made((await connection.execute(write)).one())


async def by_group(
    connection: AsyncConnection, host: str, group: int | None, *, account: str, mode: str
) -> Tenant:
    """The tenant of a top-level group on GitLab, made on first sight in `mode`.

    `group` is its number, None where only its path (`account`) is known: a hook that somebody made by hand
    names no number. Such a tenant goes on as the same once the number is known.
    """
    of_forge = (tenant.c.forge == "gitlab", tenant.c.host == host)
    by_path = sa.and_(sa.func.lower(tenant.c.account) == account.lower(), tenant.c.installation < 0)
    same_group = tenant.c.installation == group if group is not None else sa.false()
    any_of_path = sa.func.lower(tenant.c.account) == account.lower() if group is None else by_path
    find = (
        sa.select(*_COLUMNS)
        .where(*of_forge, tenant.c.state != "left", sa.or_(same_group, any_of_path))
        .order_by(tenant.c.installation.desc())
        .limit(1)
    )
    row = (await connection.execute(find)).one_or_none()
    if row is not None:
        if group is not None and (row.installation != group or not row.account):
            known = replace(_made(row), installation=group, account=row.account or account)
            numbered = {"installation": group, "account": known.account}
            await connection.execute(sa.update(tenant).where(tenant.c.id == row.id).values(numbered))
            return known
        return _made(row)
    number = group if group is not None else _unnumbered(account)
    return await by_installation(connection, "gitlab", host, number, account=account, mode=mode)


async def only_one(connection: AsyncConnection, forge: str, host: str) -> Tenant | None:
    """The tenant of this forge where there is just one."""
    find = (
        sa.select(*_COLUMNS)
        .where(tenant.c.forge == forge, tenant.c.host == host, tenant.c.state != "left")
        .limit(2)
    )
    rows = (await connection.execute(find)).all()
    return _made(rows[0]) if len(rows) == 1 else None


def _unnumbered(account: str) -> int:
    """A number below zero that no group has, and that follows from its path."""
    return -1 - int.from_bytes(hashlib.sha256(account.lower().encode()).digest()[:7])


async def rename(connection: AsyncConnection, tenant_id: int, account: str) -> None:
    """The organisation or group has another name now."""
    await connection.execute(sa.update(tenant).where(tenant.c.id == tenant_id).values(account=account))


async def by_repository(
    connection: AsyncConnection, forge: str, host: str, repository_id: int
) -> Tenant | None:
    """The tenant that a repository was last seen with, for deliveries that name no installation."""
    find = (
        sa.select(*_COLUMNS)
        .join(repository, repository.c.tenant_id == tenant.c.id)
        .where(tenant.c.forge == forge, tenant.c.host == host, repository.c.id == repository_id)
        .order_by(repository.c.seen_at.desc())
        .limit(1)
    )
    row = (await connection.execute(find)).one_or_none()
    return None if row is None else _made(row)


async def by_id(connection: AsyncConnection, tenant_id: int) -> Tenant | None:
    """The tenant with this number."""
    row = (await connection.execute(sa.select(*_COLUMNS).where(tenant.c.id == tenant_id))).one_or_none()
    return None if row is None else _made(row)


async def every(connection: AsyncConnection) -> list[Tenant]:
    """All tenants, oldest first."""
    return [_made(row) for row in await connection.execute(sa.select(*_COLUMNS).order_by(tenant.c.id))]


async def set_state(connection: AsyncConnection, tenant_id: int, state: str) -> None:
    """Note that an installation is active, suspended or gone. What is gone is erased within a day."""
    left_at = sa.func.coalesce(tenant.c.left_at, sa.func.now()) if state == "left" else None
    write = sa.update(tenant).where(tenant.c.id == tenant_id).values(state=state, left_at=left_at)
    await connection.execute(write)


async def see_repository(
    connection: AsyncConnection, tenant_id: int, ref: RepositoryRef, default_branch: str | None
) -> bool:
    """Remember a repository's number, name and default branch; returns whether it was not known before."""
    values = {"name": ref.name, "default_branch": default_branch}
    known = {name: value for name, value in values.items() if value}
    is_new: sa.ColumnElement[bool] = sa.literal_column("xmax = 0")  # true of a row that was inserted
    write = (
        insert(repository)
        .values(tenant_id=tenant_id, id=ref.id, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "id"], set_={**known, "seen_at": sa.func.now()})
        .returning(is_new)
    )
    return bool(await connection.scalar(write))


async def repositories(connection: AsyncConnection, tenant_id: int) -> list[int]:
    """The numbers of all repositories that were seen, in order."""
    query = sa.select(repository.c.id).where(repository.c.tenant_id == tenant_id).order_by(repository.c.id)
    return list((await connection.execute(query)).scalars())


async def lose_repository(connection: AsyncConnection, tenant_id: int, ref: RepositoryRef) -> None:
    """A repository was deleted or taken from us: nothing of it is looked at any more."""
    await connection.execute(
        sa.delete(repository).where(repository.c.tenant_id == tenant_id, repository.c.id == ref.id)
    )


async def named(connection: AsyncConnection, name: str) -> tuple[Tenant, RepositoryRef] | None:
    """The tenant and the repository of this name, of those that were not left; None where none is known."""
    query = (
        sa.select(*_COLUMNS, repository.c.id.label("place"), repository.c.name.label("place_name"))
        .join(repository, repository.c.tenant_id == tenant.c.id)
        .where(sa.func.lower(repository.c.name) == same(name), tenant.c.state != "left")
        .order_by(tenant.c.id)
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (_made(row[:-2]), RepositoryRef(row.place, row.place_name))


async def find_repository(
    connection: AsyncConnection, tenant_id: int, repository_id: int
) -> tuple[RepositoryRef, str | None] | None:
    """A repository's name and default branch, as last seen."""
    find = sa.select(repository.c.name, repository.c.default_branch).where(
        repository.c.tenant_id == tenant_id, repository.c.id == repository_id
    )
    row = (await connection.execute(find)).one_or_none()
    return None if row is None else (RepositoryRef(repository_id, row.name), row.default_branch)
