"""How Usher itself is doing: what waits, since when, what was given up, and how the last rounds went.

For the Operations page, `/healthz` and the gauges. Everything is of all tenants, so only operators may see it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.store import chores, dead
from app.store.chores import Chore
from app.store.database import Database
from app.store.dead import DeadLetter
from app.store.tables import delivery, due, effect, switch, tenant

SHOWN = 200
"""Dead letters in full; the counts are of all."""

_DUE_OLDEST = sa.text(
    """
    SELECT extract(epoch FROM now() - min(not_before)) FROM due
    JOIN tenant ON tenant.id = tenant_id AND tenant.state = 'active'
    WHERE generation > settled_generation AND not_before <= now() AND dead_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Operations:
    """`dead` counts by (table, first word of the reason). Ages are in seconds, 0 where nothing waits."""

    unread: int
    oldest_unread: float
    due_waiting: int
    due_oldest: float
    uncertain: int
    dead: Mapping[tuple[str, str], int]
    letters: Sequence[DeadLetter]
    rounds: Sequence[Chore]
    tenants: Mapping[str, int]
    switches: int
    now: datetime

    def overdue(self) -> list[Chore]:
        """Rounds that failed, or whose time came ten minutes ago."""
        return [
            each
            for each in self.rounds
            if each.error is not None or (self.now - each.next_at).total_seconds() > 600
        ]


async def read(database: Database) -> Operations:
    """Everything, in a few queries that touch only what waits or was given up."""
    async with database.begin() as connection:
        oldest = sa.func.extract("epoch", sa.func.now() - sa.func.min(delivery.c.received_at))
        unread = (
            await connection.execute(
                sa.select(sa.func.count(), oldest, sa.func.now()).where(delivery.c.state == "new")
            )
        ).one()
        behind = sa.select(sa.func.count()).where(
            due.c.generation > due.c.settled_generation, due.c.dead_at.is_(None)
        )
        uncertain = sa.select(sa.func.count()).where(effect.c.state == "uncertain")
        by_state = sa.select(tenant.c.state, sa.func.count()).group_by(tenant.c.state)
        return Operations(
            unread=unread[0],
            oldest_unread=float(unread[1] or 0),
            due_waiting=await connection.scalar(behind) or 0,
            due_oldest=float(await connection.scalar(_DUE_OLDEST) or 0),
            uncertain=await connection.scalar(uncertain) or 0,
            dead=await _dead(connection),
            letters=await dead.every(connection, limit=SHOWN),
            rounds=await chores.every(connection),
            tenants={row[0]: row[1] for row in await connection.execute(by_state)},
            switches=await connection.scalar(sa.select(sa.func.count()).select_from(switch)) or 0,
            now=unread[2],
        )


async def states(database: Database) -> dict[str, int]:
    """How many deliveries there are in each state. Reads an index over a month of them: not for every second."""
    query = sa.select(delivery.c.state, sa.func.count()).group_by(delivery.c.state)
    async with database.begin() as connection:
        found = {row[0]: row[1] for row in await connection.execute(query)}
    return {state: found.get(state, 0) for state in ("new", "done", "ignored", "dead")}


async def _dead(connection: Any) -> dict[tuple[str, str], int]:
    counted: Counter[tuple[str, str]] = Counter()
    for table, reason, given_up in (
        ("delivery", delivery.c.reason, delivery.c.state == "dead"),
        ("due", due.c.reason, due.c.dead_at.is_not(None)),
    ):
        word = sa.func.split_part(sa.func.coalesce(reason, ""), ":", 1).label("word")
        rows = await connection.execute(sa.select(word, sa.func.count()).where(given_up).group_by(word))
        for name, number in rows:
            counted[(table, name)] += number
    return dict(counted)
