"""Switches that keep Usher from writing: everywhere, for one tenant, or for one feature.

They are looked at in the transaction that marks a write as being sent, so one that was thrown holds from
the next write on, whichever process does it. What they held back happens once they are lifted, if it is
still wanted then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import audit
from app.store.tables import due, effect, switch

HELD = "held: "
"""How the note on an effect begins that a switch holds back."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch that is thrown. `tenant_id` None: all tenants; `feature` empty: every feature."""

    tenant_id: int | None
    feature: str
    by: str
    why: str
    at: datetime


_COLUMNS = (switch.c.tenant_id, switch.c.feature, switch.c.by, switch.c.why, switch.c.at)


async def pause(
    connection: AsyncConnection, *, tenant_id: int | None, feature: str, by: str, why: str
) -> bool:
    """Throw a switch; returns whether it was not thrown before."""
    write = (
        insert(switch)
        .values(tenant_id=tenant_id, feature=feature, by=by, why=why)
        .on_conflict_do_nothing()
        .returning(switch.c.id)
    )
    thrown = await connection.scalar(write) is not None
    if thrown:
        await audit.note(
            connection,
            actor=by,
            action="pause",
            object=_name(tenant_id, feature),
            before={"paused": False},
            after={"paused": True, "why": why},
            tenant_id=tenant_id,
        )
    return thrown


async def resume(connection: AsyncConnection, *, tenant_id: int | None, feature: str, by: str) -> bool:
    """Lift a switch, and look again at every subject that any switch held back; returns whether it was thrown."""
    gone = (
        sa.delete(switch)
        .where(switch.c.tenant_id.is_not_distinct_from(tenant_id), switch.c.feature == feature)
        .returning(switch.c.id)
    )
    if await connection.scalar(gone) is None:
        return False
    await audit.note(
        connection,
        actor=by,
        action="resume",
        object=_name(tenant_id, feature),
        before={"paused": True},
        after={"paused": False},
        tenant_id=tenant_id,
    )
    held = sa.select(effect.c.tenant_id, effect.c.subject).where(effect.c.error.startswith(HELD))
    if tenant_id is not None:
        held = held.where(effect.c.tenant_id == tenant_id)
    await connection.execute(
        sa.update(due)
        .where(sa.tuple_(due.c.tenant_id, due.c.subject).in_(held))
        .values(generation=due.c.generation + 1, not_before=sa.func.now(), dead_at=None)
    )
    return True


async def thrown(connection: AsyncConnection, tenant_id: int | None = None) -> list[Switch]:
    """Every switch that is thrown; those that hold for one tenant, where it is named."""
    query = sa.select(*_COLUMNS).order_by(switch.c.id)
    if tenant_id is not None:
        query = query.where(sa.or_(switch.c.tenant_id.is_(None), switch.c.tenant_id == tenant_id))
    return [Switch(*row) for row in await connection.execute(query)]


async def holding(connection: AsyncConnection, tenant_id: int, feature: str) -> str | None:
    """Why this feature may not write for this tenant now; None where it may."""
    for each in await thrown(connection, tenant_id):
        if each.feature in ("", feature):
            where = "everywhere" if each.tenant_id is None else "in this organisation"
            return f"{each.feature or 'everything'} is paused {where} by {each.by}: {each.why}"
    return None


def _name(tenant_id: int | None, feature: str) -> str:
    where = "everywhere" if tenant_id is None else f"tenant {tenant_id}"
    return f"{feature or 'everything'}, {where}"
