"""What the measures are made of, read in a few queries; what they are is in `policies/insights`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.outcomes import made
from app.store.tables import entry, finding, kept, outcome, promise_made, reach, snapshot
from app.store.viewers import Visitor, readable
from policies.insights.measures import Outcome, PromiseLine
from policies.insights.survival import Wait, p85


async def team_sizes(connection: AsyncConnection, visitor: Visitor) -> dict[str, int]:
    """Team → how many people are in it, as the organisations' rosters were last read."""
    tenants = sa.select(reach.c.tenant_id).where(reach.c.viewer_id.in_(visitor.ids)).distinct()
    query = sa.select(kept.c.value).where(kept.c.kind == "roster", kept.c.tenant_id.in_(tenants))
    return {
        name: len(members)
        for value in (await connection.execute(query)).scalars()
        for name, _parent, members in (value or {}).get("teams", ())
    }


async def promises(
    connection: AsyncConnection,
    visitor: Visitor,
    since: datetime,
    repository: tuple[int, int] | None = None,
    became_of_it: Sequence[Outcome] = (),
) -> list[PromiseLine]:
    """Every promise of a guide that the visitor may read, with what became of it; by name, the newest first.

    Narrowed to one (tenant, repository) where it is given, with what became of its changes.
    """
    query = (
        sa.select(promise_made, entry.c.name)
        .join(
            entry,
            sa.and_(
                entry.c.tenant_id == promise_made.c.tenant_id,
                entry.c.repository_id == promise_made.c.repository_id,
            ),
        )
        .where(readable(visitor, promise_made.c.tenant_id, promise_made.c.repository_id))
        .order_by(entry.c.name, promise_made.c.valid_from.desc())
        .limit(500)
    )
    if repository is not None:
        query = query.where(
            promise_made.c.tenant_id == repository[0], promise_made.c.repository_id == repository[1]
        )
    lines = (await connection.execute(query)).all()
    if repository is not None:
        return [_line(line, became_of_it) for line in lines]
    places = {(line.tenant_id, line.repository_id) for line in lines}
    if not places:
        return []
    became = (
        await connection.execute(
            sa.select(outcome).where(
                sa.tuple_(outcome.c.tenant_id, outcome.c.repository_id).in_(places),
                outcome.c.opened_at >= since,
            )
        )
    ).all()
    of: dict[tuple[int, int], list[Any]] = {}
    for row in became:
        of.setdefault((row.tenant_id, row.repository_id), []).append(row)
    return [_line(line, of.get((line.tenant_id, line.repository_id), [])) for line in lines]


def _line(line: Any, rows: Sequence[Any]) -> PromiseLine:
    """A promise and the changes that were ready while it stood; kept where the wait was no longer than promised."""
    within = [
        row
        for row in rows
        if row.waited is not None
        and row.ready_at is not None
        and row.ready_at >= line.valid_from
        and (line.valid_to is None or row.ready_at < line.valid_to)
    ]
    kept_ones = missed = 0
    if line.hours is not None:
        kept_ones = sum(row.answered and row.waited <= line.hours for row in within)
        missed = sum(row.waited > line.hours for row in within)
    return PromiseLine(
        repository=line.name,
        text=line.text,
        hours=line.hours,
        commit=line.commit,
        valid_from=line.valid_from,
        valid_to=line.valid_to,
        kept=kept_ones,
        missed=missed,
        p85=p85(Wait(row.waited, row.answered) for row in within),
        last_at=max((row.ready_at for row in within), default=None),
    )


# --- What was won in a month ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MonthRows:
    """Everything that a month's digest is made of."""

    merged: tuple[tuple[Outcome, str, str], ...]  # (outcome, forge's page, title)
    earlier_guests: frozenset[str]
    kept_promises: int
    cleared: tuple[tuple[str, str, str], ...]  # (repository, path, message)


async def month(connection: AsyncConnection, visitor: Visitor, begin: datetime, end: datetime) -> MonthRows:
    """What happened from `begin` until `end`, of what the visitor may read."""
    may = readable(visitor, outcome.c.tenant_id, outcome.c.repository_id)
    kind = sa.case((entry.c.forge == "gitlab", "/-/merge_requests/"), else_="/pull/")
    address = entry.c.details["url"].astext + kind + sa.cast(outcome.c.number, sa.Text)
    page = sa.select(address).where(
        entry.c.tenant_id == outcome.c.tenant_id, entry.c.repository_id == outcome.c.repository_id
    )
    rows = (
        await connection.execute(
            sa.select(outcome, page.scalar_subquery().label("page"))
            .where(may, outcome.c.merged_at >= begin, outcome.c.merged_at < end)
            .order_by(outcome.c.merged_at)
        )
    ).all()
    guests = sorted({row.author for row in rows if row.origin in ("guest", "mixed")})
    earlier: set[str] = set()
    if guests:
        query = (
            sa.select(sa.func.lower(outcome.c.author))
            .distinct()
            .where(
                outcome.c.author.in_(guests),
                outcome.c.origin.in_(("guest", "mixed")),
                outcome.c.merged_at < begin,
            )
        )
        earlier = set((await connection.execute(query)).scalars())
    promised = await connection.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(outcome.c.kept), 0)).where(
            may, outcome.c.opened_at >= begin, outcome.c.opened_at < end
        )
    )
    cleared = await connection.execute(
        sa.select(entry.c.name, finding.c.path, finding.c.message)
        .join(
            entry,
            sa.and_(
                entry.c.tenant_id == finding.c.tenant_id, entry.c.repository_id == finding.c.repository_id
            ),
        )
        .where(
            readable(visitor, finding.c.tenant_id, finding.c.repository_id),
            finding.c.cleared_at >= begin,
            finding.c.cleared_at < end,
        )
        .order_by(entry.c.name)
        .limit(100)
    )
    return MonthRows(
        tuple((made(row), row.page or "", row.title) for row in rows),
        frozenset(earlier),
        int(promised or 0),
        tuple((row.name, row.path, row.message) for row in cleared),
    )


# --- Quarters ---------------------------------------------------------------------------------------------------


async def keep_snapshot(
    connection: AsyncConnection, tenant_id: int, period: str, measures: Mapping[str, Any], now: datetime
) -> None:
    """Remember a quarter's measures; the last look at a quarter is the one that stays."""
    values = {"taken_at": now, "measures": dict(measures)}
    await connection.execute(
        insert(snapshot)
        .values(tenant_id=tenant_id, period=period, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "period"], set_=values)
    )


async def snapshots(
    connection: AsyncConnection, visitor: Visitor
) -> list[tuple[str, str, Mapping[str, Any]]]:
    """(period, when, measures) of every quarter, the newest first, of tenants that the visitor reads in."""
    tenants = sa.select(reach.c.tenant_id).where(reach.c.viewer_id.in_(visitor.ids)).distinct()
    query = (
        sa.select(snapshot.c.period, snapshot.c.taken_at, snapshot.c.measures)
        .where(snapshot.c.tenant_id.in_(tenants))
        .order_by(snapshot.c.period.desc())
        .limit(12)
    )
    return [(row.period, row.taken_at.isoformat(), row.measures) for row in await connection.execute(query)]


async def of_tenant(connection: AsyncConnection, tenant_id: int, since: datetime) -> list[Outcome]:
    """Every outcome of a tenant since then, for its quarterly snapshot."""
    recent = (outcome.c.opened_at >= since) | (outcome.c.merged_at >= since)
    query = sa.select(outcome).where(outcome.c.tenant_id == tenant_id, recent)
    return [made(row) for row in await connection.execute(query)]
