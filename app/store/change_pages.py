"""What the pages say of changes, read in a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.store import modes, switches
from app.store.database import Database
from app.store.tables import clock, decision, effect, fact, obligation
from app.store.viewers import Visitor, readable
from handlers.records import DRY_RUN
from policies.facts import Subject, from_record
from policies.telling import worth_telling
from policies.words import history
from policies.words.running import EFFECTS, REACTIONS

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
    "TRIAGE": "to be sorted",
    "RESPOND": "answer awaited",
    "REPORTER": "reporter's turn",
}
"""What each state is called on pages."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change in a list."""

    tenant_id: int
    subject: str
    state: str
    shown: Mapping[str, Any]

    @property
    def repository_id(self) -> int:
        return Subject.parse(self.subject).repository_id


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
    ended: datetime | None = None

    @property
    def used_percent(self) -> int:
        return min(100, round(100 * self.used_hours / self.budget_hours)) if self.budget_hours else 0


@dataclass(frozen=True, slots=True)
class Done:
    """One effect: what it was, how it went, what it said or whom it concerned."""

    what: str
    state: str
    detail: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Everything that Usher knows and did about one change. `chosen` is who was asked, and why.

    It has `picks` and `excluded` as in a record of a choice, over all choices, the latest word on each person.
    """

    row: ChangeRow
    chosen: Mapping[str, Any] | None
    promises: tuple[Promise, ...]
    events: tuple[tuple[datetime, str, str], ...]  # (when, who, what)
    effects: tuple[Done, ...]
    dry_run: bool  # Usher writes nothing here


async def changes(database: Database, visitor: Visitor, most: int = 200) -> tuple[ChangeRow, ...]:
    """The changes that were looked at last, of those that the visitor may read; open ones first."""
    query = (
        sa.select(clock.c.tenant_id, clock.c.subject, clock.c.state, clock.c.projection)
        .where(
            readable(visitor, clock.c.tenant_id, repository_of(clock.c.subject)),
            clock.c.subject.startswith("change:"),
        )
        .order_by(clock.c.state == "DONE", clock.c.updated_at.desc())
        .limit(most)
    )
    async with database.begin() as connection:
        return tuple(row_of(row) for row in await connection.execute(query))


async def change(database: Database, visitor: Visitor, tenant_id: int, subject: str) -> ChangePage | None:
    """One change; None where Usher never saw it, or the visitor may not."""

    def here(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(table.c.tenant_id == tenant_id, table.c.subject == subject)

    async with database.begin() as connection:
        may_read = readable(visitor, clock.c.tenant_id, repository_of(clock.c.subject))
        row = (await connection.execute(sa.select(clock).where(here(clock), may_read))).one_or_none()
        if row is None:
            return None
        owed = await connection.execute(
            sa.select(obligation).where(here(obligation)).order_by(obligation.c.t0)
        )
        happened = await connection.execute(
            sa.select(fact.c.forge_time, fact.c.payload, fact.c.actor, fact.c.actor_is_bot)
            .where(here(fact), sa.not_(fact.c.actor_is_bot) | (fact.c.source == "usher"))
            .order_by(fact.c.forge_time, fact.c.id)
        )
        records = await connection.execute(
            sa.select(decision.c.record).where(here(decision)).order_by(decision.c.id.desc()).limit(20)
        )
        did = await connection.execute(
            sa.select(effect.c.kind, effect.c.state, effect.c.error, effect.c.payload)
            .where(here(effect))
            .order_by(effect.c.id)
        )
        return ChangePage(
            row=row_of(row),
            chosen=_chosen(list(records.scalars())),
            promises=tuple(_promise(each) for each in owed),
            events=_events(happened),
            effects=tuple(_done(each) for each in did),
            dry_run=await modes.of_repository(connection, tenant_id, row_of(row).repository_id) == "preview",
        )


PARTIES = {
    "merger": "whoever may merge",
    "lead": "the lead",
    "nobody": "nobody",
    "owners": "any of the owners",
}
"""What those are called on pages who have no name."""


def repository_of(subject: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    """The repository's number in `change:7:12`."""
    return sa.cast(sa.func.split_part(subject, ":", 2), sa.BigInteger)


def _chosen(records: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Everybody who was picked, and who never was; `records` with the newest first."""
    if not records:
        return None
    picks: dict[str, Mapping[str, Any]] = {}
    excluded: dict[str, Mapping[str, Any]] = {}
    for record in records:
        for each in record.get("picks", ()):
            picks.setdefault(each["person"], each)
        for each in record.get("excluded", ()):
            excluded.setdefault(each["person"], each)
    never = [each for person, each in excluded.items() if person not in picks]
    return {"picks": list(picks.values())[::-1], "excluded": never}


def _done(row: Any) -> Done:
    error, state = row.error or "", row.state
    if state == "skipped" and error == DRY_RUN:
        error, state = "", "dry run"
    elif state == "planned" and error.startswith(switches.HELD):
        error, state = error.removeprefix(switches.HELD), "held back"
    return Done(
        what=EFFECTS.get(row.kind, row.kind),
        state=state,
        detail=error or _concerned(row.payload),
        text=row.payload.get("body", ""),
    )


def _concerned(payload: Mapping[str, Any]) -> str:
    """Whom or what an effect concerned: people and teams, labels, a reaction."""
    labels = [
        *(f"+{each}" for each in payload.get("add", ())),
        *(f"-{each}" for each in payload.get("remove", ())),
    ]
    reaction = REACTIONS.get(payload.get("reaction", ""), "")
    names = (*payload.get("people", ()), *payload.get("teams", ()), *labels, reaction)
    return ", ".join(filter(None, names))


def _events(rows: Iterable[Any]) -> tuple[tuple[datetime, str, str], ...]:
    """When each thing happened, who did it, and what they did."""
    happened = (
        from_record(row.payload, at=row.forge_time, by=row.actor, by_bot=row.actor_is_bot) for row in rows
    )
    return tuple((each.at, history.who(each), history.what(each)) for each in worth_telling(happened))


def reference(shown: Mapping[str, Any]) -> str:
    """How people name a change or an issue: `shop/api#12`, of a merge request `shop/api!12`."""
    return f"{shown.get('repository', '')}{shown.get('sign', '#')}{shown.get('number', '')}"


def shown_of(projection: Mapping[str, Any]) -> dict[str, Any]:
    """What pages show of a change or issue. Issues have no sign of their own, and none had a zone in older versions."""
    return {"zone": "UTC", "sign": "#", **projection}


def row_of(row: Any) -> ChangeRow:
    """A row of `clock`, or of its columns that tell whose and where, the state and the projection."""
    shown = shown_of(row.projection)
    shown["turn"] = [PARTIES.get(party, party) for party in shown["turn"]]
    return ChangeRow(row.tenant_id, row.subject, STATES.get(row.state, row.state.lower()), shown)


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
        ended=row.ended_at or (row.verdict_at if row.verdict != "missed" else None),
    )
