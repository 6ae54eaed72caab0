"""The links of guidelines to other sites: whose they are, and what came of asking.

A page is given up once it failed to answer twice, at least a day apart; an answer forgets all failures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import due
from app.store.database import Database
from app.store.tables import link
from policies.facts import Subject

DAY = timedelta(days=1)
MOST_AT_A_TIME = 50
MOST_OF_A_REPOSITORY = 200

_BROKEN = sa.and_(link.c.failing_since.is_not(None), link.c.asked_at >= link.c.failing_since + DAY)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link of a repository that is to be asked about; whether it was given up before."""

    tenant_id: int
    repository_id: int
    address: str
    broken: bool


Outcome = Literal["there", "failed", "unknown", "unasked"]
"""Of asking about a link. `unknown`: nobody could be asked about anything, so a failure counts for nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking, and why the page did not answer or was not asked about."""

    reason: str
    outcome: Outcome


async def want(
    connection: AsyncConnection, tenant_id: int, repository_id: int, addresses: Iterable[str]
) -> None:
    """These are the links of a repository now; of others nothing is known any more."""
    here = (link.c.tenant_id == tenant_id, link.c.repository_id == repository_id)
    wanted = sorted(addresses)[:MOST_OF_A_REPOSITORY]
    await connection.execute(sa.delete(link).where(*here, link.c.address.not_in(wanted)))
    if wanted:
        rows = [{"tenant_id": tenant_id, "repository_id": repository_id, "address": each} for each in wanted]
        await connection.execute(insert(link).values(rows).on_conflict_do_nothing())


async def broken(connection: AsyncConnection, tenant_id: int, repository_id: int) -> frozenset[str]:
    """The links of a repository that failed to answer twice, a day apart."""
    here = (link.c.tenant_id == tenant_id, link.c.repository_id == repository_id)
    return frozenset((await connection.execute(sa.select(link.c.address).where(*here, _BROKEN))).scalars())


async def waiting(database: Database, now: datetime) -> list[Wanted]:
    """The links, of all tenants, that nobody asked about for a day; those that waited longest first."""
    query = (
        sa.select(link.c.tenant_id, link.c.repository_id, link.c.address, _BROKEN.label("broken"))
        .where(sa.or_(link.c.asked_at.is_(None), link.c.asked_at <= now - DAY))
        .order_by(link.c.asked_at.nulls_first(), link.c.address)
        .limit(MOST_AT_A_TIME)
    )
    async with database.begin() as connection:
        rows = await connection.execute(query)
        return [Wanted(row.tenant_id, row.repository_id, row.address, bool(row.broken)) for row in rows]


async def heard_lately(database: Database, now: datetime) -> bool:
    """Whether any site answered within a day, if only that the page is gone."""
    answered = sa.or_(link.c.reason.is_(None), link.c.reason.startswith("status "))
    query = sa.select(sa.exists().where(link.c.asked_at > now - DAY, answered))
    async with database.begin() as connection:
        return bool(await connection.scalar(query))


async def note(
    database: Database,
    wanted: Sequence[Wanted],
    found: Mapping[str, Found],
    now: datetime,
    gather: timedelta,
) -> None:
    """What came of asking about each link.

    A repository is looked at again where one of its links was given up, or came back.
    """
    since: dict[Outcome, Any] = {
        "there": None,
        "unasked": None,
        "failed": sa.func.coalesce(link.c.failing_since, now),
        "unknown": sa.case((_BROKEN, link.c.failing_since)),
    }
    async with database.begin() as connection:
        for each in wanted:
            came = found[each.address]
            update = (
                sa.update(link)
                .where(
                    link.c.tenant_id == each.tenant_id,
                    link.c.repository_id == each.repository_id,
                    link.c.address == each.address,
                )
                .values(asked_at=now, failing_since=since[came.outcome], reason=came.reason or None)
                .returning(_BROKEN)
            )
            is_broken = await connection.scalar(update)
            if is_broken is not None and is_broken != each.broken:
                subject = str(Subject("repository", each.repository_id))
                await due.touch(connection, each.tenant_id, subject, gather)
