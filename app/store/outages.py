"""When Usher as a whole was down, by the clock of promises."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import outage
from policies.clocks import Outage


async def note(connection: AsyncConnection, start: datetime, end: datetime) -> None:
    """Usher was down in [`start`, `end`)."""
    await connection.execute(sa.insert(outage).values(start_at=start, end_at=end))


async def since(connection: AsyncConnection, instant: datetime) -> tuple[Outage, ...]:
    """The outages that were not over then."""
    query = (
        sa.select(outage.c.start_at, outage.c.end_at)
        .where(outage.c.end_at > instant)
        .order_by(outage.c.start_at)
    )
    return tuple(Outage(row.start_at, row.end_at) for row in await connection.execute(query))
