"""Usher leaves: nothing that it opened stays open, nothing more is written, and nothing of it is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.errors import ForPeople
from app.forges.sandbox import Sandbox
from app.forges.sandbox.world import Change, Issue
from app.settling.goodbye import goodbye
from app.store import retention
from app.store.tables import metadata, tenant
from tests.handlers.guest_world import OWNERS, grown_shop
from tests.stories import Bot, Shop

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone


@pytest.fixture
async def world(forge: Sandbox) -> Shop:
    return grown_shop(forge)


async def kept(bot: Bot) -> set[str]:
    """The tables that hold anything of a tenant."""
    found = set()
    async with bot.usher.database.begin() as connection:
        for table in metadata.sorted_tables:
            if "tenant_id" in table.c and table.name != "audit":
                query = sa.select(sa.func.count()).where(table.c.tenant_id.is_not(None))
                if await connection.scalar(query.select_from(table)):
                    found.add(table.name)
    return found


def open_issues(world: Shop) -> list[Issue]:
    return [each for each in world.api.issues.values() if not isinstance(each, Change) and each.open]


def judged(world: Shop) -> set[str]:
    """How far the checks are that Usher set."""
    runs = {"completed" if run.status == "completed" else "pending" for run in world.api.checks.values()}
    return runs | {status.state for status in world.api.statuses}


async def test_nothing_that_usher_opened_stays_open(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/CODEOWNERS": OWNERS + "old/ @gone\n"})
    change = world.ana.opens(world.api, {"pay/refund.py": "#\n", ".github/CODEOWNERS": OWNERS + "x/ @gone\n"})
    mine = world.ana.reports(world.api, "Refunds are lost")
    await bot.settled()
    assert len(open_issues(world)) == 2
    assert judged(world)
    left = await goodbye(bot.usher.database, bot.usher.forges, "Shop", labels=("inner-source",))
    assert (left.closed, left.unlabelled, left.refused) == (1, 2, [])
    assert open_issues(world) == [mine]
    assert "pending" not in judged(world)
    assert (change.label_names, mine.label_names) == (set(), set())
    writes = len(bot.forge.ledger.writes)
    world.ana.opens(world.api, touching=["pay/refund.py"])
    world.later("7d")
    await bot.settled()
    assert len(bot.forge.ledger.writes) == writes


async def test_an_account_that_nobody_knows_is_said_so(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    with pytest.raises(ForPeople, match="Known accounts: shop"):
        await goodbye(bot.usher.database, bot.usher.forges, "other")


async def test_of_who_uninstalled_it_nothing_is_kept_a_day_later(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    bot.forge.uninstall("shop")
    await bot.settled()
    [row] = await bot.rows(tenant)
    assert row.state == "left"
    await retention.tidy(bot.usher.database, {})
    assert "fact" in await kept(bot)
    async with bot.usher.database.begin() as connection:
        earlier = tenant.c.left_at - timedelta(hours=23)
        await connection.execute(sa.update(tenant).values(left_at=earlier))
    note = await retention.tidy(bot.usher.database, {})
    assert note["left"] == 1
    assert (await kept(bot), await bot.rows(tenant)) == (set(), [])


async def test_who_comes_back_in_time_loses_nothing(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    async with bot.usher.database.begin() as connection:
        await connection.execute(sa.update(tenant).values(state="left", left_at=sa.func.now()))
    bot.forge.suspend("shop")
    bot.forge.suspend("shop", on=False)
    await bot.settled()
    [row] = await bot.rows(tenant)
    assert (row.state, row.left_at) == ("active", None)
