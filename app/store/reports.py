"""What the pages show, read in a few queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.store.database import Database
from app.store.tables import clock, decision, effect, fact, obligation

STATES = {
    "DONE": "done",
    "DRAFT": "draft",
    "PAUSED": "paused",
    "FIX": "author to fix",
    "AUTHOR": "author's turn",
    "UNASSIGNED": "nobody asked yet",
    "REVIEW": "review awaited",
    "REREVIEW": "second look awaited",
    "MERGE": "ready to merge",
    "DECIDE": "decision awaited",
}
"""What each state is called on pages."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change in a list."""

    tenant_id: int
    subject: str
    state: str
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Promise:
    """One obligation: who owes what by when, and how it ended."""

    kind: str
    slot: str
    party: str
    ledger: str
    started: datetime
    due: datetime | None
    used_hours: float
    budget_hours: float
    verdict: str | None

    @property
    def used_percent(self) -> int:
        return min(100, round(100 * self.used_hours / self.budget_hours)) if self.budget_hours else 0


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Everything that Usher knows and did about one change."""

    row: ChangeRow
    promises: tuple[Promise, ...]
    events: tuple[tuple[datetime, str, str], ...]  # (when, what, who)
    effects: tuple[tuple[str, str, str], ...]  # (what, state, detail)
    decision: Mapping[str, Any] | None


async def changes(database: Database, most: int = 200) -> tuple[ChangeRow, ...]:
    """The changes that were looked at last; open ones first."""
    query = (
        sa.select(clock.c.tenant_id, clock.c.subject, clock.c.state, clock.c.projection)
        .order_by(clock.c.state == "DONE", clock.c.updated_at.desc())
        .limit(most)
    )
    async with database.begin() as connection:
        return tuple(_row(row) for row in await connection.execute(query))


async def change(database: Database, tenant_id: int, subject: str) -> ChangePage | None:
    """One change; None where Usher never saw it."""

    def here(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(table.c.tenant_id == tenant_id, table.c.subject == subject)

    async with database.begin() as connection:
        row = (await connection.execute(sa.select(clock).where(here(clock)))).one_or_none()
        if row is None:
            return None
        owed = await connection.execute(
            sa.select(obligation).where(here(obligation)).order_by(obligation.c.t0)
        )
        happened = await connection.execute(
            sa.select(fact.c.forge_time, fact.c.payload, fact.c.actor)
            .where(here(fact))
            .order_by(fact.c.forge_time, fact.c.rank)
        )
        did = await connection.execute(
            sa.select(effect.c.kind, effect.c.state, effect.c.error).where(here(effect)).order_by(effect.c.id)
        )
        last = await connection.execute(
            sa.select(decision.c.record).where(here(decision)).order_by(decision.c.id.desc()).limit(1)
        )
        record = last.scalar_one_or_none()
        return ChangePage(
            row=_row(row),
            promises=tuple(_promise(each) for each in owed),
            events=tuple((each.forge_time, *_told(each.payload, each.actor)) for each in happened),
            effects=tuple((_EFFECTS.get(each.kind, each.kind), each.state, each.error or "") for each in did),
            decision=record,
        )


_EFFECTS = {"ask": "asked for review", "say": "comment", "sticky": "standing comment", "check": "check"}


def _row(row: Any) -> ChangeRow:
    return ChangeRow(row.tenant_id, row.subject, STATES.get(row.state, row.state.lower()), row.projection)


def _promise(row: Any) -> Promise:
    return Promise(
        kind=row.kind.replace("_", " "),
        slot=row.slot,
        party=row.party,
        ledger=row.ledger,
        started=row.t0,
        due=row.due_at,
        used_hours=row.accrued_s / 3600,
        budget_hours=row.budget_s / 3600,
        verdict=row.verdict,
    )


def _told(payload: Mapping[str, Any], actor: str) -> tuple[str, str]:
    """An event in words, and who did it."""
    match payload["kind"]:
        case "ChangeOpened":
            return ("opened as draft" if payload.get("draft") else "opened"), actor
        case "ChangePushed":
            return f"pushed {payload['after_sha'][:8]}", actor
        case "SlotsChosen":
            names = ", ".join(name for name, _, _ in payload["slots"])
            return f"areas: {names or 'none'}", "Usher"
        case "ReviewAsked":
            return f"asked {payload.get('who') or payload.get('team')}", "Usher" if payload.get(
                "by_usher"
            ) else actor
        case "ReviewUnasked":
            return f"took back the request to {payload.get('who') or payload.get('team')}", actor
        case "Reviewed":
            return str(payload["state"]).replace("_", " "), actor
        case "RemarkMade":
            return "commented", actor
        case kind:
            spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind)
            return spaced.strip().removeprefix("change "), actor
