"""Who stays silent is helped, not scolded: another owner is asked, then the lead is told."""

from __future__ import annotations

import pytest

from tests.stories import Bot, Shop, golden, said

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone

LEAD = "reviewers: {fallback: [dora]}\n"


async def test_after_half_as_long_again_another_owner_is_asked_and_the_first_stays(
    bot: Bot, world: Shop
) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [first] = change.asked
    world.later("25h")  # Tuesday 10:00: reminded
    await bot.settled()
    world.later("5h")  # Tuesday 15:00: 14 of 8 hours
    await bot.settled()
    assert change.asked == {"ben", "carla"}
    assert f"@{first}" in said(change)[1]


async def test_only_one_more_is_asked_however_many_own_it(bot: Bot, world: Shop) -> None:
    """There are four owners and a fallback; each step of the ladder brings in one of them."""
    world.dora.commits(world.api, {".github/usher.yml": LEAD})
    for login in ("finn", "gina"):
        world.forge.person(login, member_of="shop").joins("shop/payments")
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert len(change.asked) == 1
    world.later("25h")
    await bot.settled()
    world.later("5h")  # Tuesday 15:00: 14 of 8 hours
    await bot.settled()
    assert len(change.asked) == 2
    assert change.asked < {"ben", "carla", "finn", "gina"}


async def test_after_twice_the_time_the_lead_is_told_and_others_take_over(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": LEAD})
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [first] = change.asked
    world.later("25h")
    await bot.settled()
    world.later("22h")  # Wednesday 08:00: 16 of 8 hours
    await bot.settled()
    world.later("3h")
    await bot.settled()
    told = [body for body in said(change) if "@dora" in body]
    assert len(told) == 1
    golden("lead_told", told[0])
    [second] = {"ben", "carla"} - {first}
    assert second in change.asked
    assert first not in change.asked


async def test_where_nobody_else_owns_it_the_first_is_kept(bot: Bot, world: Shop) -> None:
    """Taking the only owner off would leave nobody."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    for _ in range(6):
        world.later("1d")
        await bot.settled()
    assert change.asked == {"erin"}


async def test_nobody_is_reminded_more_often_a_day_than_agreed(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "reviews: {per_person_day: 2}\n"})
    changes = [world.ana.opens(world.api, touching={f"docs/{n}.md": "x\n"}) for n in range(4)]
    await bot.settled()
    world.later("25h")
    await bot.settled()
    reminded = [body for change in changes for body in said(change) if "@erin" in body]
    assert len(reminded) == 2


async def test_who_knows_the_files_is_asked_before_who_does_not(bot: Bot, world: Shop) -> None:
    """Ben reviewed this file before; the next change of it goes to him, whatever the number of the change."""
    first = world.ana.opens(world.api, touching=["pay/refund.py"])
    world.ana.asks(first, "ben")
    await bot.settled()
    world.ben.reviews(first, "approve")
    await bot.settled()
    world.dora.merges(first)
    for _ in range(3):
        change = world.ana.opens(world.api, touching=["pay/refund.py"])
        await bot.settled()
        assert change.asked == {"ben"}
        world.ben.reviews(change, "approve")
        world.ana.closes(change)
        await bot.settled()


async def test_a_change_that_touches_too_much_asks_nobody_and_says_so(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "reviews: {max_files: 3}\n"})
    change = world.ana.opens(world.api, touching={f"docs/{n}.md": "x\n" for n in range(5)})
    await bot.settled()
    assert change.asked == set()
    golden("too_large", said(change)[0])
    world.ana.pushes(change, {f"docs/{n}.md": None for n in range(3)})
    await bot.settled()
    assert change.asked == {"erin"}


@pytest.mark.parametrize("base", ["main", "release/1"])
async def test_only_changes_to_agreed_branches_are_asked_about(bot: Bot, world: Shop, base: str) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "reviews: {bases: [main]}\n"})
    world.dora.branches(world.api, "release/1")
    change = world.ana.opens(world.api, touching=["docs/guide.md"], base=base)
    await bot.settled()
    assert change.asked == ({"erin"} if base == "main" else set())


async def test_an_area_may_have_a_lead_of_its_own(bot: Bot, world: Shop) -> None:
    rules = (
        "reviewers: {fallback: [dora]}\nreviews: {areas: {pay: {owners: ['@shop/payments'], lead: erin}}}\n"
    )
    world.dora.commits(world.api, {".github/usher.yml": rules})
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    for length in ("25h", "22h", "3h"):
        world.later(length)
        await bot.settled()
    assert [body for body in said(change)[1:] if "@dora" in body] == []
    assert len([body for body in said(change)[1:] if "@erin" in body]) == 1
