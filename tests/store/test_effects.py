"""What is kept of an effect whose run ended in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.store import due
from app.store.database import Database
from app.store.effects import SubjectEffects
from app.store.tables import due as due_table
from app.store.tables import effect, tenant
from handlers.records import Overtaken

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SUBJECT, KEY = "change:7:12", "change:7:12|say|reminder"
PAYLOAD = {"at": NOW.isoformat()}


async def leased(database: Database) -> due.Lease:
    """The right to settle the subject, also where the run before never gave it back."""
    async with database.begin() as connection:
        tenant_id = await connection.scalar(sa.select(tenant.c.id))
        if tenant_id is None:
            made = sa.insert(tenant).values(forge="github", host="", installation=1).returning(tenant.c.id)
            tenant_id = await connection.scalar(made)
        await due.touch(connection, tenant_id, SUBJECT, timedelta())
        gone = sa.func.now() - timedelta(seconds=1)
        await connection.execute(sa.update(due_table).values(leased_until=gone, not_before=gone))
    async with database.begin() as connection:
        lease = await due.lease(connection, tenant_id, SUBJECT, NOW)
    assert lease is not None
    return lease


async def rows(database: Database) -> list[sa.Row]:  # type: ignore[type-arg]
    async with database.begin() as connection:
        return list(await connection.execute(sa.select(effect)))


@pytest.mark.parametrize("mended", [False, True])
async def test_what_was_being_sent_when_its_run_died_is_looked_for_again_later(
    database: Database, mended: bool
) -> None:
    """Whether the next run sends it at once or only plans it again first: the forge may yet show the first one."""
    first = SubjectEffects(database, await leased(database), NOW)
    await first.sending(await first.plan(KEY, "say", PAYLOAD), "remind")
    second = SubjectEffects(database, await leased(database), NOW)
    [found] = await second.every()
    assert (found.state, found.attempts) == ("sending", 1)
    if mended:
        await second.again(found, "it did not happen")
        found = await second.plan(KEY, "say", PAYLOAD)
    await second.sending(found, "remind")
    await second.done(found, 5)
    [row] = await rows(database)
    assert (row.state, row.remote_id) == ("done", 5)
    assert row.heal_at is not None


async def test_what_went_out_at_once_is_not_looked_for(database: Database) -> None:
    effects = SubjectEffects(database, await leased(database), NOW)
    planned = await effects.plan(KEY, "say", PAYLOAD)
    await effects.sending(planned, "remind")
    await effects.done(planned, 5)
    [row] = await rows(database)
    assert row.heal_at is None


async def test_a_run_that_was_taken_over_takes_nothing_back(database: Database) -> None:
    """What is planned and no longer wanted goes with the last transaction of a run, or stays."""
    first = SubjectEffects(database, await leased(database), NOW)
    await first.plan(KEY, "say", PAYLOAD)
    late = SubjectEffects(database, await leased(database), NOW)
    newest = SubjectEffects(database, await leased(database), NOW)
    with pytest.raises(Overtaken):
        async with database.begin() as connection:
            await late.forget_unwanted(connection)
    assert len(await rows(database)) == 1
    async with database.begin() as connection:
        await newest.forget_unwanted(connection)
    assert await rows(database) == []
