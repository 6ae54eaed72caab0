"""What became of changes: one row for each, by which everything is measured. Derived, never a source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.pseudonyms import all_named, named
from app.store.tables import outcome
from app.store.viewers import Visitor, readable
from policies.insights.measures import GUESTS, Group, Outcome
from policies.insights.survival import Waits


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
    write = insert(outcome).values(
        tenant_id=tenant_id, repository_id=repository_id, number=known.number, **values
    )
    new, old = write.excluded, outcome.c
    # Whoever was forgotten stays so while the change goes on.
    unforgotten = {
        "author": sa.case((named(old.author), new.author), else_=old.author),
        "reviewers": sa.case((all_named(old.reviewers), new.reviewers), else_=old.reviewers),
    }
    await connection.execute(
        write.on_conflict_do_update(
            index_elements=["tenant_id", "repository_id", "number"], set_={**values, **unforgotten}
        )
    )


async def groups(connection: AsyncConnection, since: datetime, *where: sa.ColumnElement[bool]) -> list[Group]:
    """What became of the changes opened or merged since then, of those that `where` picks."""
    opened = outcome.c.opened_at >= since
    waited = sa.and_(opened, outcome.c.waited.is_not(None))
    nobody = sa.cast([], sa.ARRAY(sa.Float))

    def lengths(which: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.func.array_agg(outcome.c.waited).filter(waited, which), nobody)

    def total(column: sa.Column[int]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(column).filter(opened), 0)

    query = (
        sa.select(
            outcome.c.origin,
            outcome.c.teams,
            outcome.c.owners,
            sa.func.count().filter(opened).label("changes"),
            sa.func.count().filter(outcome.c.merged_at >= since).label("merged"),
            total(outcome.c.kept).label("kept"),
            total(outcome.c.missed).label("missed"),
            total(outcome.c.pending).label("pending"),
            lengths(outcome.c.answered).label("answers"),
            lengths(sa.not_(outcome.c.answered)).label("unanswered"),
        )
        .where(opened | (outcome.c.merged_at >= since), *where)
        .group_by(outcome.c.origin, outcome.c.teams, outcome.c.owners)
    )
    return [
        Group(
            row.origin,
            tuple(row.teams),
            tuple(row.owners),
            row.changes,
            row.merged,
            row.kept,
            row.missed,
            row.pending,
            Waits(tuple(row.answers), tuple(row.unanswered)),
        )
        for row in await connection.execute(query)
    ]


def of_repository(tenant_id: int, repository_id: int) -> sa.ColumnElement[bool]:
    """Picks the changes of one repository."""
    return sa.and_(outcome.c.tenant_id == tenant_id, outcome.c.repository_id == repository_id)


def of_tenant(tenant_id: int) -> sa.ColumnElement[bool]:
    """Picks the changes of one organisation."""
    return outcome.c.tenant_id == tenant_id


def for_visitor(visitor: Visitor) -> sa.ColumnElement[bool]:
    """Picks the changes that the visitor may read."""
    return readable(visitor, outcome.c.tenant_id, outcome.c.repository_id)


def owned_by(teams: Sequence[str]) -> sa.ColumnElement[bool]:
    """Picks the changes whose files one of these teams owns."""
    return outcome.c.owners.op("&&")(sa.cast(list(teams), sa.ARRAY(sa.Text)))


async def merges_of_guests(
    connection: AsyncConnection, since: datetime, *where: sa.ColumnElement[bool]
) -> list[tuple[datetime, datetime | None]]:
    """For each guest, whoever they are: their first merge since then, and their second."""
    merges = sa.func.array_agg(aggregate_order_by(outcome.c.merged_at, outcome.c.merged_at))
    query = (
        sa.select(merges[1], merges[2])
        .where(outcome.c.merged_at >= since, outcome.c.origin.in_(GUESTS), *where)
        .group_by(sa.func.lower(outcome.c.author))
    )
    return [(row[0], row[1]) for row in await connection.execute(query)]


async def reviews(connection: AsyncConnection, since: datetime, *where: sa.ColumnElement[bool]) -> list[int]:
    """How many changes each reviewer looked at, of those opened since then; without names."""
    reviewer = sa.func.lower(sa.func.unnest(outcome.c.reviewers)).label("reviewer")
    each = sa.select(reviewer).where(outcome.c.opened_at >= since, *where).subquery()
    query = sa.select(sa.func.count()).select_from(each).group_by(each.c.reviewer)
    return list((await connection.execute(query)).scalars())


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
