"""Work that was given up and waits for a person: deliveries that could not be read, subjects that never settled.

Replaying is safe: an effect that happened is known by its key and does not happen again. Everything that is
done here leaves a row in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import audit, inbox
from app.store.tables import delivery, delivery_body, due, tenant

Table = Literal["delivery", "due"]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`id` is the delivery's number, or `<tenant>:<subject>`. `what` is the event, or the subject."""

    table: Table
    id: str
    what: str
    reason: str
    attempts: int
    since: datetime
    account: str | None
    error: str | None = None

    @property
    def tenant_id(self) -> int | None:
        return int(self.id.partition(":")[0]) if self.table == "due" else None


async def every(
    connection: AsyncConnection, *, tenant_ids: list[int] | None = None, limit: int = 1000
) -> list[DeadLetter]:
    """All dead letters, the newest first. `tenant_ids`: of these alone; None: of all, and those of nobody."""
    found = [
        *await _deliveries(connection, delivery.c.state == "dead", tenant_ids, limit),
        *await _subjects(connection, due.c.dead_at.is_not(None), tenant_ids, limit),
    ]
    return sorted(found, key=lambda each: each.since, reverse=True)[:limit]


async def find(connection: AsyncConnection, letter_id: str) -> DeadLetter | None:
    """The dead letter of this id; None where there is none, or it is not dead any more."""
    tenant_id, colon, subject = letter_id.partition(":")
    if not (tenant_id.isascii() and tenant_id.isdigit() and len(tenant_id) < 19):
        return None
    if colon:
        where = sa.and_(
            due.c.tenant_id == int(tenant_id), due.c.subject == subject, due.c.dead_at.is_not(None)
        )
        found = await _subjects(connection, where, None, 1)
    else:
        where = sa.and_(delivery.c.id == int(tenant_id), delivery.c.state == "dead")
        found = await _deliveries(connection, where, None, 1)
    return found[0] if found else None


async def body(connection: AsyncConnection, letter: DeadLetter) -> bytes | None:
    """What a dead delivery says, as it came; None of a subject, or once the body was thrown away."""
    if letter.table == "due":
        return None
    row = (
        await connection.execute(
            sa.select(delivery_body.c.codec, delivery_body.c.data).where(
                delivery_body.c.delivery == int(letter.id)
            )
        )
    ).one_or_none()
    return None if row is None else inbox.unpack(row.codec, row.data)


async def replay(connection: AsyncConnection, letter: DeadLetter, actor: str) -> bool:
    """Try again from the first attempt; False where somebody else was faster."""
    if letter.table == "delivery":
        revived = (
            sa.update(delivery)
            .where(delivery.c.id == int(letter.id), delivery.c.state == "dead")
            .values(
                state="new",
                via="replay",
                attempts=0,
                next_at=sa.func.now(),
                reason=None,
                error=None,
                done_at=None,
            )
        )
    else:
        revived = _dead_subject(letter).values(
            generation=due.c.generation + 1,
            waiting_since=sa.func.now(),
            not_before=sa.func.now(),
            attempts=0,
            dead_at=None,
            reason=None,
        )
    return await _do(connection, revived, letter, actor, "replay", "new")


async def drop(connection: AsyncConnection, letter: DeadLetter, actor: str) -> bool:
    """Give it up for good, until a new event comes; False where somebody else was faster."""
    if letter.table == "delivery":
        dropped = (
            sa.update(delivery)
            .where(delivery.c.id == int(letter.id), delivery.c.state == "dead")
            .values(state="ignored", reason=f"dropped by {actor}"[:2000], done_at=sa.func.now())
        )
    else:
        dropped = _dead_subject(letter).values(
            settled_generation=due.c.generation, due_at=None, waiting_since=None, attempts=0, dead_at=None
        )
    return await _do(connection, dropped, letter, actor, "drop", "dropped")


def _dead_subject(letter: DeadLetter) -> sa.Update:
    subject = letter.id.partition(":")[2]
    return sa.update(due).where(
        due.c.tenant_id == letter.tenant_id, due.c.subject == subject, due.c.dead_at.is_not(None)
    )


async def _do(
    connection: AsyncConnection, change: sa.Update, letter: DeadLetter, actor: str, action: str, after: str
) -> bool:
    if not (await connection.execute(change)).rowcount:
        return False
    await audit.note(
        connection,
        actor=actor,
        action=action,
        object=f"{letter.table} {letter.id}",
        before={"state": "dead", "reason": letter.reason, "attempts": letter.attempts},
        after={"state": after},
        tenant_id=letter.tenant_id,
    )
    return True


async def _deliveries(
    connection: AsyncConnection, where: sa.ColumnElement[bool], tenant_ids: list[int] | None, limit: int
) -> list[DeadLetter]:
    query = (
        sa.select(
            delivery.c.id,
            delivery.c.event,
            delivery.c.reason,
            delivery.c.attempts,
            delivery.c.done_at,
            delivery.c.error,
            tenant.c.account,
        )
        .outerjoin(tenant, tenant.c.id == delivery.c.tenant_id)
        .where(where)
        .order_by(delivery.c.done_at.desc())
        .limit(limit)
    )
    if tenant_ids is not None:
        query = query.where(delivery.c.tenant_id.in_(tenant_ids))
    return [
        DeadLetter(
            "delivery",
            str(row.id),
            row.event,
            row.reason or "",
            row.attempts,
            row.done_at,
            row.account,
            row.error,
        )
        for row in await connection.execute(query)
    ]


async def _subjects(
    connection: AsyncConnection, where: sa.ColumnElement[bool], tenant_ids: list[int] | None, limit: int
) -> list[DeadLetter]:
    query: sa.Select[Any] = (
        sa.select(
            due.c.tenant_id, due.c.subject, due.c.reason, due.c.attempts, due.c.dead_at, tenant.c.account
        )
        .join(tenant, tenant.c.id == due.c.tenant_id)
        .where(where)
        .order_by(due.c.dead_at.desc())
        .limit(limit)
    )
    if tenant_ids is not None:
        query = query.where(due.c.tenant_id.in_(tenant_ids))
    return [
        DeadLetter(
            "due",
            f"{row.tenant_id}:{row.subject}",
            row.subject,
            row.reason or "",
            row.attempts,
            row.dead_at,
            row.account,
        )
        for row in await connection.execute(query)
    ]
