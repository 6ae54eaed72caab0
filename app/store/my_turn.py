"""What waits for one person, on all subjects of a tenant: their page shows it, and their digest quotes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.change_pages import reference
from app.store.database import Database
from app.store.tables import clock, effect, obligation
from policies.facts import same
from policies.words.digest import Line

KEPT_FOR = timedelta(days=7)
"""So long a line of the digest is shown; what still waits is among the answers anyway."""


@dataclass(frozen=True, slots=True)
class OwedAnswer:
    """An answer that somebody owes. `due` is None while its time rests."""

    subject: str
    name: str
    title: str
    url: str
    kind: str
    since: datetime
    due: datetime | None
    used_percent: int


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A change of theirs in which it is their turn, and why."""

    subject: str
    name: str
    title: str
    url: str
    because: str


@dataclass(frozen=True, slots=True)
class MyTurn:
    """Everything that waits for a person: what is due first comes first; the newest line of the digest does."""

    answers: tuple[OwedAnswer, ...]
    own: tuple[OwnChange, ...]
    digest: tuple[Line, ...]


async def my_turn(database: Database, tenant_id: int, login: str, now: datetime) -> MyTurn:
    """What waits for this person at `now` (clock of promises), in one tenant."""
    async with database.begin() as connection:
        return MyTurn(
            await _answers(connection, tenant_id, login),
            await _own(connection, tenant_id, login),
            await _digest(connection, tenant_id, login, now - KEPT_FOR),
        )


async def _answers(connection: AsyncConnection, tenant_id: int, login: str) -> tuple[OwedAnswer, ...]:
    query = (
        sa.select(obligation, clock.c.projection)
        .join(clock, _same_subject(obligation))
        .where(
            obligation.c.tenant_id == tenant_id,
            sa.func.lower(obligation.c.party) == same(login),
            obligation.c.owed,
            obligation.c.ledger == "person",
            clock.c.state != "DONE",
        )
        .order_by(obligation.c.due_at.asc().nulls_last(), obligation.c.t0)
    )
    return tuple(
        OwedAnswer(
            row.subject,
            *_named(row.projection),
            kind=row.kind.replace("_", " "),
            since=row.t0,
            due=row.due_at,
            used_percent=round(100 * row.accrued_s / row.budget_s) if row.budget_s else 0,
        )
        for row in await connection.execute(query)
    )


async def _own(connection: AsyncConnection, tenant_id: int, login: str) -> tuple[OwnChange, ...]:
    query = (
        sa.select(clock.c.subject, clock.c.projection)
        .where(
            clock.c.tenant_id == tenant_id,
            clock.c.state.in_(("AUTHOR", "FIX", "MERGE")),
            sa.func.lower(clock.c.turn) == same(login),
        )
        .order_by(clock.c.updated_at)
    )
    return tuple(
        OwnChange(row.subject, *_named(row.projection), because=row.projection.get("because", ""))
        for row in await connection.execute(query)
    )


async def _digest(
    connection: AsyncConnection, tenant_id: int, login: str, since: datetime
) -> tuple[Line, ...]:
    query = (
        sa.select(effect.c.payload, clock.c.projection)
        .join(clock, _same_subject(effect))
        .where(
            effect.c.tenant_id == tenant_id,
            effect.c.recipient == same(login),
            effect.c.at >= since,
            effect.c.kind == "digest",
            effect.c.state == "done",
        )
        .order_by(effect.c.id.desc())
    )
    return tuple(_line(row) for row in await connection.execute(query))


# --- What is still to be sent --------------------------------------------------------------------------


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
        .join(clock, _same_subject(effect))
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


def _same_subject(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant_id == clock.c.tenant_id, table.c.subject == clock.c.subject)


def _named(projection: Mapping[str, Any]) -> tuple[str, str, str]:
    return reference(projection), projection.get("title", ""), projection.get("url", "")


def _line(row: Any) -> Line:
    return Line(*_named(row.projection), said=row.payload["said"])
