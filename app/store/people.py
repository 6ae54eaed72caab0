"""What is kept about one person: shown to them, given to them, erased for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import linked_people, viewers
from app.store.pseudonyms import Pseudonyms
from app.store.tables import away, fact, obligation, outcome, reach, tenant
from app.store.viewers import Viewer, Visitor


async def kept_about(connection: AsyncConnection, visitor: Visitor) -> dict[str, int]:
    """How many rows of each kind name the visitor."""
    counts = {
        "changes": sa.select(sa.func.count()).where(_is(visitor, outcome, outcome.c.author)),
        "promises": sa.select(sa.func.count()).where(_is(visitor, obligation, obligation.c.party)),
        "absences": sa.select(sa.func.count()).where(_is(visitor, away, away.c.person)),
        "repositories": sa.select(sa.func.count()).where(reach.c.viewer_id.in_(visitor.ids)),
    }
    whole = sa.select(*(query.scalar_subquery().label(name) for name, query in counts.items()))
    return dict((await connection.execute(whole)).one()._mapping)


async def everything(connection: AsyncConnection, visitor: Visitor) -> Mapping[str, Any]:
    """All rows that name the visitor, as plain values."""

    async def rows(table: sa.Table, *where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
        found = await connection.execute(sa.select(table).where(*where).limit(10_000))
        return [{name: _plain(value) for name, value in row._mapping.items()} for row in found]

    link = await linked_people.of(connection, visitor.accounts)
    return {
        "linked": link and {"github": link.github, "gitlab": link.gitlab, "by": link.source},
        "accounts": [
            {"forge": each.forge, "login": each.login, "name": each.name, "teams": list(each.teams)}
            for each in visitor.viewers
        ],
        "changes": await rows(outcome, _is(visitor, outcome, outcome.c.author)),
        "promises": await rows(obligation, _is(visitor, obligation, obligation.c.party)),
        "absences": await rows(away, _is(visitor, away, away.c.person)),
        "facts": await rows(fact, _is(visitor, fact, fact.c.actor)),
    }


async def erase(connection: AsyncConnection, visitor: Visitor, pseudonyms: Pseudonyms) -> None:
    """Forget the visitor: sessions, tokens, absences; their name in measures becomes a pseudonym.

    What happened on changes stays with the changes, as it does on the forge, until `metrics.retain` is over.
    """
    for viewer in visitor.viewers:
        alias = pseudonyms.of(viewer.forge, viewer.login)
        await connection.execute(
            sa.update(outcome).where(_is_account(viewer, outcome, outcome.c.author)).values(author=alias)
        )
        reviewer = (
            sa.func.unnest(outcome.c.reviewers)
            .table_valued("login", with_ordinality="place")
            .render_derived()
        )
        theirs = sa.func.lower(reviewer.c.login) == viewer.login.lower()
        renamed = sa.func.array_agg(
            aggregate_order_by(sa.case((theirs, alias), else_=reviewer.c.login), reviewer.c.place)
        )
        await connection.execute(
            sa.update(outcome)
            .where(_on_their_forge(viewer, outcome), sa.exists().where(theirs))
            .values(reviewers=sa.select(renamed).select_from(reviewer).scalar_subquery())
        )
        await connection.execute(sa.delete(away).where(_is_account(viewer, away, away.c.person)))
    await linked_people.forget(connection, visitor.accounts)
    await viewers.erase(connection, visitor.ids)


def _is(visitor: Visitor, table: sa.Table, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a row names the visitor: a login of one forge is somebody else's on another."""
    return sa.or_(*(_is_account(each, table, column) for each in visitor.viewers))


def _is_account(viewer: Viewer, table: sa.Table, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.and_(_on_their_forge(viewer, table), sa.func.lower(column) == viewer.login.lower())


def _on_their_forge(viewer: Viewer, table: sa.Table) -> sa.ColumnElement[bool]:
    there = sa.select(tenant.c.id).where(tenant.c.forge == viewer.forge, tenant.c.host == viewer.host)
    return table.c.tenant_id.in_(there)


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool, type(None), list, dict)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)
