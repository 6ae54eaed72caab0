"""How Usher itself is doing: what waits, since when, what was given up, and how the last rounds went.

For the Operations page, `/healthz` and the gauges. Everything is of all tenants, so only operators may see it.
"""

from __future__ import annotations

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
    behind = (due.c.generation > due.c.settled_generation, due.c.dead_at.is_(None))
    waiting = delivery.c.state == "new"
    seconds = sa.func.extract("epoch", sa.func.now() - sa.func.min(delivery.c.received_at))
    late = (
        sa.select(sa.func.extract("epoch", sa.func.now() - sa.func.min(due.c.not_before)))
        .join(tenant, sa.and_(tenant.c.id == due.c.tenant_id, tenant.c.state == "active"))
        .where(*behind, due.c.not_before <= sa.func.now())
    )
    one_row = {
        "unread": sa.select(sa.func.count()).where(waiting),
        "oldest_unread": sa.select(seconds).where(waiting),
        "due_waiting": sa.select(sa.func.count()).where(*behind),
        "due_oldest": late,
        "uncertain": sa.select(sa.func.count()).where(effect.c.state == "uncertain"),
        "switches": sa.select(sa.func.count()).select_from(switch),
        "tenants": _tenants(),
        "dead": _dead(),
    }
    columns = [query.scalar_subquery().label(name) for name, query in one_row.items()]
    async with database.begin() as connection:
        row = (await connection.execute(sa.select(*columns, sa.func.now().label("now")))).one()
        return Operations(
            unread=row.unread,
            oldest_unread=float(row.oldest_unread or 0),
            due_waiting=row.due_waiting,
            due_oldest=float(row.due_oldest or 0),
            uncertain=row.uncertain,
            dead={(of, word): number for of, word, number in row.dead or ()},
            letters=await dead.every(connection, limit=SHOWN),
            rounds=await chores.every(connection),
            tenants=row.tenants or {},
            switches=row.switches,
            now=row.now,
        )


async def states(database: Database) -> dict[str, int]:
    """How many deliveries there are in each state. Reads an index over a month of them: not for every second."""
    query = sa.select(delivery.c.state, sa.func.count()).group_by(delivery.c.state)
    async with database.begin() as connection:
        found = {row[0]: row[1] for row in await connection.execute(query)}
    return {state: found.get(state, 0) for state in ("new", "done", "ignored", "dead")}


def _tenants() -> sa.Select[Any]:
    """One value: how many there are in each state."""
    counted = sa.select(tenant.c.state, sa.func.count().label("number")).group_by(tenant.c.state).subquery()
    return sa.select(sa.func.jsonb_object_agg(counted.c.state, counted.c.number))


def _dead() -> sa.Select[Any]:
    """One value: a list of (table, first word of the reason, how many)."""

    def by_word(
        table: str, reason: sa.ColumnElement[Any], given_up: sa.ColumnElement[bool]
    ) -> sa.Select[Any]:
        word = sa.func.split_part(sa.func.coalesce(reason, ""), ":", 1).label("word")
        number = sa.func.count().label("number")
        return sa.select(sa.literal(table).label("of"), word, number).where(given_up).group_by(word)

    counted = sa.union_all(
        by_word("delivery", delivery.c.reason, delivery.c.state == "dead"),
        by_word("due", due.c.reason, due.c.dead_at.is_not(None)),
    ).subquery()
    row = sa.func.jsonb_build_array(counted.c.of, counted.c.word, counted.c.number)
    return sa.select(sa.func.jsonb_agg(row))
