"""Names give way to pseudonyms: of whoever wants to be forgotten, and of everybody once `metrics.retain` is over.

Measures stay true: one person is one pseudonym, on one forge. Whoever has the database alone cannot tell whose it is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.store import erasing, insights, tenants
from app.store.database import Database
from app.store.tables import clock, decision, fact, obligation, outcome, verdict_log
from policies.insights.privacy import Terms

STEP = 500

_BEGINNING = "someone-"
_FORM = rf"^{_BEGINNING}[0-9a-f]{{12}}$"
"""A login may begin like a pseudonym, and is somebody's name all the same."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """`key` is derived from the master key; with another one everybody gets another pseudonym from then on."""

    key: bytes

    def of(self, forge: str, login: str) -> str:
        """What this account is called from now on; a pseudonym stays what it is."""
        if re.match(_FORM, login):
            return login
        said = f"{forge}:{login.lower()}".encode()
        return f"{_BEGINNING}{hmac.new(self.key, said, hashlib.sha256).hexdigest()[:12]}"


def named(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a name is still somebody's."""
    return sa.not_(column.regexp_match(_FORM))


def all_named(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether each name in an array is still somebody's."""
    together = sa.func.array_to_string(column, " ")  # no forge has names with blanks
    return sa.not_(together.regexp_match(rf"(^| ){_BEGINNING}[0-9a-f]{{12}}( |$)"))


async def fade(
    database: Database, pseudonyms: Pseudonyms, now: datetime, *, step: int = STEP
) -> dict[str, int]:
    """Of all that is older than its organisation retains: outcomes and closed changes lose their names.

    What happened on these changes, what was decided and what was promised goes.

    `now` is the present of the clock of promises. Returns how many rows lost something.
    """
    async with database.begin() as connection:
        known = await tenants.every(connection)
        terms = await insights.agreed(connection)
    faded = gone = 0
    for each in known:
        before = now - terms.get(each.id, Terms()).retain
        faded += await _fade_outcomes(database, pseudonyms, each, before, step)
        for table in (fact, obligation, decision):
            gone += await _drop_closed(database, table, table.c.subject, each.id, before, step)
        of_key = sa.func.split_part(verdict_log.c.obligation_key, "|", 1)
        gone += await _drop_closed(database, verdict_log, of_key, each.id, before, step)
        faded += await _fade_closed(database, pseudonyms, each, before, step)
    return {"faded": faded, "gone": gone}


async def _fade_outcomes(
    database: Database, pseudonyms: Pseudonyms, of: tenants.Tenant, before: datetime, step: int
) -> int:
    reviewer = sa.func.unnest(outcome.c.reviewers).column_valued("reviewer")
    still_named = sa.or_(named(outcome.c.author), sa.exists().where(named(reviewer)))
    query = (
        sa.select(outcome.c.repository_id, outcome.c.number, outcome.c.author, outcome.c.reviewers)
        .where(outcome.c.tenant_id == of.id, outcome.c.opened_at < before, still_named)
        .limit(step)
    )
    number = 0
    while True:
        async with database.begin() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                await connection.execute(
                    sa.update(outcome)
                    .where(
                        outcome.c.tenant_id == of.id,
                        outcome.c.repository_id == row.repository_id,
                        outcome.c.number == row.number,
                    )
                    .values(
                        author=pseudonyms.of(of.forge, row.author),
                        reviewers=_all(pseudonyms, of.forge, row.reviewers),
                    )
                )
        number += len(rows)
        if len(rows) < step:
            return number


def _all(pseudonyms: Pseudonyms, forge: str, logins: Iterable[str]) -> list[str]:
    return [pseudonyms.of(forge, login) for login in logins]


async def _fade_closed(
    database: Database, pseudonyms: Pseudonyms, of: tenants.Tenant, before: datetime, step: int
) -> int:
    """The last standing of closed changes and issues stays, under a pseudonym; nobody is asked there any more."""
    author = clock.c.projection["author"].astext
    query = (
        sa.select(clock.c.subject, clock.c.projection)
        .where(
            clock.c.tenant_id == of.id, clock.c.state == "DONE", clock.c.updated_at < before, named(author)
        )
        .limit(step)
    )
    number = 0
    while True:
        async with database.begin() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                unnamed = {
                    "author": pseudonyms.of(of.forge, row.projection["author"]),
                    "asked": [],
                    "turn": [],
                }
                await connection.execute(
                    sa.update(clock)
                    .where(clock.c.tenant_id == of.id, clock.c.subject == row.subject)
                    .values(projection={**row.projection, **unnamed}, turn="")
                )
        number += len(rows)
        if len(rows) < step:
            return number


async def _drop_closed(
    database: Database,
    table: sa.Table,
    subject: sa.ColumnElement[str],
    tenant_id: int,
    before: datetime,
    step: int,
) -> int:
    """What happened on changes that were closed that long ago; their outcomes stay."""
    closed = (
        sa.select(table.c.id)
        .join(clock, sa.and_(clock.c.tenant_id == table.c.tenant_id, clock.c.subject == subject))
        .where(clock.c.tenant_id == tenant_id, clock.c.state == "DONE", clock.c.updated_at < before)
    )
    return await erasing.delete_in_steps(database, table, table.c.id, closed, step)
