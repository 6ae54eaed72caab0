"""When an answer is due, one person hears of it, once, while they work."""

from __future__ import annotations

import pytest

from tests.stories import Bot, Shop, golden, said


async def test_one_reminder_to_the_person_whose_turn_it_is(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [asked] = change.asked
    world.later("25h")  # Tuesday 10:00: the eight hours are used up
    await bot.settled()
    [_, reminder] = said(change)
    assert f"@{asked}" in reminder
    golden("reminder", reminder.replace(f"@{asked}", "@ben"))


@pytest.mark.slow
async def test_looking_again_does_not_remind_again(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.later("25h")
    await bot.settled()
    for _ in range(3):
        world.later("20m")
        await bot.settled()
    assert len(said(change)) == 2


@pytest.mark.slow
async def test_nobody_is_reminded_at_night_or_on_a_weekend(bot: Bot, world: Shop) -> None:
    world.later("4d")  # Friday 27 November, 09:00
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.later("9h")  # Friday evening, the time is used up
    await bot.settled()
    assert len(said(change)) == 1
    world.later("40h")  # Sunday
    await bot.settled()
    assert len(said(change)) == 1
    world.later("24h")  # Monday 10:00
    await bot.settled()
    assert len(said(change)) == 2


@pytest.mark.slow
async def test_who_answered_in_time_is_not_reminded(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [asked] = change.asked
    {"ben": world.ben, "carla": world.carla}[asked].reviews(change, "approve")
    await bot.settled()
    world.later("3d")
    await bot.settled()
    assert len(said(change)) == 1


@pytest.mark.slow
async def test_a_draft_reminds_nobody(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.ana.drafts(change)
    await bot.settled()
    world.later("3d")
    await bot.settled()
    assert len(said(change)) == 1


@pytest.mark.slow
async def test_a_closed_change_reminds_nobody(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.ana.closes(change)
    await bot.settled()
    world.later("3d")
    await bot.settled()
    assert len(said(change)) == 1
    golden("closed", said(change)[0])


@pytest.mark.slow
async def test_the_comment_says_that_the_answer_is_late_and_later_that_it_came(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("25h")
    await bot.settled()
    golden("overdue", said(change)[0])
    world.erin.reviews(change, "approve")
    await bot.settled()
    golden("answered", said(change)[0])


@pytest.mark.slow
async def test_after_a_long_silence_of_usher_only_one_reminder_comes(bot: Bot, world: Shop) -> None:
    """Usher was down for two weeks: the steps in between are not made up for."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("14d")
    await bot.settled()
    assert len(said(change)) <= 2
