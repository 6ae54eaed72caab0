"""What is done at intervals, by whichever process comes first: when it is next, and what the last run left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.redaction import redact
from app.store.tables import chore


@dataclass(frozen=True, slots=True)
class Chore:
    """How a chore stands. `note` is what its last run left for the next, and for people to see."""

    name: str
    next_at: datetime
    succeeded_at: datetime | None
    error: str | None
    note: Mapping[str, Any]


_COLUMNS = (chore.c.name, chore.c.next_at, chore.c.succeeded_at, chore.c.error, chore.c.note)


async def take(connection: AsyncConnection, name: str, lease: timedelta) -> Chore | None:
    """Take a chore whose time has come, for as long as `lease`; None where it has not, or somebody has it."""
    now = sa.func.now()
    await connection.execute(insert(chore).values(name=name).on_conflict_do_nothing())
    free = sa.or_(chore.c.leased_until.is_(None), chore.c.leased_until < now)
    row = (
        await connection.execute(
            sa.update(chore)
            .where(chore.c.name == name, chore.c.next_at <= now, free)
            .values(leased_until=now + lease)
            .returning(*_COLUMNS)
        )
    ).one_or_none()
    return None if row is None else Chore(*row)


async def done(connection: AsyncConnection, name: str, again_in: timedelta, note: Mapping[str, Any]) -> None:
    """The chore was done."""
    now = sa.func.now()
    await _end(connection, name, next_at=now + again_in, succeeded_at=now, error=None, note=dict(note))


async def failed(connection: AsyncConnection, name: str, again_in: timedelta, error: str) -> None:
    """The chore could not be done; its note stays as it was."""
    await _end(connection, name, next_at=sa.func.now() + again_in, error=redact(error)[:2000])


async def every(connection: AsyncConnection) -> list[Chore]:
    """All chores that were ever begun."""
    return [Chore(*row) for row in await connection.execute(sa.select(*_COLUMNS).order_by(chore.c.name))]


async def hurry(connection: AsyncConnection, name: str, after: timedelta) -> None:
    """Have a chore done now, unless it succeeded within `after`."""
    now = sa.func.now()
    rested = sa.or_(chore.c.succeeded_at.is_(None), chore.c.succeeded_at < now - after)
    await connection.execute(sa.update(chore).where(chore.c.name == name, rested).values(next_at=now))


async def _end(connection: AsyncConnection, name: str, **values: Any) -> None:
    await connection.execute(sa.update(chore).where(chore.c.name == name).values(leased_until=None, **values))
