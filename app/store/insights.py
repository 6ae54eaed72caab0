"""What the measures are made of, read in a few queries; what they are is in `policies/insights`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import entry, kept, outcome, promise_made, reach, snapshot
from app.store.viewers import Visitor, readable
from policies.facts import Person, Team, same
from policies.insights.measures import PromiseLine
from policies.insights.privacy import Terms, strictest
from policies.insights.survival import Waits, p85
from policies.team_tree import TeamTree


@dataclass(frozen=True, slots=True)
class Measuring:
    """How the organisations of a visitor may be measured: their terms, and team → how many people are in it."""

    terms: Terms
    sizes: Mapping[str, int]

    def is_small(self, team: str | None) -> bool:
        """Whether a number of this team would say something of single people. Without a team nobody is measured."""
        return team is not None and self.sizes.get(team, 0) < self.terms.least


async def measuring(connection: AsyncConnection, visitor: Visitor) -> Measuring:
    """What was agreed, and the teams' sizes, as the organisations' rules and rosters were last read."""
    tenants = sa.select(reach.c.tenant_id).where(reach.c.viewer_id.in_(visitor.ids)).distinct()
    query = sa.select(kept.c.kind, kept.c.value).where(
        kept.c.kind.in_(("roster", "terms")), kept.c.tenant_id.in_(tenants)
    )
    sizes: dict[str, int] = {}
    terms: list[Terms] = []
    for kind, value in await connection.execute(query):
        if kind == "roster":
            sizes |= _tree((value or {}).get("teams", ())).sizes()
        else:
            terms.append(_terms(value))
    return Measuring(strictest(terms), sizes)


def _tree(teams: Iterable[Sequence[Any]]) -> TeamTree:
    """The teams of a roster as it is kept: name, name of the team above, and (login, whether a bot) of its people."""
    found = {
        same(name): Team(name, tuple(Person(login, bot) for login, bot in members), parent=parent)
        for name, parent, members in teams
    }
    return TeamTree(found)


async def agree(connection: AsyncConnection, tenant_id: int, terms: Terms) -> None:
    """Remember what an organisation's rules say about measuring."""
    value = {
        "window": terms.window.total_seconds(),
        "least": terms.least,
        "retain": terms.retain.total_seconds(),
    }
    write = insert(kept).values(tenant_id=tenant_id, kind="terms", name="", value=value)
    await connection.execute(
        write.on_conflict_do_update(
            index_elements=["tenant_id", "kind", "name"], set_={"value": value, "read_at": sa.func.now()}
        )
    )


async def agreed(connection: AsyncConnection) -> Mapping[int, Terms]:
    """What each organisation agreed on: tenant → its terms, where its rules were read."""
    query = sa.select(kept.c.tenant_id, kept.c.value).where(kept.c.kind == "terms")
    return {row.tenant_id: _terms(row.value) for row in await connection.execute(query)}


def _terms(value: Mapping[str, Any]) -> Terms:
    retain = timedelta(seconds=value["retain"]) if "retain" in value else Terms().retain
    return Terms(timedelta(seconds=value["window"]), int(value["least"]), retain)


# --- Promises ---------------------------------------------------------------------------------------------------

MOST_PROMISES = 200


async def promises(
    connection: AsyncConnection,
    visitor: Visitor,
    since: datetime,
    repository: tuple[int, int] | None = None,
) -> list[PromiseLine]:
    """Every promise of a guide that the visitor may read, with what became of changes opened since then.

    By name, the newest first; narrowed to one (tenant, repository) where it is given.
    """
    stood = (
        sa.select(promise_made, entry.c.forge, entry.c.name, entry.c.owner)
        .join(
            entry,
            sa.and_(
                entry.c.tenant_id == promise_made.c.tenant_id,
                entry.c.repository_id == promise_made.c.repository_id,
            ),
        )
        .where(readable(visitor, promise_made.c.tenant_id, promise_made.c.repository_id))
        .order_by(entry.c.name, promise_made.c.valid_from.desc())
        .limit(MOST_PROMISES)
    )
    if repository is not None:
        stood = stood.where(
            promise_made.c.tenant_id == repository[0], promise_made.c.repository_id == repository[1]
        )
    line = stood.cte("stood")
    waited, answered = outcome.c.waited, outcome.c.answered
    nobody = sa.cast([], sa.ARRAY(sa.Float))
    # A change counts for the promise that stood when it was ready for an answer.
    became = (
        sa.select(
            sa.func.count().filter(answered, waited <= line.c.hours).label("kept"),
            sa.func.count().filter(waited > line.c.hours).label("missed"),
            sa.func.coalesce(sa.func.array_agg(waited).filter(answered), nobody).label("answered"),
            sa.func.coalesce(sa.func.array_agg(waited).filter(sa.not_(answered)), nobody).label("unanswered"),
            sa.func.max(outcome.c.ready_at).label("last_at"),
        )
        .where(
            outcome.c.tenant_id == line.c.tenant_id,
            outcome.c.repository_id == line.c.repository_id,
            outcome.c.opened_at >= since,
            waited.is_not(None),
            outcome.c.ready_at >= line.c.valid_from,
            sa.or_(line.c.valid_to.is_(None), outcome.c.ready_at < line.c.valid_to),
        )
        .lateral("became")
    )
    query = sa.select(line, became).join(became, sa.true()).order_by(line.c.name, line.c.valid_from.desc())
    return [_line(row) for row in await connection.execute(query)]


def _line(row: Any) -> PromiseLine:
    return PromiseLine(
        forge=row.forge,
        repository=row.name,
        owner=row.owner,
        text=row.text,
        hours=row.hours,
        commit=row.commit,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        kept=row.kept,
        missed=row.missed,
        p85=p85(Waits(tuple(row.answered), tuple(row.unanswered))),
        last_at=row.last_at,
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


async def snapshots(connection: AsyncConnection, visitor: Visitor) -> list[tuple[str, Mapping[str, Any]]]:
    """(quarter, measures), the newest first, of the organisation in which the visitor may read most."""
    most = (
        sa.select(reach.c.tenant_id)
        .where(reach.c.viewer_id.in_(visitor.ids))
        .group_by(reach.c.tenant_id)
        .order_by(sa.func.count().desc(), reach.c.tenant_id)
        .limit(1)
    )
    query = (
        sa.select(snapshot.c.period, snapshot.c.measures)
        .where(snapshot.c.tenant_id == most.scalar_subquery())
        .order_by(snapshot.c.period.desc())
        .limit(12)
    )
    return [(row.period, row.measures) for row in await connection.execute(query)]
