"""What the Operations page shows beside the state of the whole: accounts, the traffic of a day, what waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import budget, delivery, due, effect, repository, tenant

Counts = tuple[tuple[str, str, int], ...]
"""(what, state, number)."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where Usher is installed, and what it may still call there. `shut_until`: the forge asked to wait.

    `otherwise`: how many of its repositories are in another mode.
    """

    id: int
    account: str
    forge: str
    state: str
    mode: str
    joined_at: datetime
    repositories: int
    otherwise: int
    left: int | None
    of: int | None
    shut_until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Running:
    """Counts of one day, the accounts, and subjects that wait for another try."""

    deliveries: Counts
    effects: Counts
    accounts: tuple[Account, ...]
    waiting: tuple[Any, ...]
    last_received: datetime | None


async def now(connection: AsyncConnection) -> Running:
    """Three short queries; times are the database's."""
    day = sa.func.now() - sa.text("interval '1 day'")
    last = sa.select(delivery.c.received_at).order_by(delivery.c.id.desc()).limit(1).scalar_subquery()

    def counted(of: str, what: sa.Column[str], state: sa.Column[str], lately: Any) -> sa.Select[Any]:
        counts = (sa.literal(of).label("of"), what.label("what"), state.label("state"), sa.func.count())
        return sa.select(*counts, last).where(lately).group_by(what, state)

    lately = sa.or_(effect.c.sent_at > day, effect.c.state.in_(("uncertain", "dead")))
    traffic = sa.union_all(
        counted("delivery", delivery.c.forge, delivery.c.state, delivery.c.received_at > day),
        counted("effect", effect.c.kind, effect.c.state, lately),
        sa.select(sa.literal("last"), sa.literal(""), sa.literal(""), sa.literal(0), last),
    ).subquery()
    rows = (await connection.execute(sa.select(traffic).order_by("what", "state"))).all()
    return Running(
        deliveries=tuple((row[1], row[2], row[3]) for row in rows if row[0] == "delivery"),
        effects=tuple((row[1], row[2], row[3]) for row in rows if row[0] == "effect"),
        accounts=await _accounts(connection),
        waiting=await _waiting(connection),
        last_received=rows[0][4],
    )


async def _accounts(connection: AsyncConnection) -> tuple[Account, ...]:
    held = (
        sa.select(sa.func.count())
        .select_from(repository)
        .where(repository.c.tenant_id == tenant.c.id)
        .scalar_subquery()
    )
    otherwise = (
        sa.select(sa.func.count())
        .select_from(repository)
        .where(repository.c.tenant_id == tenant.c.id, repository.c.mode != tenant.c.mode)
        .scalar_subquery()
    )
    shut = sa.case((budget.c.shut_until > sa.func.now(), budget.c.shut_until))
    query = (
        sa.select(
            tenant.c.id,
            tenant.c.account,
            tenant.c.forge,
            tenant.c.state,
            tenant.c.mode,
            tenant.c.joined_at,
            held.label("repositories"),
            otherwise.label("otherwise"),
            budget.c.state["left"].as_integer().label("left"),
            budget.c.state["of"].as_integer().label("of"),
            shut.label("shut_until"),
            sa.func.coalesce(budget.c.why, "").label("why"),
        )
        .outerjoin(budget, budget.c.tenant_id == tenant.c.id)
        .order_by(tenant.c.account)
    )
    return tuple(Account(*tuple(row)) for row in await connection.execute(query))


async def _waiting(connection: AsyncConnection) -> tuple[Any, ...]:
    place = sa.and_(
        repository.c.tenant_id == due.c.tenant_id,
        repository.c.id == sa.cast(sa.func.split_part(due.c.subject, ":", 2), sa.BigInteger),
    )
    query = (
        sa.select(due.c.subject, due.c.attempts, due.c.reason, due.c.not_before, repository.c.name)
        .outerjoin(repository, place)
        .where(due.c.dead_at.is_(None), due.c.attempts > 0)
        .order_by(due.c.not_before)
        .limit(50)
    )
    return tuple(await connection.execute(query))


CUT_OFF = (
    "none that guidelines link to answers, so links are not judged. Let Usher call them (a firewall may be in the way; "
    "a proxy is not used), or end asking: USHER_LINK_CHECKS=false"
)


def hooks(notes: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, bool, str]]:
    """(where, whether it is well, what is to be said) of GitLab's hooks and of what forges and networks withhold.

    `notes` are what the rounds left: by round.
    """
    watched = notes.get("gitlab hooks", {})
    found = [
        (place, state == "executable", "switched on" if state == "executable" else f"switched off: {state}")
        for place, state in sorted(watched.get("hooks", {}).items())
    ]
    found += [
        (place, False, "its hooks cannot be seen with Usher's token; an Owner can: usher gitlab connect")
        for place in watched.get("unseen", ())
    ]
    found += [("Usher's GitLab token", False, problem) for problem in watched.get("token", ())]
    found += [
        (account, False, problem)
        for account, problem in sorted(notes.get("permissions", {}).get("missing", {}).items())
    ]
    if notes.get("links", {}).get("cut_off"):
        found.append(("Other sites", False, CUT_OFF))
    return found
