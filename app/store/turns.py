"""One person's queue over every forge: what they owe, what comes back to them, what they wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.change_pages import STATES, repository_of, shown_of
from app.store.tables import clock, effect, obligation, reach
from app.store.viewers import Visitor, readable

MOST = 100

TOLD_FOR = timedelta(days=7)
"""So long a line of the digest is shown; what still waits is among the answers anyway."""


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that the visitor owes."""

    tenant_id: int
    subject: str
    kind: str
    slot: str
    since: datetime
    due: datetime | None
    used_percent: int
    shown: Mapping[str, Any]

    def is_late(self, now: datetime) -> bool:
        return self.due is not None and self.due < now


@dataclass(frozen=True, slots=True)
class Own:
    """A change of the visitor's own, whose turn it is, and since when."""

    tenant_id: int
    subject: str
    state: str
    is_theirs: bool
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the visitor's digests."""

    tenant_id: int
    subject: str
    said: str
    at: datetime
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Queue:
    """What to answer, first due first; own changes that wait for their author, and those that wait for others.

    `told` are the lines of the last week's digests, the newest first.
    """

    owed: tuple[Owed, ...]
    to_move: tuple[Own, ...]
    waiting: tuple[Own, ...]
    told: tuple[Told, ...]


_AUTHORS = ("AUTHOR", "FIX", "DRAFT")


async def queue(connection: AsyncConnection, visitor: Visitor, now: datetime) -> Queue:
    """The visitor's queue at `now` (clock of promises), of what they may read."""
    names = [each for viewer in visitor.viewers for each in {viewer.login, viewer.login.lower()}]
    may = readable(visitor, clock.c.tenant_id, repository_of(clock.c.subject))
    owed = await connection.execute(
        sa.select(obligation, clock.c.projection)
        .join(
            clock,
            sa.and_(clock.c.tenant_id == obligation.c.tenant_id, clock.c.subject == obligation.c.subject),
        )
        .where(
            obligation.c.party.in_(names),
            obligation.c.ledger == "person",
            obligation.c.owed,
            clock.c.state.in_(("REVIEW", "REREVIEW", "DECIDE", "UNASSIGNED", "TRIAGE", "RESPOND")),
            may,
        )
        .order_by(obligation.c.due_at.nulls_last(), obligation.c.t0)
        .limit(MOST)
    )
    mine = await connection.execute(
        sa.select(clock.c.tenant_id, clock.c.subject, clock.c.state, clock.c.turn, clock.c.projection)
        .where(clock.c.state != "DONE", clock.c.projection["author"].astext.in_(names), may)
        .order_by(clock.c.updated_at.desc())
        .limit(MOST)
    )
    own = [_own(row, names) for row in mine]
    seen: dict[tuple[int, str], Owed] = {}
    for row in owed:
        seen.setdefault((row.tenant_id, row.subject), _owed(row))
    return Queue(
        tuple(seen.values()),
        tuple(each for each in own if each.is_theirs),
        tuple(each for each in own if not each.is_theirs),
        await _told(connection, visitor, now - TOLD_FOR),
    )


async def _told(connection: AsyncConnection, visitor: Visitor, since: datetime) -> tuple[Told, ...]:
    theirs = sa.select(reach.c.tenant_id).where(reach.c.viewer_id.in_(visitor.ids))
    query = (
        sa.select(effect.c.tenant_id, effect.c.subject, effect.c.at, effect.c.payload, clock.c.projection)
        .join(clock, sa.and_(clock.c.tenant_id == effect.c.tenant_id, clock.c.subject == effect.c.subject))
        .where(
            effect.c.tenant_id.in_(theirs),
            effect.c.recipient.in_(visitor.logins),
            effect.c.at >= since,
            effect.c.kind == "digest",
            effect.c.state == "done",
            readable(visitor, clock.c.tenant_id, repository_of(clock.c.subject)),
        )
        .order_by(effect.c.at.desc(), effect.c.id.desc())
        .limit(MOST)
    )
    return tuple(
        Told(row.tenant_id, row.subject, row.payload["said"], row.at, shown_of(row.projection))
        for row in await connection.execute(query)
    )


def _owed(row: Any) -> Owed:
    return Owed(
        row.tenant_id,
        row.subject,
        row.kind.replace("_", " "),
        row.slot,
        row.t0,
        row.due_at,
        min(100, round(100 * row.accrued_s / row.budget_s)) if row.budget_s else 0,
        shown_of(row.projection),
    )


def _own(row: Any, names: list[str]) -> Own:
    theirs = row.state in _AUTHORS or bool(set(row.projection["turn"]) & set(names))
    return Own(
        row.tenant_id, row.subject, STATES.get(row.state, row.state.lower()), theirs, shown_of(row.projection)
    )
