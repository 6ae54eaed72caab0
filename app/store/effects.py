"""A subject's effects: what shall be written on the forge, once, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app import logs, metrics
from app.crash_points import reached
from app.redaction import redact
from app.store import attention, switches
from app.store import due as due_rows
from app.store.database import Database
from app.store.tables import effect, restoration
from handlers.records import Effect, Held, Overtaken
from policies.facts import same

log = logs.get(__name__)

HEALS = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24))
"""When what was in doubt is looked for again: a forge may show late what it took."""

TWINS = ("say", "sticky", "issue")
"""Kinds of which the forge would show two, where they were written twice."""

CAREFUL_FOR = timedelta(days=30)
"""How long after a restore from a backup effects are taken for forgotten: as long as they are kept."""

_RESTORED = sa.exists().where(restoration.c.at > sa.func.now() - CAREFUL_FOR)


class SubjectEffects:
    """The subject's effects, written only while `lease` is the newest on it.

    More than `writes_an_hour`, where that is not usual, pause the tenant.
    `now` is the present of the clock of promises; `held_until` when something may be written by that clock
    that people had enough of for a while.
    """

    def __init__(
        self,
        database: Database,
        lease: due_rows.Lease,
        now: datetime,
        writes_an_hour: int = attention.WRITES_AN_HOUR,
    ) -> None:
        self._database, self._lease, self._now = database, lease, now
        self._writes_an_hour = writes_an_hour
        self._wanted: set[str] = set()
        self.held_until: datetime | None = None

    @classmethod
    def of(cls, database: Database, tenant_id: int, subject: str, now: datetime) -> SubjectEffects:
        """The effects to read alone, without a lease: whatever is written is refused as overtaken."""
        return cls(database, due_rows.Lease(tenant_id, subject, 0, -1, 0, 0, None), now)

    async def every(self) -> tuple[Effect, ...]:
        query = (
            sa.select(*_EFFECT)
            .where(effect.c.tenant_id == self._lease.tenant_id, effect.c.subject == self._lease.subject)
            .order_by(effect.c.id)
        )
        async with self._database.begin() as connection:
            return tuple(_effect(row) for row in await connection.execute(query))

    async def plan(self, key: str, kind: str, payload: Mapping[str, Any]) -> Effect:
        self._wanted.add(key)
        recipient = same(payload["to"]) if payload.get("to") else None
        write = (
            insert(effect)
            .values(
                tenant_id=self._lease.tenant_id,
                subject=self._lease.subject,
                key=key,
                kind=kind,
                fence=self._lease.fence,
                payload=dict(payload),
                recipient=recipient,
                at=datetime.fromisoformat(payload["at"]),
                # What was done after the backup is not known any more: it is looked for before it is done.
                state=sa.case((_RESTORED, "uncertain"), else_="planned"),
                sent_at=sa.case((_RESTORED, sa.func.now() - timedelta(hours=1))),
            )
            .on_conflict_do_nothing()
        )
        find = sa.select(*_EFFECT).where(effect.c.tenant_id == self._lease.tenant_id, effect.c.key == key)
        async with self._database.begin() as connection:
            if recipient:
                # Two subjects that would remind one person at once stand in line, so that each counts the other.
                lock = sa.func.hashtextextended(f"{self._lease.tenant_id}:{recipient}", 0)
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            await connection.execute(write)
            found = _effect((await connection.execute(find)).one())
        reached("effect.planned")
        # An effect that never went out says today's words, not those of an earlier attempt.
        return replace(found, payload=dict(payload)) if found.state == "planned" else found

    async def forget_unwanted(self, connection: AsyncConnection) -> None:
        """Take back what an earlier run planned and never sent, where this one, being through, wants it no more.

        It died in between, or the forge said no, and the world went on: it is as if nobody had thought of it.
        To be done with the end of the run: one that is taken over before has taken nothing back.
        """
        if not await due_rows.holds(connection, self._lease):
            raise Overtaken(f"another run holds {self._lease.subject}")
        await connection.execute(
            sa.delete(effect).where(
                effect.c.tenant_id == self._lease.tenant_id,
                effect.c.subject == self._lease.subject,
                effect.c.state == "planned",
                effect.c.key.not_in(self._wanted),
            )
        )

    async def reminders_before(self, each: Effect, day: datetime) -> int:
        this = sa.select(effect.c.id, effect.c.recipient).where(
            effect.c.tenant_id == self._lease.tenant_id, effect.c.key == each.key
        )
        async with self._database.begin() as connection:
            row = (await connection.execute(this)).one()
            query = sa.select(sa.func.count()).where(
                effect.c.tenant_id == self._lease.tenant_id,
                effect.c.recipient == row.recipient,
                effect.c.kind == "say",
                effect.c.at >= day,
                effect.c.id < row.id,
                effect.c.state != "skipped",
            )
            return await connection.scalar(query) or 0

    async def sending(self, each: Effect, feature: str) -> None:
        async with self._database.begin() as connection:
            await self._permit(connection, each, feature)
            if each.kind in ("say", "sticky"):
                await attention.spare_the_thread(
                    connection, self._lease.tenant_id, self._lease.subject, each.key, self._now
                )
            runaway = await attention.stop_a_runaway(connection, self._lease.tenant_id, self._writes_an_hour)
            if runaway is None:
                await self._mark_sending(connection, each)
        if runaway is not None:
            raise Held(runaway)
        reached("effect.sending")

    async def permit(self, each: Effect, feature: str) -> None:
        async with self._database.begin() as connection:
            await self._permit(connection, each, feature)

    async def hold(self, each: Effect, held: Held) -> None:
        metrics.effects.labels(each.kind, "held").inc()
        if held.until is not None:
            self.held_until = min(held.until, self.held_until or held.until)
        await self._set(each, error=f"{switches.HELD}{held}"[:2000])

    async def healed(self, each: Effect, remote_id: int | None, twins: int) -> None:
        metrics.duplicates_healed.inc(twins)
        if twins:
            log.warning("took back what was there twice", kind=each.kind, key=each.key, twins=twins)
        waits = sa.case(*((effect.c.heals == n, sa.func.now() + wait) for n, wait in enumerate(HEALS[1:])))
        values: dict[str, Any] = {"heals": effect.c.heals + 1, "heal_at": waits}
        await self._set(each, **values, **({} if remote_id is None else {"remote_id": remote_id}))

    async def _permit(self, connection: AsyncConnection, each: Effect, feature: str) -> None:
        if not await due_rows.holds(connection, self._lease):
            raise Overtaken(f"another run holds {self._lease.subject}")
        if (why := await switches.holding(connection, self._lease.tenant_id, feature)) is not None:
            raise Held(why)

    async def _mark_sending(self, connection: AsyncConnection, each: Effect) -> None:
        await connection.execute(
            self._row(each).values(
                state="sending",
                sent_at=sa.func.now(),
                fence=self._lease.fence,
                attempts=effect.c.attempts + 1,
                payload=dict(each.payload),
                marker=each.marker,
            )
        )

    async def done(
        self,
        each: Effect,
        remote_id: int | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        in_doubt: bool = False,
    ) -> None:
        reached("effect.written")
        values: dict[str, Any] = {"state": "done", "done_at": sa.func.now(), "error": None}
        if each.state != "done":
            metrics.effects.labels(each.kind, "done").inc()
            if each.kind in TWINS and (in_doubt or each.attempts):
                values["heal_at"] = sa.func.now() + HEALS[0]
        if each.marker is not None:
            values["marker"] = each.marker
        if remote_id is not None:
            values["remote_id"] = remote_id
        if payload is not None:
            values["payload"] = dict(payload)
        await self._set(each, **values)
        reached("effect.done")

    async def unsure(self, each: Effect, error: str) -> None:
        metrics.effects.labels(each.kind, "uncertain").inc()
        await self._set(each, state="uncertain", error=redact(error)[:2000])

    async def again(self, each: Effect, error: str) -> None:
        await self._set(each, state="planned", error=redact(error)[:2000])

    async def skipped(self, each: Effect, reason: str) -> None:
        if each.state != "skipped":
            metrics.effects.labels(each.kind, "skipped").inc()
        await self._set(each, state="skipped", error=reason, payload=dict(each.payload))

    async def refused(self, each: Effect, error: str) -> None:
        metrics.effects.labels(each.kind, "refused").inc()
        await self._set(each, state="dead", error=redact(error)[:2000])

    async def _set(self, each: Effect, **values: Any) -> None:
        async with self._database.begin() as connection:
            await connection.execute(self._row(each).values(**values))

    def _row(self, each: Effect) -> sa.Update:
        """The effect's row, unless a newer run took it over: what an older one knows of it holds no more."""
        return sa.update(effect).where(
            effect.c.tenant_id == self._lease.tenant_id,
            effect.c.key == each.key,
            effect.c.fence <= self._lease.fence,
        )


_EFFECT = (
    effect.c.key,
    effect.c.kind,
    effect.c.state,
    effect.c.payload,
    effect.c.marker,
    effect.c.remote_id,
    effect.c.attempts,
    effect.c.error,
    sa.func.coalesce(effect.c.heal_at <= sa.func.now(), sa.false()).label("to_heal"),
    sa.func.extract("epoch", sa.func.now() - effect.c.sent_at).label("waited"),
)


def _effect(row: Any) -> Effect:
    return Effect(
        key=row.key,
        kind=row.kind,
        state=row.state,
        payload=row.payload,
        marker=row.marker,
        remote_id=row.remote_id,
        sent_seconds_ago=None if row.waited is None else float(row.waited),
        attempts=row.attempts,
        to_heal=row.to_heal,
        note=row.error or "",
    )
