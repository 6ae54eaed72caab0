"""What the pages measure: small teams are not told apart, and what an organisation agreed on holds everywhere."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from app.rounds.permissions import watch_permissions
from app.rounds.quarters import keep_now
from app.rounds.schedule import Rounds
from app.store import chores
from app.store.tables import requirement
from tests.handlers.guest_world import grown_shop
from tests.stories import Bot, Forge, Shop, a_day_later, defaults_of

pytestmark = pytest.mark.slow

FEW = "not shown: fewer than 5 people own it"
SHARED = "metrics: {min_group: 2}\n"


@pytest.fixture
def agreed() -> str:
    """What the organisation's rules say about measuring."""
    return ""


@pytest.fixture
async def world(forge: Forge, agreed: str) -> Shop:
    shop = grown_shop(forge)
    forge.repository(defaults_of(forge), files={".github/usher.yml": agreed}, collaborators={"dora": "admin"})
    return shop


async def a_guest_is_merged(bot: Bot, world: Shop) -> None:
    """Of search, two people, to payments, who are two as well; the platform's four own the repository."""
    world.dora.commits(world.api, {"innersource.json": "{}"})
    known = world.forge.world.repositories.values()
    for_all = next(each for each in known if each.full_name == defaults_of(world.forge))
    world.dora.commits(for_all, {"README.md": "# Rules for all\n"})
    change = world.ana.opens(world.api, touching=["pay/refund.py"], title="Refund twice")
    await bot.settled()
    world.later("2h")
    world.carla.reviews(change, "approve")
    world.dora.merges(change)
    await bot.settled()


class TestSmallTeams:
    async def test_nobody_is_recognised_by_the_number_of_a_team_of_two(self, bot: Bot, world: Shop) -> None:
        await a_guest_is_merged(bot, world)
        async with bot.visited_by("erin") as browser:
            flow = (await browser.get("/flow")).text
            exported = (await browser.get("/flow.json")).json()
            one = await browser.get("/flow", params={"team": "shop/payments"})
            promises = (await browser.get("/promises")).text
            repository = (await browser.get(f"/r/{bot.forge.kind}/shop/api")).text
            wins = (await browser.get(f"/wins/{world.forge.now():%Y-%m}")).text
        assert "shop/payments" not in flow
        assert "other" in flow
        assert [each["team"] for each in exported] == ["other"]
        assert one.status_code == 404
        assert "We answer" in promises
        assert FEW in promises
        assert "kept," not in promises
        assert FEW in repository
        assert "kept," not in repository
        assert "Refund twice" in wins
        assert "from a small team to a small team" in wins
        assert "shop/search" not in wins


class TestWhereAnOrganisationAgreedOnLess:
    @pytest.fixture
    def agreed(self) -> str:
        return SHARED

    async def test_a_team_of_two_is_shown_by_itself(self, bot: Bot, world: Shop) -> None:
        await a_guest_is_merged(bot, world)
        async with bot.visited_by("erin") as browser:
            flow = (await browser.get("/flow")).text
            one = await browser.get("/flow", params={"team": "shop/payments"})
            repository = (await browser.get(f"/r/{bot.forge.kind}/shop/api")).text
            wins = (await browser.get(f"/wins/{world.forge.now():%Y-%m}")).text
        assert "shop/payments" in flow
        assert one.status_code == 200
        assert "kept," in repository
        assert "from shop/search to shop/payments" in wins


async def test_a_repository_that_begins_to_use_shared_code_is_a_win(bot: Bot, world: Shop) -> None:
    """What it required when it was first read is nobody's win; what it requires since then is."""
    world.dora.commits(world.api, {"package.json": json.dumps({"name": "@shop/pay"})})
    first = {"name": "@shop/till", "dependencies": {"@shop/log": "1"}}
    till = world.forge.repository(
        "shop/till",
        files={"package.json": json.dumps(first), ".github/CODEOWNERS": "* @shop/search\n"},
        teams={"shop/search": "maintain"},
        collaborators={"ana": "admin"},
    )
    world.ana.commits(till, {"README.md": "# Till\n"})
    await bot.settled()
    assert await bot.rows(requirement) == []
    await a_day_later(bot, world)
    world.ana.commits(till, {"package.json": json.dumps(first | {"dependencies": {"@shop/pay": "1"}})})
    await bot.settled()
    assert [row.package for row in await bot.rows(requirement)] == ["npm:@shop/pay"]
    async with bot.visited_by("ana") as browser:
        wins = (await browser.get(f"/wins/{world.forge.now():%Y-%m}")).text
    assert "began to use <code>npm:@shop/pay</code> of shop/api" in wins


async def test_two_quarters_stand_side_by_side(bot: Bot, world: Shop) -> None:
    """One guest was merged in the last quarter of the year, nobody in the first of the next."""
    await a_guest_is_merged(bot, world)
    await keep_now(bot.usher.database, world.forge.clock)
    await a_day_later(bot, world, "60d")
    await keep_now(bot.usher.database, world.forge.clock)
    async with bot.visited_by("ana") as browser:
        page = " ".join((await browser.get("/flow")).text.split())
    assert re.findall(r">(20\d\d-Q\d)<", page) == ["2027-Q1", "2026-Q4"]
    newest = page.partition(">2027-Q1<")[2].partition(">2026-Q4<")[0]
    assert re.search(r'data-label="Merges of guests" class="number">0 <small[^>]*>−1<', newest), newest


async def test_operations_name_the_permission_that_an_account_has_not_accepted(bot: Bot, world: Shop) -> None:
    round_ = watch_permissions(lambda: bot.usher.github.client)
    given = dict(world.forge.registration.permissions)
    world.forge.permit("shop", {name: level for name, level in given.items() if name != "checks"})
    await Rounds(bot.usher.database, [round_]).look()
    async with bot.visited_by("dora") as browser:
        lacking = (await browser.get("/operations")).text
    assert "has not accepted Checks: write; an owner accepts it at" in lacking
    world.forge.permit("shop", given)
    async with bot.usher.database.begin() as connection:
        await chores.hurry(connection, round_.name, timedelta())
    await Rounds(bot.usher.database, [round_]).look()
    async with bot.visited_by("dora") as browser:
        assert "has not accepted" not in (await browser.get("/operations")).text
