"""One person's queue over every forge: what they owe, what comes back to them, what they wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.change_pages import STATES, repository_of, shown_of
from app.store.tables import clock, obligation
from app.store.viewers import Visitor, readable

MOST = 100


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
class Queue:
    """What to answer, first due first; own changes that wait for their author, and those that wait for others."""

    owed: tuple[Owed, ...]
    to_move: tuple[Own, ...]
    waiting: tuple[Own, ...]


_AUTHORS = ("AUTHOR", "FIX", "DRAFT")


async def queue(connection: AsyncConnection, visitor: Visitor) -> Queue:
    """The visitor's queue, of what they may read."""
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
