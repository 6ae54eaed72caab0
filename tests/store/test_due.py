"""What is ready to be settled, and when the next will be: the same as asking every row by itself."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import due
from app.store.database import Database

PROMISED = datetime(2026, 11, 23, 9, tzinfo=UTC)
ACTIVE = (1, 2)
SUSPENDED = 3


@dataclass(frozen=True)
class Row:
    """A row of `due`; instants are seconds from the present of their clock, None where there is none."""

    tenant_id: int
    subject: str
    generation: int = 1
    settled_generation: int = 1
    due_at: int | None = None
    not_before: int = -10
    leased_until: int | None = None
    dead_at: int | None = None

    @property
    def waits(self) -> bool:
        wants = self.generation > self.settled_generation or (self.due_at is not None and self.due_at <= 0)
        return wants and self.dead_at is None and self.tenant_id in ACTIVE

    @property
    def running(self) -> bool:
        return self.leased_until is not None and self.leased_until >= 0

    @property
    def is_ready(self) -> bool:
        return self.waits and not self.running and self.not_before <= 0


async def keep(connection: AsyncConnection, rows: list[Row]) -> None:
    await connection.execute(
        sa.text(
            "INSERT INTO tenant (forge, host, installation, state)"
            " SELECT 'github', '', n, CASE WHEN n = :gone THEN 'suspended' ELSE 'active' END"
            " FROM generate_series(1, 3) n"
        ),
        {"gone": SUSPENDED},
    )
    await connection.execute(
        sa.text(
            "INSERT INTO due (tenant_id, subject, generation, settled_generation, due_at, not_before,"
            " leased_until, dead_at) VALUES (:tenant_id, :subject, :generation, :settled_generation,"
            " :promised + make_interval(secs => :due_at), now() + make_interval(secs => :not_before),"
            " now() + make_interval(secs => :leased_until), now() + make_interval(secs => :dead_at))"
        ),
        [{**asdict(row), "promised": PROMISED} for row in rows],
    )


def some_rows(seed: int) -> list[Row]:
    chance = random.Random(seed)
    return [
        Row(
            tenant_id=chance.choice((*ACTIVE, SUSPENDED)),
            subject=f"change:7:{number}",
            generation=chance.choice((1, 1, 2)),
            due_at=chance.choice((None, -600, -1, 0, 1, 600)),
            not_before=chance.choice((-100 - number, -number, 0, 7, 30 + number)),
            leased_until=chance.choice((None, None, None, None, -5, 40 + number)),
            dead_at=chance.choice((None, None, None, -60)),
        )
        for number in range(chance.choice((3, 12, 60)))
    ]


def ready_by_reading(rows: list[Row]) -> set[tuple[int, str]]:
    """Of each tenant what was touched first and what fell due first, in turns, up to its share."""
    found = set()
    for tenant_id in ACTIVE:
        share = due.RUNNING_PER_TENANT - sum(row.running for row in rows if row.tenant_id == tenant_id)
        own = [row for row in rows if row.is_ready and row.tenant_id == tenant_id]
        touched = sorted(
            (row for row in own if row.generation > row.settled_generation),
            key=lambda row: (row.not_before, row.subject),
        )
        promised = sorted(
            (row for row in own if row.due_at is not None and row.due_at <= 0),
            key=lambda row: (row.due_at, row.subject),
        )
        turns: dict[str, int] = {}
        for part in (touched, promised):
            for turn, row in enumerate(part[: max(share, 0)]):
                turns[row.subject] = min(turn, turns.get(row.subject, turn))
        chosen = sorted(turns, key=lambda subject: (turns[subject], subject))[: max(share, 0)]
        found |= {(tenant_id, subject) for subject in chosen}
    return found


def soonest_by_reading(rows: list[Row]) -> float | None:
    """A lease that ran out holds nobody back, though it is not cleared away."""
    waiting = [max(row.not_before, row.leased_until or row.not_before) for row in rows if row.waits]
    return max(min(waiting), 0) if waiting else None


@pytest.mark.parametrize("seed", range(40))
async def test_what_is_ready_and_what_comes_next_is_what_every_row_says(
    database: Database, seed: int
) -> None:
    rows = some_rows(seed)
    async with database.begin() as connection:
        await keep(connection, rows)
        assert set(await due.ready(connection, PROMISED)) == ready_by_reading(rows)
        assert await due.seconds_until_ready(connection, PROMISED) == soonest_by_reading(rows)
        assert await due.running(connection) == sum(row.running for row in rows)


async def test_a_suspended_tenant_however_large_keeps_nobody_waiting(database: Database) -> None:
    forgotten = [Row(SUSPENDED, f"change:8:{number}", due_at=-9999, generation=2) for number in range(1200)]
    async with database.begin() as connection:
        await keep(connection, [*forgotten, Row(1, "change:7:1", due_at=-1)])
        assert await due.ready(connection, PROMISED) == [(1, "change:7:1")]


async def test_who_is_ready_can_be_leased_once_and_is_settled_until_the_next_instant(
    database: Database,
) -> None:
    later = PROMISED + timedelta(hours=1)
    async with database.begin() as connection:
        await keep(connection, [Row(1, "change:7:1", due_at=0)])
        lease = await due.lease(connection, 1, "change:7:1", PROMISED)
        assert lease is not None
        assert await due.lease(connection, 1, "change:7:1", PROMISED) is None
        await due.settled(connection, lease, later, timedelta(seconds=1))
        assert await due.ready(connection, later - timedelta(seconds=1)) == []
        assert await due.ready(connection, later) == [(1, "change:7:1")]


async def test_a_tenant_with_thousands_waiting_takes_no_more_than_its_share(database: Database) -> None:
    noisy = [Row(1, f"change:8:{number}", generation=2, not_before=-9999) for number in range(3000)]
    async with database.begin() as connection:
        await keep(connection, [*noisy, Row(2, "change:7:1", generation=2, not_before=-1)])
        found = await due.ready(connection, PROMISED)
    assert len(found) == due.RUNNING_PER_TENANT + 1
    assert (2, "change:7:1") in found[:2]


async def test_no_more_run_in_all_than_the_database_bears(database: Database) -> None:
    rows = [Row(1, f"change:8:{number}", generation=2, leased_until=60) for number in range(3)]
    async with database.begin() as connection:
        await keep(connection, [*rows, *(Row(2, f"change:7:{number}", generation=2) for number in range(4))])
        assert len(await due.ready(connection, PROMISED, most=5)) == 2
        assert await due.ready(connection, PROMISED, most=3) == []


async def test_what_is_touched_all_the_time_keeps_no_promise_of_its_tenant_waiting(
    database: Database,
) -> None:
    busy = [Row(1, f"change:8:{number}", generation=2, not_before=-99) for number in range(9)]
    async with database.begin() as connection:
        await keep(connection, [*busy, Row(1, "change:9:1", due_at=-1)])
        assert (1, "change:9:1") in await due.ready(connection, PROMISED)


async def test_a_tenant_whose_forge_asked_to_wait_is_left_alone(database: Database) -> None:
    async with database.begin() as connection:
        await keep(connection, [Row(1, "change:7:1", generation=2), Row(2, "change:7:1", generation=2)])
        shut = "INSERT INTO budget (tenant_id, state, shut_until) VALUES (1, '{}', now() + interval '1 hour')"
        await connection.execute(sa.text(shut))
        assert await due.ready(connection, PROMISED) == [(2, "change:7:1")]
        await connection.execute(sa.text("DELETE FROM due WHERE tenant_id = 2"))
        assert await due.seconds_until_ready(connection, PROMISED) == 3600


async def test_a_subject_whose_runs_never_end_waits_longer_each_time(database: Database) -> None:
    waits = []
    async with database.begin() as connection:
        await keep(connection, [Row(1, "change:7:1", generation=2)])
        for crash in range(due.POISON + 1):
            lease = await due.lease(connection, 1, "change:7:1", PROMISED)
            assert lease is not None
            assert lease.crashes == crash
            await due.release(connection, 1, "change:7:1")
            query = sa.text("SELECT extract(epoch FROM not_before - now()) FROM due")
            waits.append(max(int(await connection.scalar(query)), 0))
            await connection.execute(sa.text("UPDATE due SET not_before = now()"))
    assert waits == [0, 10, 40, 90, 160, 250]


async def test_what_a_subject_waits_for_is_kept_without_secrets(database: Database) -> None:
    async with database.begin() as connection:
        await keep(connection, [Row(1, "change:7:1", generation=2)])
        lease = await due.lease(connection, 1, "change:7:1", PROMISED)
        assert lease is not None
        await due.failed(connection, lease, f"Unavailable: PRIVATE-TOKEN glpat-{'x' * 20}")
        kept = await connection.scalar(sa.text("SELECT reason FROM due"))
    assert kept == "Unavailable: PRIVATE-TOKEN [redacted]"
