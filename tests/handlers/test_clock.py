"""A clock runs while an answer is owed, in working hours, and stops when the answer comes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.forges.sandbox.world import Change
from tests.stories import Bot, Shop, said

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone

RULES = "calendars:\n  business: {zone: Europe/Berlin, holidays: {country: DE}}\n"


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


async def test_a_first_answer_is_due_after_the_agreed_working_time(bot: Bot, world: Shop) -> None:
    """Opened on Monday at 9 in the calendar's zone, with a day of eight hours: due that evening."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    owed = [each for each in await bot.obligations(change) if each.kind == "first_response"]
    [person] = [each for each in owed if each.ledger == "person"]
    assert (person.party, person.verdict, person.budget_s) == ("erin", None, 8 * 3600)
    assert person.t0 == utc(23, 9)
    assert person.due_at == utc(23, 17)


async def test_weekends_and_holidays_do_not_count(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": RULES})
    world.later("4d")
    world.later("6h")  # Friday 27 November, 16:00 in Berlin
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    [person] = [each for each in await bot.obligations(change) if each.ledger == "person"]
    assert person.due_at == utc(30, 15)  # Monday, 16:00


async def test_a_review_of_the_asked_person_stops_the_clock(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("2h")
    world.erin.reviews(change, "comment", "Why not shorter?")
    await bot.settled()
    owed = [each for each in await bot.obligations(change) if each.kind == "first_response"]
    assert {each.verdict for each in owed} == {"met"}
    assert all(each.accrued_s <= 2 * 3600 for each in owed)


async def test_a_comment_of_the_asked_person_stops_the_clock(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("1h")
    world.erin.comments(change, "I will look on Thursday.")
    await bot.settled()
    owed = [each for each in await bot.obligations(change) if each.kind == "first_response"]
    assert {each.verdict for each in owed} == {"met"}


async def test_comments_of_others_and_of_the_author_stop_nothing(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("1h")
    world.ana.comments(change, "Anybody?")
    world.forge.person("stranger", member_of="shop").comments(change, "Nice.")
    await bot.settled()
    [person] = [each for each in await bot.obligations(change) if each.ledger == "person"]
    assert person.verdict is None


async def test_an_emoji_is_no_answer(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.erin.comments(change, "👀")
    await bot.settled()
    [person] = [each for each in await bot.obligations(change) if each.ledger == "person"]
    assert person.verdict is None


async def test_an_answer_after_the_promise_is_missed_and_stays_so(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("3d")
    await bot.settled()
    world.erin.reviews(change, "approve")
    await bot.settled()
    owed = [each for each in await bot.obligations(change) if each.kind == "first_response"]
    assert {each.verdict for each in owed} == {"missed"}


async def test_a_merge_ends_everything(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.dora.merges(change)
    await bot.settled()
    assert all(each.verdict is not None for each in await bot.obligations(change))
    assert "Merged" in said(change)[0]


async def test_a_lost_review_event_is_found_when_the_change_is_looked_at(bot: Bot, world: Shop) -> None:
    """The webhook never came; nobody is reminded of an answer that was given."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("1h")
    bot.forge.courier.lose(5)
    world.erin.comments(change, "Looks fine, a detail tomorrow.")
    await bot.forge.idle()
    bot.forge.courier.lose(0)
    before = len(said(change))
    world.later("2d")
    await bot.settled()
    assert len(said(change)) == before
    [person] = [each for each in await bot.obligations(change) if each.ledger == "person"]
    assert person.verdict == "met"


@pytest.mark.slow
async def test_a_budget_that_runs_stays_when_the_rules_change(bot: Bot, world: Shop) -> None:
    """The new budget holds for what begins after it; the new hours hold from then on."""
    first = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("2h")
    rules = "reviews: {budgets: {first_response: 2bh}}\ncalendars: {business: {week: {mon-fri: ['09:00-15:00']}}}\n"
    world.dora.commits(world.api, {".github/usher.yml": rules})
    second = world.ana.opens(world.api, touching={"docs/new.md": "x\n"})
    await bot.settled()
    world.later("10m")
    await bot.settled()

    async def due(change: Change) -> str:
        [slot] = [
            each
            for each in await bot.obligations(change)
            if (each.kind, each.ledger) == ("first_response", "slot")
        ]
        return str(slot.due_at.strftime("%a %H:%M"))

    assert await due(second) == "Mon 13:05"
    assert await due(first) == "Tue 11:05"  # two hours were used up by eleven; six more, until three each day
