"""Who is away, as they said themselves; it holds on every change of their organisation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import due, linked_people
from app.store.tables import away, clock, obligation
from policies.actions import DeclareAway, WithdrawAway
from policies.clocks import Away
from policies.facts import same


async def declare(connection: AsyncConnection, tenant_id: int, declared: DeclareAway) -> None:
    """Remember an absence, unless its command was heard before."""
    row = insert(away).values(
        tenant_id=tenant_id,
        person=same(declared.person),
        from_at=declared.start,
        to_at=declared.end,
        declared_at=declared.declared,
        source=declared.source,
    )
    new = await connection.execute(row.on_conflict_do_nothing().returning(away.c.id))
    if new.fetchall():
        await _look_again(connection, tenant_id, declared.person)


async def withdraw(connection: AsyncConnection, tenant_id: int, withdrawn: WithdrawAway) -> None:
    """Forget what this command said; only the person's own is forgotten."""
    own = sa.delete(away).where(
        away.c.tenant_id == tenant_id,
        away.c.source == withdrawn.source,
        away.c.person == same(withdrawn.person),
    )
    gone = await connection.execute(own.returning(away.c.id))
    if gone.fetchall():
        await _look_again(connection, tenant_id, withdrawn.person)


async def since(connection: AsyncConnection, tenant_id: int, at: datetime) -> Mapping[str, tuple[Away, ...]]:
    """All absences that ended after an instant, by person; whoever said it on the other forge is away here too."""
    linked = await linked_people.elsewhere(connection, tenant_id)
    theirs = sa.and_(
        away.c.tenant_id.in_(linked_people.on_the_other_forge(tenant_id)), away.c.person.in_(list(linked))
    )
    whose = sa.or_(away.c.tenant_id == tenant_id, theirs) if linked else away.c.tenant_id == tenant_id
    query = (
        sa.select(
            away.c.person,
            away.c.from_at,
            away.c.to_at,
            away.c.declared_at,
            (away.c.tenant_id == tenant_id).label("is_own"),
        )
        .where(whose, away.c.to_at > at)
        .order_by(away.c.from_at, away.c.id)
    )
    found: dict[str, list[Away]] = defaultdict(list)
    for row in await connection.execute(query):
        person = row.person if row.is_own else linked[row.person]
        found[person].append(Away(row.from_at, row.to_at, row.declared_at))
    return {person: tuple(absences) for person, absences in found.items()}


async def _look_again(connection: AsyncConnection, tenant_id: int, person: str) -> None:
    """Look at every open change that asked for this person's answer."""
    still_open = sa.select(clock.c.subject).where(clock.c.tenant_id == tenant_id, clock.c.state != "DONE")
    theirs = sa.select(obligation.c.subject).where(
        obligation.c.tenant_id == tenant_id,
        obligation.c.ledger == "person",
        sa.func.lower(obligation.c.party) == same(person),
        obligation.c.subject.in_(still_open),
    )
    for subject in (await connection.execute(theirs.distinct())).scalars().all():
        await due.touch(connection, tenant_id, subject, timedelta())
