"""Replicas share what a tenant may call: what one of them used or was told, all of them know."""

from __future__ import annotations

import asyncio
import time

import pytest
import sqlalchemy as sa

from app.forges.limits import Limit, Pace
from app.store import budgets, tenants
from app.store.budgets import SharedGate
from app.store.database import Database
from app.store.tables import budget
from handlers.ports import Throttled

INSTALLATION = ("github", "https://api.example.com", 7)


@pytest.fixture
async def tenant_id(database: Database) -> int:
    async with database.begin() as connection:
        return (await tenants.by_installation(connection, *INSTALLATION, account="shop", mode="live")).id


def replica(database: Database, pace: Pace | None = None) -> SharedGate:
    return SharedGate(database, INSTALLATION, pace or Pace(0.1))


async def test_writes_of_two_replicas_keep_their_distance(database: Database, tenant_id: int) -> None:
    began = time.monotonic()
    await asyncio.gather(*(replica(database).turn(write=True) for _ in range(4)))
    assert time.monotonic() - began >= 0.3


async def test_a_limit_that_one_replica_was_told_stops_the_other(database: Database, tenant_id: int) -> None:
    one, other = replica(database), replica(database)
    await other.turn(write=False)
    await one.hit(Limit("primary", 600))
    with pytest.raises(Throttled, match="hourly"):
        await other.turn(write=False)


async def test_replicas_count_one_hour_together(database: Database, tenant_id: int) -> None:
    pace = Pace(0, writes_per_hour=3)
    for gate in (replica(database, pace) for _ in range(3)):
        await gate.turn(write=True)
    with pytest.raises(Throttled, match="our own limit"):
        await replica(database, pace).turn(write=True)


async def test_one_probe_for_all_replicas(database: Database, tenant_id: int) -> None:
    one, other = replica(database), replica(database)
    await one.turn(write=False)
    await one.hit(Limit("vague"))
    async with database.begin() as connection:
        state = sa.func.jsonb_set(budget.c.state, sa.text("'{shut_until}'"), sa.text("'0'"))
        await connection.execute(sa.update(budget).values(state=state))
    await one.turn(write=False)
    with pytest.raises(Throttled, match="another call"):
        await other.turn(write=False)
    await one.passed()
    await other.turn(write=False)


async def test_an_event_of_the_forge_opens_what_was_shut(database: Database, tenant_id: int) -> None:
    gate = replica(database)
    await gate.hit(Limit("suspended"))
    async with database.begin() as connection:
        await budgets.try_again(connection, tenant_id)
    await gate.turn(write=True)


async def test_calls_go_on_while_the_forge_says_again_and_again_that_something_changed(
    database: Database, tenant_id: int
) -> None:
    async def changes() -> None:
        for _ in range(60):
            async with database.begin() as connection:
                await budgets.try_again(connection, tenant_id)

    async def calls() -> None:
        for _ in range(30):
            await replica(database, Pace(0)).turn(write=False)

    await asyncio.gather(changes(), *(calls() for _ in range(4)))


async def test_what_is_left_of_the_hour_is_known_to_all(database: Database, tenant_id: int) -> None:
    gate = replica(database)
    gate.told(1000, 5000)
    await gate.turn(write=False)
    async with database.begin() as connection:
        assert await budgets.share_left(connection, tenant_id) == 0.2
        assert await budgets.share_left(connection, 999) == 1.0


async def test_an_installation_that_no_delivery_named_yet_is_paced_in_memory(database: Database) -> None:
    gate = replica(database, Pace(0, writes_per_hour=1))
    await gate.turn(write=True)
    with pytest.raises(Throttled):
        await gate.turn(write=True)
