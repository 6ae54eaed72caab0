"""What is kept about one person: shown to them, given to them, erased for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import viewers
from app.store.tables import away, fact, obligation, outcome, reach
from app.store.viewers import Visitor


async def kept_about(connection: AsyncConnection, visitor: Visitor) -> dict[str, int]:
    """How many rows of each kind name the visitor."""
    names = list(visitor.logins)
    counts = {
        "changes": sa.select(sa.func.count()).where(sa.func.lower(outcome.c.author).in_(names)),
        "promises": sa.select(sa.func.count()).where(sa.func.lower(obligation.c.party).in_(names)),
        "absences": sa.select(sa.func.count()).where(away.c.person.in_(names)),
        "repositories": sa.select(sa.func.count()).where(reach.c.viewer_id.in_(visitor.ids)),
    }
    whole = sa.select(*(query.scalar_subquery().label(name) for name, query in counts.items()))
    return dict((await connection.execute(whole)).one()._mapping)


async def everything(connection: AsyncConnection, visitor: Visitor) -> Mapping[str, Any]:
    """All rows that name the visitor, as plain values."""
    names = list(visitor.logins)

    async def rows(table: sa.Table, *where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
        found = await connection.execute(sa.select(table).where(*where).limit(10_000))
        return [{name: _plain(value) for name, value in row._mapping.items()} for row in found]

    return {
        "accounts": [
            {"forge": each.forge, "login": each.login, "name": each.name, "teams": list(each.teams)}
            for each in visitor.viewers
        ],
        "changes": await rows(outcome, sa.func.lower(outcome.c.author).in_(names)),
        "promises": await rows(obligation, sa.func.lower(obligation.c.party).in_(names)),
        "absences": await rows(away, away.c.person.in_(names)),
        "facts": await rows(fact, sa.func.lower(fact.c.actor).in_(names)),
    }


async def erase(connection: AsyncConnection, visitor: Visitor) -> None:
    """Forget the visitor: sessions, tokens, absences; their name in measures becomes a pseudonym.

    What happened on changes stays with the changes, as it does on the forge, until `metrics.retain` is over.
    """
    for viewer in visitor.viewers:
        name = viewer.login.lower()
        alias = f"someone-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        await connection.execute(
            sa.update(outcome).where(sa.func.lower(outcome.c.author) == name).values(author=alias)
        )
        await connection.execute(
            sa.update(outcome)
            .where(sa.func.array_position(outcome.c.reviewers, viewer.login).is_not(None))
            .values(reviewers=sa.func.array_replace(outcome.c.reviewers, viewer.login, alias))
        )
        await connection.execute(sa.delete(away).where(away.c.person == name))
    await viewers.erase(connection, visitor.ids)


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool, type(None), list, dict)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)
