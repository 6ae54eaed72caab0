"""What each tenant may still call, in one row that all replicas share, on the database's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeVar

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
_QUICK = sa.func.set_config("synchronous_commit", "off", True)

Came = TypeVar("Came")


class SharedGate:
    """The `Gate` of one tenant for all replicas.

    A call is counted by one statement, which writes the row only where it still says what this process goes by;
    else it is read anew. So no lock is held between two statements, and a process that freezes stops nobody else.
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
        self._stranger: Gate = LocalGate(pace, sleep=sleep)
        self._known: _Known | None = None
        self._one_by_one = asyncio.Lock()
        self._told: tuple[int, int] | None = None

    async def turn(self, *, write: bool) -> None:
        while True:
            try:
                wait = await self._change(lambda kept, now: kept.take(now, self._pace, write=write))
            except Shut as shut:
                raise throttled(str(shut), shut.seconds) from None
            if wait is None:
                return await self._stranger.turn(write=write)
            if wait <= 0:
                return None
            await self._sleep(wait)

    async def hit(self, limit: Limit) -> Throttled:
        metrics.limit_blocks.labels(limit.kind).inc()
        seconds = await self._change(lambda kept, now: kept.hit(limit, now))
        if seconds is None:
            return await self._stranger.hit(limit)
        log.warning(
            "a limit of the forge", account=self._installation[2], kind=limit.kind, seconds=round(seconds)
        )
        return throttled(f"the forge's {limit.kind} limit", seconds)

    async def passed(self) -> None:
        if self._known is not None and self._known.state.get("doubtful"):
            await self._change(lambda kept, _now: kept.passed())

    def told(self, left: int, of: int) -> None:
        self._told = (left, of)

    def share_left(self) -> float:
        left, of = self._told or (1, 1)
        return left / max(of, 1)

    async def _change(self, do: Callable[[Budget, float], Came]) -> Came | None:
        """Do this to the tenant's budget at the database's present; None where the tenant is not known.

        From memory the answer can only be yes: before a call has to wait, the row is read anew.
        """
        async with self._one_by_one:
            known, is_fresh = self._known, False
            while True:
                if known is None:
                    known, is_fresh = await self._read(), True
                if known is None:
                    return None
                kept = Budget.made(deepcopy(known.state))
                if self._told is not None:
                    kept.left, kept.of = self._told
                before = kept.kept()
                try:
                    came = do(kept, known.now)
                except Shut:
                    if is_fresh:
                        raise
                    known = None
                    continue
                if kept.kept() != before:
                    self._known = await self._write(known, kept)
                    if self._known is not None:
                        return came
                elif is_fresh:
                    return came
                known = None

    async def _read(self) -> _Known | None:
        """The tenant's row, made where there is none; None where the tenant is not known."""
        forge, host, number = self._installation
        query = (
            sa.select(tenant.c.id, budget.c.state, _NOW)
            .select_from(tenant.outerjoin(budget, budget.c.tenant_id == tenant.c.id))
            .where(tenant.c.forge == forge, tenant.c.host == host, tenant.c.installation == number)
        )
        async with self._database.each_by_itself() as connection:
            found = (await connection.execute(query)).one_or_none()
            if found is not None and found[1] is None:
                made = insert(budget).values(tenant_id=found[0], state=Budget().kept())
                await connection.execute(made.on_conflict_do_nothing())
                found = (await connection.execute(query)).one_or_none()
        if found is None or found[1] is None:
            return None
        return _Known(found[0], found[1], float(found[2]), time.monotonic())

    async def _write(self, known: _Known, kept: Budget) -> _Known | None:
        """Write it, unless somebody else did meanwhile: then None."""
        state = kept.kept()
        query = (
            sa.update(budget)
            .where(budget.c.tenant_id == known.tenant_id, budget.c.state == known.state)
            .values(state=state, shut_until=sa.func.to_timestamp(kept.shut_until), why=kept.why)
            .returning(_NOW, _QUICK)
        )
        async with self._database.each_by_itself() as connection:
            written = (await connection.execute(query)).one_or_none()
        if written is None:
            return None
        return _Known(known.tenant_id, state, float(written[0]), time.monotonic())


@dataclass(frozen=True, slots=True)
class _Known:
    """What the tenant's row said last, and when: by the database's clock since 1970, and by our monotonic one."""

    tenant_id: int
    state: dict[str, Any]
    at: float
    read_at: float

    @property
    def now(self) -> float:
        """The present of the database's clock."""
        return self.at + time.monotonic() - self.read_at


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
