"""Checks that the branch demands: red is the author's turn, and asking may wait for green."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.forges.sandbox.faults import Fault
from app.forges.sandbox.world import Change, Protection
from app.store.tables import clock
from tests.stories import Bot, Shop, golden, said, subject_of

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone

GATE = "reviews: {ci: gate, gate_max: 2h}\n"


async def state(bot: Bot, change: Change) -> tuple[str, str]:
    """The state of a change, and whose turn it is."""
    [row] = await bot.rows(clock, clock.c.subject == subject_of(change))
    return row.state, row.turn


@pytest.mark.parametrize("by_ruleset", [True, False])
async def test_a_required_check_that_failed_is_the_authors_until_it_succeeds(
    bot: Bot, world: Shop, by_ruleset: bool
) -> None:
    """Whether a ruleset demands the check, or the older protection of the branch."""
    world.api.protections["main"] = Protection(checks=("ci/build",), by_ruleset=by_ruleset)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == {"erin"}
    world.later("10m")
    world.dora.sets_status(change, "failure", "ci/build")
    await bot.settled()
    assert await state(bot, change) == ("FIX", "ana")
    assert "your turn, `ana`" in said(change)[0]
    world.later("2d")
    await bot.settled()
    assert len(said(change)) == 1  # nobody is reminded meanwhile
    world.dora.sets_status(change, "success", "ci/build")
    await bot.settled()
    assert await state(bot, change) == ("REVIEW", "erin")


async def test_a_check_that_nobody_demands_pauses_nothing(bot: Bot, world: Shop) -> None:
    """GitLab demands its pipeline as a whole, of which every check is a part, or nothing."""
    demanded = ("ci/build",) if world.forge.kind == "github" else ()
    world.api.protections["main"] = Protection(checks=demanded)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    world.dora.sets_status(change, "failure", "nice-to-have")
    await bot.settled()
    assert await state(bot, change) == ("REVIEW", "erin")


async def test_where_the_branchs_rules_cannot_be_read_no_check_pauses(bot: Bot, world: Shop) -> None:
    world.api.protections["main"] = Protection(checks=("ci/build",))
    world.forge.faults.next(Fault(status=403), times=99, path="/rules/branches/")
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    world.dora.sets_status(change, "failure", "ci/build")
    await bot.settled()
    assert await state(bot, change) == ("REVIEW", "erin")


async def test_a_conflict_with_the_base_is_the_authors_until_it_is_mended(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching={"docs/guide.md": "# One way\n"})
    await bot.settled()
    world.later("1h")
    world.dora.commits(world.api, {"docs/guide.md": "# Another\n"})
    world.ana.comments(change, "Hm.")  # forges tell of no conflict: it is seen when something happens here
    await bot.settled()
    world.later("2m")  # the forge had to find out
    await bot.settled()
    assert await state(bot, change) == ("FIX", "ana")
    world.later("1h")
    world.dora.commits(world.api, {"docs/guide.md": "# Guide\n"})
    world.ana.comments(change, "Thanks!")
    await bot.settled()
    world.later("2m")
    await bot.settled()
    assert await state(bot, change) == ("REVIEW", "erin")


async def test_asking_may_wait_for_green_checks(bot: Bot, world: Shop) -> None:
    world.api.protections["main"] = Protection(checks=("ci/build",))
    world.dora.commits(world.api, {".github/usher.yml": GATE})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == set()
    golden("waits_for_checks", said(change)[0])
    world.later("30m")
    world.dora.sets_status(change, "success", "ci/build")
    await bot.settled()
    assert change.asked == {"erin"}
    owed = [each for each in await bot.obligations(change) if each.kind == "first_response"]
    assert {each.t0 - change.opened_at >= timedelta(minutes=30) for each in owed} == {True}


async def test_asking_waits_for_checks_only_so_long(bot: Bot, world: Shop) -> None:
    world.api.protections["main"] = Protection(checks=("ci/build",))
    world.dora.commits(world.api, {".github/usher.yml": GATE})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == set()
    world.later("2h")
    world.later("5m")
    await bot.settled()
    assert change.asked == {"erin"}
