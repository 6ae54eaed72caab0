"""What became of changes: one row for each, by which everything is measured. Derived, never a source."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import outcome
from app.store.viewers import Visitor, readable
from policies.insights.measures import Outcome


async def keep(
    connection: AsyncConnection, tenant_id: int, repository_id: int, title: str, known: Outcome
) -> None:
    """This is what became of the change so far."""
    values = {
        "repository": known.repository,
        "title": title,
        "author": known.author,
        "origin": known.origin,
        "teams": list(known.teams),
        "owners": list(known.owners),
        "opened_at": known.opened_at,
        "ready_at": known.ready_at,
        "waited": known.waited,
        "answered": known.answered,
        "merged_at": known.merged_at,
        "kept": known.kept,
        "missed": known.missed,
        "pending": known.pending,
        "reviewers": list(known.reviewers),
    }
    await connection.execute(
        insert(outcome)
        .values(tenant_id=tenant_id, repository_id=repository_id, number=known.number, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "repository_id", "number"], set_=values)
    )


async def seen(
    connection: AsyncConnection,
    visitor: Visitor,
    since: datetime,
    *,
    repository: tuple[int, int] | None = None,
    team: str | None = None,
) -> list[Outcome]:
    """Every outcome that the visitor may read, of changes opened or merged since then.

    Narrowed to a (tenant, repository), or to those whose files a team owns or whose author is in it.
    """
    recent = (outcome.c.opened_at >= since) | (outcome.c.merged_at >= since)
    query = sa.select(*_COLUMNS).where(recent)
    if repository is not None:
        query = query.where(outcome.c.tenant_id == repository[0], outcome.c.repository_id == repository[1])
    if team is not None:
        named = sa.func.array_position(outcome.c.owners, team).is_not(None)
        query = query.where(named | sa.func.array_position(outcome.c.teams, team).is_not(None))
    query = query.where(readable(visitor, outcome.c.tenant_id, outcome.c.repository_id))
    return [made(row) for row in await connection.execute(query)]


async def of_repository(
    connection: AsyncConnection, tenant_id: int, repository_id: int, since: datetime
) -> list[Outcome]:
    """The outcomes of one repository, of changes opened or merged since then."""
    query = sa.select(*_COLUMNS).where(
        outcome.c.tenant_id == tenant_id,
        outcome.c.repository_id == repository_id,
        (outcome.c.opened_at >= since) | (outcome.c.merged_at >= since),
    )
    return [made(row) for row in await connection.execute(query)]


def made(row: Any) -> Outcome:
    """The outcome in a row of the table."""
    return Outcome(
        repository=row.repository,
        number=row.number,
        author=row.author,
        origin=row.origin,
        teams=tuple(row.teams),
        owners=tuple(row.owners),
        opened_at=row.opened_at,
        ready_at=row.ready_at,
        waited=row.waited,
        answered=row.answered,
        merged_at=row.merged_at,
        kept=row.kept,
        missed=row.missed,
        pending=row.pending,
        reviewers=tuple(row.reviewers),
    )


_COLUMNS = tuple(each for each in outcome.c if each.name not in ("tenant_id", "repository_id", "title"))
