"""Compares three ledgers: what the forge sent, what the inbox has, and what was written on the forge."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.forges.sandbox import Sandbox
from app.forges.sandbox.world import Change
from app.store.database import Database
from app.store.tables import delivery, due, effect

_MARKER = re.compile(r"<!-- usher:1:([a-z2-7]+) -->")


@dataclass
class Judgement:
    """What was found. Nothing may stand in `wrong`."""

    sent: int = 0
    acknowledged: int = 0
    recovered: int = 0
    done: int = 0
    ignored: int = 0
    effects: int = 0
    lost: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    unserved: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return [*self.lost, *self.dead, *self.duplicated, *self.unfinished, *self.unserved]


async def judge(forge: Sandbox, database: Database, changes: list[Change]) -> Judgement:
    """Look at everything once all is calm and nothing waits any more."""
    found = Judgement()
    guids = {each.guid for each in forge.deliveries}
    acknowledged = {each.guid for each in forge.deliveries if 200 <= each.status_code < 300}
    found.sent, found.acknowledged = len(guids), len(acknowledged)
    async with database.begin() as connection:
        rows = (
            await connection.execute(sa.select(delivery.c.delivery_id, delivery.c.state, delivery.c.reason))
        ).all()
        effects = (await connection.execute(sa.select(effect.c.key, effect.c.state))).all()
        behind = (
            await connection.execute(
                sa.select(due.c.subject, due.c.reason, due.c.dead_at).where(
                    sa.or_(due.c.generation > due.c.settled_generation, due.c.dead_at.is_not(None))
                )
            )
        ).all()
    known = {row.delivery_id for row in rows}
    found.recovered = len(known - acknowledged)
    found.lost = [f"{guid} never reached the inbox" for guid in sorted(guids - known)]
    found.done = sum(row.state == "done" for row in rows)
    found.ignored = sum(row.state == "ignored" for row in rows)
    found.dead = [f"{row.delivery_id}: {row.reason}" for row in rows if row.state == "dead"]
    found.unfinished = [f"{row.delivery_id} was not read" for row in rows if row.state == "new"]
    found.unfinished += [f"{row.subject} waits: {row.reason}" for row in behind]
    found.unfinished += [
        f"{row.key} is {row.state}" for row in effects if row.state not in ("done", "skipped")
    ]
    found.effects = sum(row.state == "done" for row in effects)
    for change in changes:
        found.duplicated += _twice(change)
        found.unserved += _unserved(change)
    return found


def _twice(change: Change) -> list[str]:
    """Comments with one signature, which stand for one effect, and requests made while they stood already."""
    name = f"{change.repository.full_name}#{change.number}"
    signatures = Counter(
        signature
        for remark in change.remarks
        if remark.author == "usher[bot]"
        for signature in _MARKER.findall(remark.body)
    )
    wrong = [f"{name}: {count} comments for one effect" for count in signatures.values() if count > 1]
    standing: set[str] = set()
    for event in change.history:
        who = getattr(event.more.get("reviewer"), "login", event.by.login)
        if event.kind == "review_requested":
            if who in standing:
                wrong.append(f"{name}: {who} was asked while they were asked already")
            standing.add(who)
        elif event.kind in ("review_request_removed", "reviewed"):
            standing.discard(who)
    return wrong


def _unserved(change: Change) -> list[str]:
    """Whoever waits for an answer has people who were asked, and one standing comment that says so."""
    name = f"{change.repository.full_name}#{change.number}"
    if change.state != "open" or change.draft:
        return []
    wrong = []
    if not change.asked and not change.reviews:
        wrong.append(f"{name}: nobody was asked")
    if not any(remark.author == "usher[bot]" for remark in change.remarks):
        wrong.append(f"{name}: Usher said nothing")
    return wrong


async def is_calm(database: Database) -> bool:
    """Nothing unread, nothing behind, nothing uncertain."""
    queries = [
        sa.select(sa.func.count()).select_from(delivery).where(delivery.c.state == "new"),
        sa.select(sa.func.count())
        .select_from(due)
        .where(due.c.generation > due.c.settled_generation, due.c.dead_at.is_(None)),
        sa.select(sa.func.count())
        .select_from(effect)
        .where(effect.c.state.in_(["planned", "sending", "uncertain"])),
    ]
    async with database.begin() as connection:
        for query in queries:
            if await connection.scalar(query):
                return False
    return True
