"""Forgets everything about an account that removed Usher, in small steps so that nobody has to wait for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.store.database import Database
from app.store.tables import audit, metadata, tenant

STEP = 1000

KEPT = (tenant, audit)
"""What has no rows of the tenant's people: its own row goes last, and what operators did here stays."""


def erased_tables() -> list[sa.Table]:
    """Every table with rows of one tenant, those first that others do not refer to."""
    return [each for each in reversed(metadata.sorted_tables) if "tenant_id" in each.c and each not in KEPT]


async def erase_left(database: Database, after: timedelta, *, step: int = STEP) -> int:
    """Erase the installations that left so long ago; returns how many there were."""
    gone = sa.and_(tenant.c.state == "left", tenant.c.left_at < sa.func.now() - after)
    async with database.begin() as connection:
        ids = list((await connection.execute(sa.select(tenant.c.id).where(gone))).scalars())
    for tenant_id in ids:
        for table in erased_tables():
            place: sa.ColumnElement[Any] = sa.literal_column("ctid")
            theirs = sa.select(place).select_from(table).where(table.c.tenant_id == tenant_id)
            await delete_in_steps(database, table, place, theirs, step)
        async with database.begin() as connection:
            await connection.execute(sa.delete(tenant).where(gone, tenant.c.id == tenant_id))
    return len(ids)


async def delete_in_steps(
    database: Database, table: sa.Table, key: sa.ColumnElement[Any], chosen: sa.Select[Any], step: int
) -> int:
    """Delete the rows whose `key` is chosen, `step` at a time, each step a transaction; returns how many went."""
    number = 0
    while True:
        async with database.begin() as connection:
            some = key.in_(chosen.limit(step).scalar_subquery())
            gone = (await connection.execute(sa.delete(table).where(some))).rowcount
        number += gone
        if gone < step:
            return number
