"""Somebody from another team proposes a change: they are told who owns it, and somebody welcomes them."""

from __future__ import annotations

import pytest

from app.forges.sandbox import Sandbox
from app.forges.sandbox.world import Change
from tests.handlers.conftest import Bot, Shop
from tests.handlers.guest_world import grown_shop

RULES = """\
reviewers: {trusted_committers: [carla], max_reviewers: 2}
reviews: {guest: {first_response: 4bh}}
"""


@pytest.fixture
async def world(forge: Sandbox) -> Shop:
    return grown_shop(forge, RULES)


async def origin(bot: Bot, change: Change) -> str:
    """Where Usher says that the change comes from."""
    facts = [row.payload for row in await bot.facts(change)]
    return [each["origin"] for each in facts if each["kind"] == "OriginSeen"][-1]


async def test_a_guest_is_met_by_a_trusted_committer_within_the_time_for_guests(
    bot: Bot, world: Shop
) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, change) == "guest"
    assert "carla" in change.asked
    world.later("1h")
    await bot.settled()
    budgets = {row.budget_s for row in await bot.obligations(change) if row.kind == "first_response"}
    assert budgets == {4 * 3600}


async def test_whoever_is_in_a_team_within_the_owning_team_is_no_guest(bot: Bot, world: Shop) -> None:
    change = world.erin.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert await origin(bot, change) == "own"


@pytest.mark.slow
async def test_who_changes_teams_later_stays_what_they_were_at_the_opening(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.ana.joins("shop/payments")
    world.ana.pushes(change, ["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, change) == "guest"
    later = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, later) == "own"


@pytest.mark.slow
async def test_a_push_to_other_files_makes_it_mixed_and_the_promise_stays(bot: Bot, world: Shop) -> None:
    change = world.ben.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert await origin(bot, change) == "guest"
    world.ben.pushes(change, ["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, change) == "mixed"
    world.later("1h")
    await bot.settled()
    budgets = {row.budget_s for row in await bot.obligations(change) if row.kind == "first_response"}
    assert budgets == {4 * 3600}


@pytest.mark.slow
async def test_an_author_without_a_team_is_not_guessed_about(bot: Bot, world: Shop) -> None:
    change = bot.forge.person("p12").opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, change) == "unknown"
