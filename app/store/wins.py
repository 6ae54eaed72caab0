"""What a month of sharing won, counted from what is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import entry, finding, outcome, requirement
from app.store.viewers import Visitor, readable
from policies.insights.measures import GUESTS
from policies.insights.wins import Gained, Merge, Month

LATEST = 50
"""Merges that are read one by one; the others are counted."""

Sees = Callable[[sa.ColumnElement[Any], sa.ColumnElement[Any]], sa.ColumnElement[bool]]
"""(tenant, repository) → whether rows of that repository may be told of."""


def as_visitor(visitor: Visitor) -> Sees:
    """What the visitor may read on the forge."""
    return partial(readable, visitor)


def as_reader_of(tenant_id: int, repository_id: int) -> Sees:
    """What everybody may know who reads this repository: itself, and what its organisation hides from nobody.

    Where this one is open to everybody inside, so may be what is told: its readers are inside, too.
    """
    this = entry.alias("this")
    inside = sa.exists().where(
        this.c.tenant_id == tenant_id,
        this.c.repository_id == repository_id,
        this.c.details["internal"].as_boolean(),
    )

    def sees(tenant: sa.ColumnElement[Any], repository: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        here = entry.alias("seen")
        is_open = sa.exists().where(
            here.c.tenant_id == tenant,
            here.c.repository_id == repository,
            sa.or_(
                sa.not_(here.c.details["private"].as_boolean()),
                sa.and_(here.c.details["internal"].as_boolean(), inside),
            ),
        )
        return sa.and_(tenant == tenant_id, sa.or_(repository == repository_id, is_open))

    return sees


def span(year: int, month: int) -> tuple[datetime, datetime]:
    """From when until when a month lasts, in UTC."""
    begin = datetime(year, month, 1, tzinfo=UTC)
    return begin, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


async def won(connection: AsyncConnection, sees: Sees, year: int, month: int) -> Month:
    """Everything that was won in the month, of what may be told."""
    begin, end = span(year, month)
    merged = sa.and_(
        sees(outcome.c.tenant_id, outcome.c.repository_id),
        outcome.c.origin.in_(GUESTS),
        outcome.c.merged_at >= begin,
        outcome.c.merged_at < end,
    )
    counts = (await connection.execute(_counts(sees, begin, end))).one()
    return Month(
        year,
        month,
        places=await _places(connection, merged),
        merges=await _latest(connection, merged),
        new_guests=await _new_guests(connection, merged, begin),
        gained=await _gained(connection, sees, begin, end),
        promises_kept=int(counts.kept),
        cleared=int(counts.cleared),
    )


def _counts(sees: Sees, begin: datetime, end: datetime) -> sa.Select[Any]:
    promises = sa.select(sa.func.coalesce(sa.func.sum(outcome.c.kept), 0)).where(
        sees(outcome.c.tenant_id, outcome.c.repository_id),
        outcome.c.opened_at >= begin,
        outcome.c.opened_at < end,
    )
    cleared = sa.select(sa.func.count()).where(
        sees(finding.c.tenant_id, finding.c.repository_id),
        finding.c.cleared_at >= begin,
        finding.c.cleared_at < end,
    )
    return sa.select(promises.scalar_subquery().label("kept"), cleared.scalar_subquery().label("cleared"))


async def _places(connection: AsyncConnection, merged: sa.ColumnElement[bool]) -> tuple[tuple[str, int], ...]:
    number = sa.func.count()
    query = (
        sa.select(outcome.c.repository, number)
        .where(merged)
        .group_by(outcome.c.repository)
        .order_by(number.desc(), outcome.c.repository)
    )
    return tuple((row[0], row[1]) for row in await connection.execute(query))


async def _latest(connection: AsyncConnection, merged: sa.ColumnElement[bool]) -> tuple[Merge, ...]:
    latest = sa.select(outcome).where(merged).order_by(outcome.c.merged_at.desc()).limit(LATEST).subquery()
    kind = sa.case((entry.c.forge == "gitlab", "/-/merge_requests/"), else_="/pull/")
    address = entry.c.details["url"].astext + kind + sa.cast(latest.c.number, sa.Text)
    query = (
        sa.select(latest, address.label("page"))
        .outerjoin(
            entry,
            sa.and_(entry.c.tenant_id == latest.c.tenant_id, entry.c.repository_id == latest.c.repository_id),
        )
        .order_by(latest.c.merged_at.desc())
    )
    return tuple(
        Merge(
            row.repository,
            row.number,
            row.title,
            row.page or "",
            tuple(row.teams),
            tuple(row.owners),
            row.merged_at,
        )
        for row in await connection.execute(query)
    )


async def _new_guests(
    connection: AsyncConnection, merged: sa.ColumnElement[bool], begin: datetime
) -> tuple[str, ...]:
    """Whose first merge as a guest in the organisation was in the month."""
    earlier = outcome.alias("earlier")
    came_before = sa.exists().where(
        earlier.c.tenant_id == outcome.c.tenant_id,
        sa.func.lower(earlier.c.author) == sa.func.lower(outcome.c.author),
        earlier.c.origin.in_(GUESTS),
        earlier.c.merged_at < begin,
    )
    name = sa.func.min(outcome.c.author)
    query = (
        sa.select(name)
        .where(merged, sa.not_(came_before))
        .group_by(sa.func.lower(outcome.c.author))
        .order_by(name)
    )
    return tuple((await connection.execute(query)).scalars())


async def _gained(
    connection: AsyncConnection, sees: Sees, begin: datetime, end: datetime
) -> tuple[Gained, ...]:
    """Repositories that began to require what one other team alone provides."""
    consumer, provider, also = entry.alias("consumer"), entry.alias("provider"), entry.alias("also")
    package = sa.func.array_append(sa.cast([], sa.ARRAY(sa.Text)), requirement.c.package)
    others = sa.exists().where(
        also.c.tenant_id == provider.c.tenant_id,
        also.c.repository_id != provider.c.repository_id,
        also.c.packages.op("&&")(package),
    )
    query = (
        sa.select(consumer.c.name, provider.c.name, requirement.c.package)
        .join(
            consumer,
            sa.and_(
                consumer.c.tenant_id == requirement.c.tenant_id,
                consumer.c.repository_id == requirement.c.repository_id,
            ),
        )
        .join(
            provider,
            sa.and_(provider.c.tenant_id == requirement.c.tenant_id, provider.c.packages.op("&&")(package)),
        )
        .where(
            requirement.c.since >= begin,
            requirement.c.since < end,
            provider.c.owner.is_distinct_from(consumer.c.owner),
            sees(requirement.c.tenant_id, requirement.c.repository_id),
            sees(provider.c.tenant_id, provider.c.repository_id),
            sa.not_(others),
        )
        .order_by(requirement.c.since, consumer.c.name)
        .limit(200)
    )
    return tuple(Gained(*row) for row in await connection.execute(query))
