"""What each tenant may still call, in one row that all replicas share, on the database's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app import logs, metrics
from app.forges.budget import Budget, Limit, Pace, Shut
from app.forges.limits import Gate, LocalGate, Sleep, throttled
from app.store.database import Database
from app.store.tables import budget, tenant
from handlers.ports import Throttled

log = logs.get(__name__)

_NOW = sa.func.extract("epoch", sa.func.clock_timestamp())
# A crash may forget the last calls that were counted, which no limit of a forge notices.
_QUICK = sa.text("SELECT set_config('synchronous_commit', 'off', true)")


class SharedGate:
    """The `Gate` of one tenant for all replicas.

    Until the tenant is known here (`usher owners --live` asks before any delivery came) it counts in memory.
    """

    def __init__(
        self,
        database: Database,
        installation: tuple[str, str, int],
        pace: Pace,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._database, self._installation, self._pace, self._sleep = database, installation, pace, sleep
        self._tenant_id: int | None = None
        self._stranger: Gate = LocalGate(pace, sleep=sleep)
        self._doubtful = False
        self._told: tuple[int, int] | None = None

    async def turn(self, *, write: bool) -> None:
        while True:
            async with self._row() as row:
                if row is None:
                    return await self._stranger.turn(write=write)
                try:
                    wait = row.budget.take(row.now, self._pace, write=write)
                except Shut as shut:
                    raise throttled(str(shut), shut.seconds) from None
            if wait <= 0:
                return None
            await self._sleep(wait)

    async def hit(self, limit: Limit) -> Throttled:
        metrics.limit_blocks.labels(limit.kind).inc()
        async with self._row() as row:
            if row is None:
                return await self._stranger.hit(limit)
            seconds = row.budget.hit(limit, row.now)
        log.warning("a limit of the forge", tenant=self._tenant_id, kind=limit.kind, seconds=round(seconds))
        return throttled(f"the forge's {limit.kind} limit", seconds)

    async def passed(self) -> None:
        if not self._doubtful:
            return
        async with self._row() as row:
            if row is not None:
                row.budget.passed()

    def told(self, left: int, of: int) -> None:
        self._told = (left, of)

    def share_left(self) -> float:
        left, of = self._told or (1, 1)
        return left / max(of, 1)

    @asynccontextmanager
    async def _row(self) -> AsyncIterator[_Row | None]:
        """The tenant's row, locked and written back; None where the tenant is not known."""
        async with self._database.begin() as connection:
            if self._tenant_id is None and (await self._enter(connection)) is None:
                yield None
                return
            query = sa.select(budget.c.state, _NOW).where(budget.c.tenant_id == self._tenant_id)
            found = (await connection.execute(query.with_for_update())).one_or_none()
            if found is None:  # forgotten with the tenant
                self._tenant_id = None
                if (await self._enter(connection)) is None:
                    yield None
                    return
                found = (await connection.execute(query.with_for_update())).one()
            row = _Row(Budget.made(found[0]), float(found[1]))
            if self._told is not None:
                row.budget.left, row.budget.of = self._told
            yield row
            self._doubtful = row.budget.doubtful
            await connection.execute(_QUICK)
            await connection.execute(
                sa.update(budget)
                .where(budget.c.tenant_id == self._tenant_id)
                .values(
                    state=row.budget.kept(),
                    shut_until=sa.func.to_timestamp(row.budget.shut_until),
                    why=row.budget.why,
                )
            )

    async def _enter(self, connection: AsyncConnection) -> int | None:
        forge, host, number = self._installation
        known = sa.select(tenant.c.id).where(
            tenant.c.forge == forge, tenant.c.host == host, tenant.c.installation == number
        )
        self._tenant_id = await connection.scalar(known)
        if self._tenant_id is not None:
            write = insert(budget).values(tenant_id=self._tenant_id, state=Budget().kept())
            await connection.execute(write.on_conflict_do_nothing())
        return self._tenant_id


class _Row:
    """A tenant's budget and the database's clock, in seconds since 1970."""

    __slots__ = ("budget", "now")

    def __init__(self, kept: Budget, now: float) -> None:
        self.budget, self.now = kept, now


async def try_again(connection: AsyncConnection, tenant_id: int) -> None:
    """The forge says that something changed for this tenant: no earlier limit holds any more.

    The row stays: another process may be about to lock it.
    """
    fresh = sa.update(budget).where(budget.c.tenant_id == tenant_id)
    await connection.execute(fresh.values(state=Budget().kept(), shut_until=None, why=""))


async def share_left(connection: AsyncConnection, tenant_id: int) -> float:
    """Which part of the hour's requests the tenant has left, as any replica was told last."""
    kept: dict[str, Any] | None = await connection.scalar(
        sa.select(budget.c.state).where(budget.c.tenant_id == tenant_id)
    )
    return Budget.made(kept).share_left if kept else 1.0
