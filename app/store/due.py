"""Which subjects must be looked at again: because something happened, or because a promise fell due.

A row says how often the subject was touched (`generation`), up to which touch it was settled, and when
to look again by itself (`due_at`, by the clock of promises). Leases, waits and attempts use the
database's clock, because the clocks of several machines disagree.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.redaction import redact
from app.store.tables import clock, due, effect

LEASE = timedelta(seconds=150)
"""How long a run may hold a subject; a run stops itself well before."""

LONGEST_GATHERING = 5

RUNNING_PER_TENANT = 4
"""So many subjects of one account are settled at once, over all processes; see `ready`."""

WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (10, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 30 * 3600)
)
"""How long each failed attempt waits for the next; after the last the subject is dead-lettered."""

RUNNING_IN_ALL = 64

POISON = 5
"""After so many runs that never ended (the process died, or hung until its lease was over) a subject is dead."""

# The two parts of each tenant's share are read from its own range of one index each, so what another tenant
# has waiting costs nobody anything. What was touched and what fell due take turns within the share.
_READY = sa.text(
    """
    WITH running AS (
        SELECT tenant_id, count(*) AS number FROM due WHERE leased_until >= now() GROUP BY tenant_id
    ), share AS (
        SELECT tenant.id AS tenant_id, :share - coalesce(running.number, 0) AS number
        FROM tenant
        LEFT JOIN running ON running.tenant_id = tenant.id
        LEFT JOIN budget ON budget.tenant_id = tenant.id
        WHERE tenant.state = 'active' AND (budget.shut_until IS NULL OR budget.shut_until <= now())
    )
    SELECT share.tenant_id, fair.subject
    FROM share CROSS JOIN LATERAL (
        SELECT subject, row_number() OVER (ORDER BY min(turn), subject) AS place, min(since) AS since
        FROM (
            SELECT subject, since, row_number() OVER (ORDER BY since, subject) AS turn FROM (
                SELECT subject, not_before AS since FROM due
                WHERE tenant_id = share.tenant_id AND generation > settled_generation AND dead_at IS NULL
                  AND not_before <= now() AND (leased_until IS NULL OR leased_until < now())
                ORDER BY not_before, subject LIMIT share.number
            ) touched
            UNION ALL
            SELECT subject, since, row_number() OVER (ORDER BY due_at, subject) FROM (
                SELECT subject, not_before AS since, due_at FROM due
                WHERE tenant_id = share.tenant_id AND due_at <= :promised AND dead_at IS NULL
                  AND not_before <= now() AND (leased_until IS NULL OR leased_until < now())
                ORDER BY due_at, subject LIMIT share.number
            ) promised
        ) both_parts
        GROUP BY subject
    ) fair
    WHERE share.number > 0 AND place <= share.number
    ORDER BY place, since, share.tenant_id
    LIMIT greatest(:most - (SELECT coalesce(sum(number), 0) FROM running), 0)
    """
)

# Each part can be read from one index; a single condition with OR is answered by reading the whole table.
_SOONEST = sa.text(
    """
    WITH open AS (
        SELECT tenant.id, coalesce(budget.shut_until, '-infinity') AS shut_until
        FROM tenant LEFT JOIN budget ON budget.tenant_id = tenant.id
        WHERE tenant.state = 'active'
    ), waiting AS (
        SELECT greatest(touched.not_before, shut_until) AS soonest
        FROM open CROSS JOIN LATERAL (
            SELECT not_before FROM due
            WHERE tenant_id = open.id AND generation > settled_generation AND dead_at IS NULL
              AND leased_until IS NULL
            ORDER BY not_before LIMIT 1
        ) touched
        UNION ALL
        (SELECT greatest(not_before, shut_until) FROM due JOIN open ON open.id = tenant_id
         WHERE due_at <= :promised AND dead_at IS NULL AND leased_until IS NULL)
        UNION ALL
        (SELECT greatest(not_before, leased_until, shut_until) FROM due JOIN open ON open.id = tenant_id
         WHERE leased_until IS NOT NULL AND dead_at IS NULL
           AND (generation > settled_generation OR due_at <= :promised))
    )
    SELECT extract(epoch FROM min(soonest) - now()) FROM waiting
    """
)

# A lease that ran out was never given back: the run died, or hung.
_LEASE = sa.text(
    """
    UPDATE due SET fence = fence + 1, leased_until = now() + :lease,
        crashes = crashes + (leased_until IS NOT NULL)::int
    WHERE tenant_id = :tenant_id AND subject = :subject AND dead_at IS NULL AND not_before <= now()
      AND (leased_until IS NULL OR leased_until < now())
      AND (generation > settled_generation OR due_at <= :promised)
    RETURNING generation, settled_generation, fence, attempts, crashes, waiting_since
    """
)

_RELEASE = sa.text(
    """
    UPDATE due SET leased_until = now() - interval '1 second',
        not_before = greatest(not_before, now() + make_interval(secs => 10 * crashes * crashes))
    WHERE tenant_id = :tenant_id AND subject = :subject AND leased_until >= now()
    """
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to settle a subject. `fence` grows with each; an older one may write nothing."""

    tenant_id: int
    subject: str
    generation: int
    fence: int
    attempts: int
    crashes: int
    touched_at: datetime | None  # when the first event came that is not settled yet; None: the clock woke it


async def touch(connection: AsyncConnection, tenant_id: int, subject: str, gather: timedelta) -> None:
    """Something happened to this subject: look at it again once it was quiet for `gather`.

    A burst pushes the look away, though never further than `LONGEST_GATHERING` times `gather` from its
    first event; a longer wait, after a failure or for a limit, stays. A dead subject revives.
    """
    now = sa.func.now()
    idle = sa.or_(due.c.generation == due.c.settled_generation, due.c.dead_at.is_not(None))
    since = sa.case((idle, now), else_=sa.func.coalesce(due.c.waiting_since, now))
    quiet = sa.func.least(now + gather, since + LONGEST_GATHERING * gather)
    await connection.execute(
        insert(due)
        .values(
            tenant_id=tenant_id, subject=subject, generation=1, waiting_since=now, not_before=now + gather
        )
        .on_conflict_do_update(
            index_elements=["tenant_id", "subject"],
            set_={
                "generation": due.c.generation + 1,
                "waiting_since": since,
                "not_before": sa.func.greatest(quiet, due.c.not_before),
                "attempts": sa.case((due.c.dead_at.is_not(None), 0), else_=due.c.attempts),
                "crashes": sa.case((due.c.dead_at.is_not(None), 0), else_=due.c.crashes),
                "dead_at": None,
            },
        )
    )


async def hurry(connection: AsyncConnection, tenant_id: int) -> None:
    """Something changed that a tenant's subjects wait for (a permission, a suspension): try them all now."""
    waits = sa.or_(
        *(due.c.reason.startswith(kind) for kind in ("Forbidden", "Locked", "Suspended", "Throttled"))
    )
    await connection.execute(
        sa.update(due)
        .where(due.c.tenant_id == tenant_id, due.c.not_before > sa.func.now(), waits)
        .values(not_before=sa.func.now())
    )


async def touch_doubtful(connection: AsyncConnection, gather: timedelta) -> int:
    """Look again at what was in doubt once, and whose time has come; returns at how many subjects."""
    query = sa.select(effect.c.tenant_id, effect.c.subject).distinct()
    rows = (await connection.execute(query.where(effect.c.heal_at <= sa.func.now()))).all()
    for row in rows:
        await touch(connection, row.tenant_id, row.subject, gather)
    return len(rows)


async def touch_open(
    connection: AsyncConnection, tenant_id: int, repository_id: int, gather: timedelta
) -> None:
    """The rules or owners of a repository changed: look at every open change of it again."""
    still_open = sa.select(clock.c.subject).where(
        clock.c.tenant_id == tenant_id,
        clock.c.subject.startswith(f"change:{repository_id}:"),
        clock.c.state != "DONE",
    )
    for subject in (await connection.execute(still_open)).scalars().all():
        await touch(connection, tenant_id, subject, gather)


async def with_head(
    connection: AsyncConnection, tenant_id: int, repository_id: int, commit: str
) -> list[str]:
    """The open changes of a repository whose newest commit this is."""
    query = sa.select(clock.c.subject).where(
        clock.c.tenant_id == tenant_id,
        clock.c.subject.startswith(f"change:{repository_id}:"),
        clock.c.state != "DONE",
        clock.c.projection["head"].astext == commit,
    )
    return list((await connection.execute(query)).scalars())


async def depending_on(
    connection: AsyncConnection, tenant_id: int, repository_id: int, references: list[str]
) -> list[str]:
    """The open changes of a repository that say that they wait for one of these."""
    named = sa.or_(*(clock.c.projection["depends_on"].contains([each]) for each in references))
    query = sa.select(clock.c.subject).where(
        clock.c.tenant_id == tenant_id,
        clock.c.subject.startswith(f"change:{repository_id}:"),
        clock.c.state != "DONE",
        named,
    )
    return list((await connection.execute(query)).scalars())


async def of_repository(connection: AsyncConnection, tenant_id: int, repository_id: int) -> list[str]:
    """Every change and issue of a repository that was ever looked at."""
    kinds = [due.c.subject.startswith(f"{kind}:{repository_id}:") for kind in ("change", "issue")]
    query = sa.select(due.c.subject).where(due.c.tenant_id == tenant_id, sa.or_(*kinds))
    return list((await connection.execute(query)).scalars())


async def ready(
    connection: AsyncConnection,
    promised: datetime,
    *,
    share: int = RUNNING_PER_TENANT,
    most: int = RUNNING_IN_ALL,
) -> list[tuple[int, str]]:
    """Subjects to settle now, (tenant, subject), taken from all tenants in turn.

    `promised` is the present of the clock of promises. No tenant gets more than its `share` at once: one whose
    forge is slow to answer would otherwise hold every place of a worker, and everybody else would wait for it.
    """
    rows = await connection.execute(_READY, {"promised": promised, "share": share, "most": most})
    return [(row.tenant_id, row.subject) for row in rows]


async def seconds_until_ready(connection: AsyncConnection, promised: datetime) -> float | None:
    """How long until the next touched or overdue subject may be settled; None where nothing waits."""
    seconds = await connection.scalar(_SOONEST, {"promised": promised})
    return None if seconds is None else max(float(seconds), 0.0)


async def running(connection: AsyncConnection) -> int:
    """How many subjects are being settled now."""
    query = sa.select(sa.func.count()).select_from(due).where(due.c.leased_until >= sa.func.now())
    return await connection.scalar(query) or 0


async def lease(
    connection: AsyncConnection, tenant_id: int, subject: str, promised: datetime
) -> Lease | None:
    """Take a subject to settle it; None where there is nothing to do or somebody else has it."""
    values = {"lease": LEASE, "tenant_id": tenant_id, "subject": subject, "promised": promised}
    row = (await connection.execute(_LEASE, values)).one_or_none()
    if row is None:
        return None
    touched_at = row.waiting_since if row.generation > row.settled_generation else None
    return Lease(tenant_id, subject, row.generation, row.fence, row.attempts, row.crashes, touched_at)


async def release(connection: AsyncConnection, tenant_id: int, subject: str) -> None:
    """The worker that held this subject died: another may have it, later each time that this happens."""
    await connection.execute(_RELEASE, {"tenant_id": tenant_id, "subject": subject})


async def holds(connection: AsyncConnection, lease: Lease) -> bool:
    """Whether this lease is still the newest, so that its owner may write."""
    query = sa.select(due.c.fence == lease.fence).where(
        due.c.tenant_id == lease.tenant_id, due.c.subject == lease.subject, due.c.leased_until > sa.func.now()
    )
    return bool(await connection.scalar(query))


async def settled(
    connection: AsyncConnection, lease: Lease, due_at: datetime | None, gather: timedelta
) -> None:
    """The subject is as it ought to be, up to the touch that the lease saw; look again at `due_at`."""
    more = due.c.generation > lease.generation
    await connection.execute(
        _ours(lease).values(
            settled_generation=lease.generation,
            due_at=due_at,
            attempts=0,
            crashes=0,
            reason=None,
            leased_until=None,
            waiting_since=sa.case((more, sa.func.now()), else_=None),
            not_before=sa.case((more, sa.func.now() + gather), else_=sa.func.now()),
        )
    )


async def wait(connection: AsyncConnection, lease: Lease, until: timedelta, reason: str) -> None:
    """Try later for a reason that is nobody's failure: a limit, a breaker, an uncertain effect."""
    await connection.execute(
        _ours(lease).values(
            leased_until=None, crashes=0, not_before=sa.func.now() + until, reason=_kept(reason)
        )
    )


async def failed(connection: AsyncConnection, lease: Lease, reason: str) -> bool:
    """Count a failed attempt; returns whether it was the last, and the subject now is a dead letter."""
    if lease.attempts >= len(WAITS):
        await bury(connection, lease, reason)
        return True
    pause = WAITS[lease.attempts] * random.uniform(0.8, 1.2)  # noqa: S311
    await connection.execute(
        _ours(lease).values(
            leased_until=None,
            attempts=lease.attempts + 1,
            crashes=0,
            not_before=sa.func.now() + pause,
            reason=_kept(reason),
        )
    )
    return False


async def bury(connection: AsyncConnection, lease: Lease, reason: str) -> None:
    """Give the subject up until a new event revives it."""
    await connection.execute(
        _ours(lease).values(leased_until=None, dead_at=sa.func.now(), reason=_kept(reason))
    )


def _kept(reason: str) -> str:
    """The reason as operators may read it."""
    return redact(reason)[:2000]


def _ours(lease: Lease) -> sa.Update:
    return sa.update(due).where(
        due.c.tenant_id == lease.tenant_id, due.c.subject == lease.subject, due.c.fence == lease.fence
    )
