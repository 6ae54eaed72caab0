"""What the Operations page shows beside the state of the whole: accounts, the traffic of a day, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import delivery, due, effect, repository, tenant


@dataclass(frozen=True, slots=True)
class Running:
    """Counts of one day as (what, state, number), the accounts, and subjects that wait for another try."""

    deliveries: tuple[tuple[str, str, int], ...]
    effects: tuple[tuple[str, str, int], ...]
    tenants: tuple[Any, ...]
    waiting: tuple[Any, ...]
    last_received: datetime | None


async def now(connection: AsyncConnection) -> Running:
    """Five short queries; times are the database's."""
    day = sa.func.now() - sa.text("interval '1 day'")
    counted = await connection.execute(
        sa.select(delivery.c.forge, delivery.c.state, sa.func.count().label("number"))
        .where(delivery.c.received_at > day)
        .group_by(delivery.c.forge, delivery.c.state)
        .order_by(delivery.c.forge, delivery.c.state)
    )
    last = await connection.scalar(sa.select(delivery.c.received_at).order_by(delivery.c.id.desc()).limit(1))
    effects = await connection.execute(
        sa.select(effect.c.kind, effect.c.state, sa.func.count().label("number"))
        .where(sa.or_(effect.c.sent_at > day, effect.c.state.in_(("uncertain", "dead"))))
        .group_by(effect.c.kind, effect.c.state)
        .order_by(effect.c.kind, effect.c.state)
    )
    held = (
        sa.select(sa.func.count())
        .select_from(repository)
        .where(repository.c.tenant_id == tenant.c.id)
        .scalar_subquery()
    )
    otherwise = (
        sa.select(sa.func.count())
        .select_from(repository)
        .where(repository.c.tenant_id == tenant.c.id, repository.c.mode != tenant.c.mode)
        .scalar_subquery()
    )
    tenants = await connection.execute(
        sa.select(
            tenant.c.id,
            tenant.c.forge,
            tenant.c.account,
            tenant.c.state,
            tenant.c.mode,
            tenant.c.joined_at,
            held.label("repositories"),
            otherwise.label("otherwise"),
        ).order_by(tenant.c.account)
    )
    place = sa.and_(
        repository.c.tenant_id == due.c.tenant_id,
        repository.c.id == sa.cast(sa.func.split_part(due.c.subject, ":", 2), sa.BigInteger),
    )
    waiting = await connection.execute(
        sa.select(due.c.subject, due.c.attempts, due.c.reason, due.c.not_before, repository.c.name)
        .outerjoin(repository, place)
        .where(due.c.dead_at.is_(None), due.c.attempts > 0)
        .order_by(due.c.not_before)
        .limit(50)
    )
    return Running(
        tuple((row.forge, row.state, row.number) for row in counted),
        tuple((row.kind, row.state, row.number) for row in effects),
        tuple(tenants),
        tuple(waiting),
        last,
    )
