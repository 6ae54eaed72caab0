"""How long things are kept: bodies of deliveries for a week, rows for a month, dead letters for three.

Everything of an installation that left is gone within a day.

Everything is deleted in small steps, each a transaction of its own, so that nobody has to wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.store import erasing
from app.store.database import Database
from app.store.tables import clock, delivery, delivery_body, effect

BODIES = timedelta(days=7)
ROWS = timedelta(days=30)
DEAD = timedelta(days=90)
LEFT = timedelta(hours=22)
"""With an hour between two rounds, nothing of who left is there a day later."""

STEP = 1000

_ENDED = ("done", "ignored")


async def tidy(database: Database, note: Mapping[str, Any], *, step: int = STEP) -> dict[str, Any]:
    """Delete what is old enough; returns the note for the next run, with how much went.

    `note["bodies_until"]` is up to when bodies are gone already: their rows are there for longer, and need
    not be looked at each time.
    """
    since = datetime.fromisoformat(note.get("bodies_until", "1970-01-01T00:00:00+00:00"))
    async with database.begin() as connection:
        now = await connection.scalar(sa.select(sa.func.now()))
    assert isinstance(now, datetime)
    bodies = rows = 0
    for state in _ENDED:
        with_body = (
            sa.select(delivery.c.id)
            .join(delivery_body, delivery_body.c.delivery == delivery.c.id)
            .where(
                delivery.c.state == state,
                delivery.c.done_at >= since,
                delivery.c.done_at < now - BODIES,
            )
        )
        bodies += await _oldest_first(database, delivery_body, delivery_body.c.delivery, with_body, step)
        old = sa.select(delivery.c.id).where(delivery.c.state == state, delivery.c.done_at < now - ROWS)
        rows += await _oldest_first(database, delivery, delivery.c.id, old, step)
    dead = sa.select(delivery.c.id).where(delivery.c.state == "dead", delivery.c.done_at < now - DEAD)
    rows += await _oldest_first(database, delivery, delivery.c.id, dead, step)
    rows += await _tidy_effects(database, now, step)
    left = await erasing.erase_left(database, LEFT, step=step)
    return {"bodies_until": (now - BODIES).isoformat(), "bodies": bodies, "rows": rows, "left": left}


async def _tidy_effects(database: Database, now: datetime, step: int) -> int:
    """What Usher did on a change is known as long as the change lives, and a month longer."""
    old = (
        sa.select(effect.c.id)
        .join(clock, sa.and_(clock.c.tenant_id == effect.c.tenant_id, clock.c.subject == effect.c.subject))
        .where(clock.c.state == "DONE", clock.c.updated_at < now - ROWS, effect.c.at < now - ROWS)
    )
    return await erasing.delete_in_steps(database, effect, effect.c.id, old, step)


async def _oldest_first(
    database: Database, table: sa.Table, key: sa.Column[Any], chosen: sa.Select[tuple[int]], step: int
) -> int:
    return await erasing.delete_in_steps(database, table, key, chosen.order_by(delivery.c.done_at), step)
