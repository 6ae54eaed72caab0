"""What keeps Usher from writing, and what becomes of what it would have written."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.store import erasing, switches, tenants
from app.store.tables import audit, due, effect, metadata, tenant
from tests.stories import Bot, Shop, said

pytestmark = pytest.mark.slow


async def throw(bot: Bot, *, feature: str = "", everywhere: bool = False) -> int | None:
    async with bot.usher.database.begin() as connection:
        tenant_id = None if everywhere else await connection.scalar(sa.select(tenant.c.id))
        await switches.pause(connection, tenant_id=tenant_id, feature=feature, by="cli:olga", why="noise")
    return tenant_id


async def lift(bot: Bot, tenant_id: int | None, feature: str = "") -> None:
    async with bot.usher.database.begin() as connection:
        assert await switches.resume(connection, tenant_id=tenant_id, feature=feature, by="cli:olga")


@pytest.mark.parametrize("everywhere", [True, False])
async def test_a_switch_holds_all_writes_back_until_it_is_lifted(
    bot: Bot, world: Shop, everywhere: bool
) -> None:
    world.ana.opens(world.api, touching=["app.py"])  # the tenant is known from now on
    await bot.settled()
    thrown = await throw(bot, everywhere=everywhere)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == set()
    assert said(change) == []
    await lift(bot, thrown)
    await bot.settled()
    assert change.asked == {"erin"}
    assert len(said(change)) == 1
    assert [row.action for row in await bot.rows(audit)] == ["pause", "resume"]


async def test_a_switch_of_one_feature_leaves_the_others_alone(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    thrown = await throw(bot, feature="sticky")
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == {"erin"}
    assert said(change) == []
    await lift(bot, thrown, "sticky")
    await bot.settled()
    assert len(said(change)) == 1


async def test_an_edit_is_held_back_too(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    [before] = said(change)
    thrown = await throw(bot)
    world.erin.reviews(change, "approve")
    await bot.settled()
    assert said(change) == [before]
    await lift(bot, thrown)
    await bot.settled()
    assert said(change) != [before]


async def test_a_thread_sees_five_comments_in_ten_minutes_and_no_more(bot: Bot, world: Shop) -> None:
    """However often somebody asks: the sixth waits until the first is ten minutes old."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    for person in (world.ana, world.dora, world.erin, world.ben, world.carla):
        person.comments(change, "/usher why")
        await bot.settled()
    assert len(said(change)) == 5
    world.later(timedelta(minutes=11))
    await bot.settled()
    assert len(said(change)) == 6


async def wrote(bot: Bot, tenant_id: int, times: int, *, hours_ago: int = 0) -> None:
    """As if Usher had written so often there."""
    async with bot.usher.database.begin() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO effect (tenant_id, subject, key, kind, fence, state, payload, sent_at)"
                " SELECT :tenant_id, 'change:1:1', :hours_ago || ':' || n, 'label', 1, 'done', '{}',"
                " now() - make_interval(hours => :hours_ago)"
                " FROM generate_series(1, :times) n"
            ),
            {"tenant_id": tenant_id, "times": times, "hours_ago": hours_ago},
        )


async def the_tenant(bot: Bot) -> int:
    async with bot.usher.database.begin() as connection:
        return int(await connection.scalar(sa.select(tenant.c.id)) or 0)


async def test_writes_that_run_away_pause_the_tenant(bot: Bot, world: Shop) -> None:
    first = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    tenant_id = await the_tenant(bot)
    await wrote(bot, tenant_id, 60, hours_ago=20)
    await wrote(bot, tenant_id, 201)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert said(change) == []
    async with bot.usher.database.begin() as connection:
        [thrown] = await switches.thrown(connection)
    assert (thrown.tenant_id, thrown.by) == (tenant_id, "usher")
    assert "60 are usual" in thrown.why
    await lift(bot, tenant_id)  # whoever lifts it has looked: what was written before counts no more
    await bot.settled()
    assert len(said(change)) == 1
    assert len(said(first)) == 1


async def test_a_busy_morning_of_a_large_organisation_is_no_runaway(bot: Bot, world: Shop) -> None:
    """Nights and weekends, when nothing is written, do not make a busy hour unusual."""
    world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    tenant_id = await the_tenant(bot)
    for hours_ago in (24, 25, 26, 48, 49, 50):
        await wrote(bot, tenant_id, 120, hours_ago=hours_ago)
    await wrote(bot, tenant_id, 300)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert len(said(change)) == 1


async def test_a_write_in_doubt_that_nobody_wants_any_more_still_ends(bot: Bot, world: Shop) -> None:
    """The answer to asking was lost, and by the time it may be looked up the person is asked already."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    async with bot.usher.database.begin() as connection:
        await connection.execute(
            sa.update(effect).where(effect.c.kind == "ask").values(state="sending", sent_at=sa.func.now())
        )
    world.ana.comments(change, "Hello")
    await bot.settled()
    assert [row.state for row in await bot.effects(change)] == ["done", "done"]
    assert len([event for event in change.history if event.kind == "review_requested"]) == 1


async def test_a_twin_that_shows_late_is_taken_back(bot: Bot, world: Shop) -> None:
    """The forge showed a comment so late that it was written again: five minutes later one of them goes."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    [sticky] = [each for each in await bot.effects(change) if each.kind == "sticky"]
    [first] = [each for each in change.remarks if each.id == sticky.remote_id]
    async with bot.usher.database.begin() as connection:
        [known] = await tenants.every(connection)
        twin_of = await connection.scalar(sa.select(effect.c.subject).where(effect.c.kind == "sticky"))
    adapter = bot.usher.forges(known, None)
    ref = await adapter.repository(world.api.id)
    seen = await adapter.change(ref.ref, change.number)
    twin = await adapter.say(seen, first.body)
    async with bot.usher.database.begin() as connection:
        doubtful = sa.update(effect).where(effect.c.kind == "sticky")
        await connection.execute(doubtful.values(heal_at=sa.func.now(), remote_id=twin.id))
        await connection.execute(
            sa.update(due).where(due.c.subject == twin_of).values(generation=due.c.generation + 1)
        )
    await bot.settled()
    assert len(said(change)) == 1
    assert {first.id, twin.id} & {each.id for each in change.remarks} == {first.id}
    [row] = [each for each in await bot.effects(change) if each.kind == "sticky"]
    assert (row.remote_id, row.heals) == (first.id, 1)
    assert row.heal_at is not None


async def test_an_account_that_removes_usher_is_forgotten(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    async with bot.usher.database.begin() as connection:
        left = sa.update(tenant).values(state="left", left_at=sa.func.now() - timedelta(hours=23))
        await connection.execute(left)
    assert await erasing.erase_left(bot.usher.database, timedelta(hours=22), step=3) == 1
    for table in metadata.sorted_tables:
        if "tenant_id" in table.c and table not in erasing.KEPT:
            assert await bot.rows(table, table.c.tenant_id.is_not(None)) == [], table.name
    assert await bot.rows(tenant) == []
