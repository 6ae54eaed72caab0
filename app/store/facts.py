"""What happened, kept for good: rows are added and never changed."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import fact
from policies.facts import Fact, from_record, in_order, to_record


async def add(
    connection: AsyncConnection, tenant_id: int, subject: str, facts: Iterable[Fact], *, source: str
) -> int:
    """Add facts to a subject's log; those it already holds are left as they are. Returns how many were new."""
    rows = [
        {
            "tenant_id": tenant_id,
            "subject": subject,
            "natural_key": each.key,
            "rank": int(each.rank),
            "forge_time": each.at,
            "known_from": each.after,
            "actor": each.by,
            "actor_is_bot": each.by_bot,
            "source": source,
            "payload": to_record(each),
        }
        for each in facts
    ]
    if not rows:
        return 0
    result = await connection.execute(insert(fact).values(rows).on_conflict_do_nothing().returning(fact.c.id))
    return len(result.fetchall())


async def read(connection: AsyncConnection, tenant_id: int, subject: str) -> tuple[Fact, ...]:
    """A subject's log, in the order in which it happened."""
    query = sa.select(
        fact.c.forge_time, fact.c.known_from, fact.c.actor, fact.c.actor_is_bot, fact.c.payload
    ).where(fact.c.tenant_id == tenant_id, fact.c.subject == subject)
    return in_order(
        [
            from_record(
                row.payload, at=row.forge_time, by=row.actor, by_bot=row.actor_is_bot, after=row.known_from
            )
            for row in await connection.execute(query)
        ]
    )
