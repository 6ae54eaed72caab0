"""Changes that are not as the last delivery left them: every open one is compared with the forge each hour.

A delivery that the forge never sent is on no list. So the open changes of each repository are read, a
hundred with one request, and those that moved without our knowing are looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from app import logs, metrics
from app.rounds.schedule import Round
from app.store import due, tenants
from app.store.chores import Chore
from app.store.database import Database
from app.store.tables import clock, effect, repository
from app.store.tenants import Tenant
from handlers.ports import Forge, ForgeError, Throttled
from policies.facts import Change, RepositoryRef, Subject

log = logs.get(__name__)

EVERY = timedelta(minutes=1)
"""Between two portions."""

AT_ONCE = 60
"""Repositories in one portion: 3,600 an hour, and no burst."""

OURS = timedelta(seconds=5)
"""An update so soon after something that we wrote ourselves is taken for ours."""

SPARED = 0.3
"""The share of an account's hourly requests that is left to its people: comparing stops below it."""

# Each repository has its own pace between 48 and 72 minutes, so that they do not all come at once. What was told of
# an account's hourly requests counts for an hour after its last call, and then the forge has begun to count anew.
_DUE = sa.text(
    """
    SELECT repository.tenant_id, repository.id, repository.name
    FROM repository JOIN tenant ON tenant.id = repository.tenant_id AND tenant.state = 'active'
    LEFT JOIN budget ON budget.tenant_id = tenant.id
    WHERE coalesce(budget.shut_until <= now(), true)
      AND coalesce(
        (budget.state->>'left')::float >= :spared * (budget.state->>'of')::float
        OR (budget.state->'minutes'->-1->>0)::float < extract(epoch FROM now()) / 60 - 60,
        true
      )
      AND compared_at < now() - interval '48 minutes' - make_interval(secs => 1.44 * mod(repository.id, 1000))
    ORDER BY compared_at
    LIMIT :most
    """
)


def compare_all(
    database: Database, forge_of: Callable[[Tenant, datetime | None], Forge], gather: timedelta
) -> Round:
    """The round that compares all repositories in portions, each about once an hour."""
    return Round("compare", EVERY, Comparing(database, forge_of, gather))


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares one portion of repositories. `gather`: as for events.

    An account that waits for a limit, or has few requests left, is passed over and takes nobody else's place.
    """

    database: Database
    forge_of: Callable[[Tenant, datetime | None], Forge]
    gather: timedelta

    async def __call__(self, chore: Chore) -> Mapping[str, Any]:
        """Returns the note for the next portion: how much was compared, and how much had drifted, in all."""
        async with self.database.begin() as connection:
            rows = (await connection.execute(_DUE, {"most": AT_ONCE, "spared": SPARED})).all()
        drifted = compared = 0
        throttled: set[int] = set()
        for tenant_id, repository_id, name in rows:
            if tenant_id in throttled:
                continue
            place = RepositoryRef(repository_id, name)
            try:
                drifted += await self.repository(tenant_id, place)
                compared += 1
            except Throttled as error:
                throttled.add(tenant_id)
                log.info("comparing waits for a limit", tenant=tenant_id, reason=str(error))
                continue
            except ForgeError as error:
                # Gone, locked or away: whoever settles there says so; here it comes again in an hour.
                log.info("open changes cannot be read", tenant=tenant_id, repository=name, reason=str(error))
            except SQLAlchemyError:
                raise
            except (
                Exception
            ) as error:  # one that cannot be understood must not keep all behind it from their turn
                log.exception("comparing failed", exc_info=error, tenant=tenant_id, repository=name)
            await self._compared(tenant_id, repository_id)
        note = chore.note
        return {
            "compared": note.get("compared", 0) + compared,
            "drifted": note.get("drifted", 0) + drifted,
            "behind": len(rows) == AT_ONCE,
        }

    async def repository(self, tenant_id: int, place: RepositoryRef) -> int:
        """Compare one repository's open changes; returns how many had drifted."""
        async with self.database.begin() as connection:
            owner = await tenants.by_id(connection, tenant_id)
        if owner is None:
            return 0
        open_now = {str(each.subject): each for each in await self.forge_of(owner, None).open_changes(place)}
        async with self.database.begin() as connection:
            known = await _known(connection, tenant_id, place.id)
            moved = [name for name, change in open_now.items() if _differs(change, known.get(name))]
            ended = [name for name, each in known.items() if each.is_open and name not in open_now]
            # How GitLab's reviewers stand is in no list, and not every step of theirs sends an event.
            asked = [name for name, change in open_now.items() if owner.forge == "gitlab" and change.asked]
            for subject in {*moved, *ended, *asked}:
                await due.touch(connection, tenant_id, subject, self.gather)
        ours = [name for name in moved if _is_ours(open_now[name], known.get(name))]
        drifted = len(moved) + len(ended) - len(ours)
        if drifted:
            metrics.reconcile_drift.labels(owner.forge).inc(drifted)
            log.warning("changes had moved without a delivery", repository=place.name, changes=drifted)
        return drifted

    async def _compared(self, tenant_id: int, repository_id: int) -> None:
        async with self.database.begin() as connection:
            await connection.execute(
                sa.update(repository)
                .where(repository.c.tenant_id == tenant_id, repository.c.id == repository_id)
                .values(compared_at=sa.func.now())
            )


@dataclass(frozen=True, slots=True)
class _Known:
    """How we left a change. `read_as_of` is its `updated_at` when we last read it."""

    is_open: bool
    head: str | None
    read_as_of: str | None
    wrote_at: datetime | None


def _differs(change: Change, known: _Known | None) -> bool:
    return (
        known is None
        or not known.is_open
        or known.head != change.head_sha
        or known.read_as_of != change.updated_at.isoformat()
    )


def _is_ours(change: Change, known: _Known | None) -> bool:
    """Whether the only difference is what we wrote ourselves after we had read it."""
    return (
        known is not None
        and known.is_open
        and known.head == change.head_sha
        and known.wrote_at is not None
        and change.updated_at <= known.wrote_at + OURS
    )


async def _known(connection: AsyncConnection, tenant_id: int, repository_id: int) -> dict[str, _Known]:
    begins = f"{Subject('change', repository_id, 0)}".removesuffix("0")
    wrote = (
        sa.select(sa.func.max(effect.c.done_at))
        .where(effect.c.tenant_id == tenant_id, effect.c.subject == clock.c.subject)
        .scalar_subquery()
    )
    rows = await connection.execute(
        sa.select(
            clock.c.subject,
            clock.c.state,
            clock.c.projection["head"].astext.label("head"),
            clock.c.projection["read_as_of"].astext.label("read_as_of"),
            wrote.label("wrote_at"),
        ).where(clock.c.tenant_id == tenant_id, clock.c.subject.startswith(begins))
    )
    return {row.subject: _Known(row.state != "DONE", row.head, row.read_as_of, row.wrote_at) for row in rows}
