"""Lines of the digest that are still to be sent, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.change_pages import reference
from app.store.tables import clock, effect
from policies.words.digest import Line


@dataclass(frozen=True, slots=True)
class Unsent:
    """The lines of one person that no message carried yet."""

    tenant_id: int
    person: str
    effects: tuple[int, ...]
    lines: tuple[Line, ...]


async def unsent(
    connection: AsyncConnection, since: datetime, quiet: timedelta, most_attempts: int
) -> tuple[Unsent, ...]:
    """The lines that came since then, by person, of those to whom none came for `quiet`: a morning's come together."""
    waits = sa.and_(
        effect.c.kind == "digest",
        effect.c.state == "done",
        effect.c.sent_at.is_(None),
        effect.c.recipient.is_not(None),
        effect.c.at >= since,
        effect.c.attempts < most_attempts,
    )
    query = (
        sa.select(
            effect.c.id,
            effect.c.tenant_id,
            effect.c.recipient,
            effect.c.payload,
            clock.c.projection,
            (effect.c.done_at > sa.func.now() - quiet).label("fresh"),
        )
        .join(clock, sa.and_(effect.c.tenant_id == clock.c.tenant_id, effect.c.subject == clock.c.subject))
        .where(waits)
        .order_by(effect.c.tenant_id, effect.c.recipient, effect.c.id)
    )
    found: dict[tuple[int, str], list[Any]] = {}
    for row in await connection.execute(query):
        found.setdefault((row.tenant_id, row.recipient), []).append(row)
    return tuple(
        Unsent(tenant_id, person, tuple(row.id for row in rows), tuple(_line(row) for row in rows))
        for (tenant_id, person), rows in found.items()
        if not any(row.fresh for row in rows)
    )


async def mark_sent(connection: AsyncConnection, effects: tuple[int, ...]) -> None:
    """These lines leave now."""
    await connection.execute(
        sa.update(effect)
        .where(effect.c.id.in_(effects))
        .values(sent_at=sa.func.now(), attempts=effect.c.attempts + 1)
    )


async def mark_unsent(connection: AsyncConnection, effects: tuple[int, ...], error: str) -> None:
    """They did not, for certain, and may be tried again."""
    await connection.execute(
        sa.update(effect).where(effect.c.id.in_(effects)).values(sent_at=None, error=error[:2000])
    )


def _line(row: Any) -> Line:
    shown = row.projection
    return Line(reference(shown), shown.get("title", ""), shown.get("url", ""), said=row.payload["said"])
