"""After the merge: bugs find the team that they come from, thanks wait for an owner, people help and are left alone."""

from __future__ import annotations

import pytest

from app.forges.sandbox import Sandbox
from app.forges.sandbox.world import Change, Issue
from app.store import community
from app.store.tables import effect, thanks
from policies.actions import DecideThanks
from tests.handlers.guest_world import grown_shop
from tests.stories import Bot, Shop, golden, nods, reference, said
from tests.stories import subject_of as subject_of_change

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone

RULES = """\
support: {owner: payments}
reviewers: {fallback: [dora]}
issues: {triage: null}
"""


@pytest.fixture
async def world(forge: Sandbox) -> Shop:
    return grown_shop(forge, RULES)


async def merged_guest(bot: Bot, world: Shop, path: str = "pay/refund.py") -> Change:
    """Ana's change to payments is approved and merged by ben."""
    change = world.ana.opens(world.api, touching={path: "# new\n"}, title="Refund in parts")
    await bot.settled()
    world.later("1h")
    world.ben.reviews(change, "approve")
    world.ben.merges(change)
    await bot.settled()
    return change


def bug(world: Shop, change: Change) -> Issue:
    issue = world.carla.reports(world.api, "Refunds are lost", f"Since {reference(change)} they are.")
    world.dora.labels(issue, "bug")
    return issue


# --- Warranty -----------------------------------------------------------------------------------------------


async def test_on_day_29_both_teams_hear_of_the_bug_and_on_day_30_the_owner_alone(
    bot: Bot, world: Shop
) -> None:
    change = await merged_guest(bot, world)
    world.later("29d")
    issue = bug(world, change)
    await bot.settled()
    [comment] = said(issue)
    assert "@ana" in comment
    golden("warranty", comment.replace("@carla", "@ben"))
    world.later("1d")
    late = bug(world, change)
    await bot.settled()
    [comment] = said(late)
    assert "@ana" not in comment
    golden("warranty_over", comment.replace("@carla", "@ben"))


async def test_a_command_names_the_change_once_and_only_a_guests_counts(bot: Bot, world: Shop) -> None:
    change = await merged_guest(bot, world)
    own = world.ben.opens(world.api, touching={"pay/own.py": "#\n"})
    await bot.settled()
    issue = world.carla.reports(world.api, "Refunds are lost")
    right = world.ben.comments(issue, f"/usher warranty {reference(change)}")
    again = world.ben.comments(issue, f"/usher warranty {reference(change)}")
    wrong = world.ben.comments(issue, f"/usher warranty {reference(own)}")
    await bot.settled()
    assert (nods(right), nods(again), nods(wrong)) == (["+1"], ["+1"], ["confused"])
    assert sum("@ana" in text for text in said(issue)) == 1


async def test_a_bug_that_comes_from_two_changes_is_told_of_one_a_day(bot: Bot, world: Shop) -> None:
    first, second = await merged_guest(bot, world), await merged_guest(bot, world, "pay/fee.py")
    issue = world.carla.reports(
        world.api, "Refunds are lost", f"Since {reference(first)} and {reference(second)}."
    )
    world.dora.labels(issue, "bug")
    await bot.settled()
    [today] = said(issue)
    assert reference(first) in today
    world.later("1h")
    await bot.settled()
    assert said(issue) == [today]
    world.later("1d")
    await bot.settled()
    _, tomorrow = said(issue)
    assert reference(second) in tomorrow


async def test_what_only_looks_like_it_asks_nobody(bot: Bot, world: Shop) -> None:
    """Without a label that calls it a bug, a number is only a number."""
    change = await merged_guest(bot, world)
    issue = world.carla.reports(world.api, "A thought", f"On {reference(change)}: well done.")
    await bot.settled()
    assert said(issue) == []


# --- Thanks -------------------------------------------------------------------------------------------------


async def drafts(bot: Bot, person: str) -> list[str]:
    """The thanks that wait for somebody, as their page shows them."""
    async with bot.usher.database.begin() as connection:
        found = await community.waiting_for(connection, 1, person, bot.forge.now())
    return [each.body for _, each, _ in found]


async def test_thanks_are_drafted_for_the_owners_and_nothing_is_said_without_them(
    bot: Bot, world: Shop
) -> None:
    change = await merged_guest(bot, world)
    before = said(change)
    [body] = await drafts(bot, "ben")
    golden("thanks", body)
    assert await drafts(bot, "ana") == []
    assert await drafts(bot, "dora") == []
    digest = await bot.rows(effect, effect.c.kind == "digest", effect.c.key.endswith("digest|thanks"))
    golden("thanks_digest", digest[0].payload["said"])
    world.later("13d")
    await bot.settled()
    assert said(change) == before
    world.later("1d")
    await bot.settled()
    assert await drafts(bot, "ben") == []
    late = world.ben.comments(change, "/usher thanks post")
    await bot.settled()
    assert nods(late) == ["confused"]


async def test_an_owner_says_them_by_a_command_and_nobody_else_can(bot: Bot, world: Shop) -> None:
    change = await merged_guest(bot, world)
    stranger = world.dora.comments(change, "/usher thanks post")
    await bot.settled()
    assert nods(stranger) == ["confused"]
    comment = world.carla.comments(change, "/usher thanks post")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert sum("Thank you, `ana`!" in text for text in said(change)) == 1


async def test_they_can_be_said_in_own_words_or_dropped(bot: Bot, world: Shop) -> None:
    first = await merged_guest(bot, world)
    second = await merged_guest(bot, world, "pay/second.py")
    world.ben.comments(first, "/usher thanks post Great work, @everybody look")
    world.ben.comments(second, "/usher thanks discard")
    await bot.settled()
    assert "`ben` says to `ana`: `Great work, @everybody look`" in said(first)
    assert not any("Thank you, `ana`!" in text for text in said(second))
    assert await drafts(bot, "ben") == []


async def test_a_page_can_decide_as_well(bot: Bot, world: Shop) -> None:
    change = await merged_guest(bot, world)
    subject, now = subject_of_change(change), bot.forge.now()
    async with bot.usher.database.begin() as connection:
        assert not await community.decide(connection, 1, subject, DecideThanks("dora", post=True), now)
        assert await community.decide(connection, 1, subject, DecideThanks("ben", post=True), now)
        assert not await community.decide(connection, 1, subject, DecideThanks("carla", post=False), now)
    await bot.settled()
    assert sum("Thank you, `ana`!" in text for text in said(change)) == 1


async def test_who_reviewed_five_guests_hears_that_they_could_help(bot: Bot, world: Shop) -> None:
    for number in range(5):
        change = await merged_guest(bot, world, f"pay/{number}.py")
        lines = [row for row in await bot.effects(change) if row.recipient == "ben" and "champion" in row.key]
        assert len(lines) == (number == 4)
    golden("thanks_helps_already", lines[0].payload["said"])


async def test_an_own_change_is_not_thanked_for(bot: Bot, world: Shop) -> None:
    change = world.carla.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.ben.merges(change)
    await bot.settled()
    assert await bot.rows(thanks) == []


# --- Helpers ------------------------------------------------------------------------------------------------


async def test_only_who_offered_help_is_named_two_at_a_time_in_turns(bot: Bot, world: Shop) -> None:
    issue = world.ben.reports(world.api, "How do I start?")
    world.ben.comments(issue, "/usher help")
    await bot.settled()
    golden("help_nobody", said(issue)[-1])
    for person in (world.ben, world.carla, world.dora):
        world.later("1h")
        person.comments(issue, "/usher champion on")
    await bot.settled()
    world.ana.comments(issue, "/usher help")
    await bot.settled()
    golden("help", said(issue)[-1])
    assert said(issue)[-1].startswith("@ben and @carla")
    world.later("1h")
    world.ana.comments(issue, "/usher help")
    await bot.settled()
    assert said(issue)[-1].startswith("@dora and @ben")
    world.later("1h")
    world.ben.comments(issue, "/usher champion off")
    await bot.settled()
    world.ana.comments(issue, "/usher help")
    await bot.settled()
    assert "@ben" not in said(issue)[-1]
    world.later("1h")
    world.ben.comments(issue, "/usher undo")
    await bot.settled()
    world.ana.comments(issue, "/usher help")
    await bot.settled()
    assert said(issue)[-1].startswith("@ben")


# --- Silence ------------------------------------------------------------------------------------------------


async def test_off_ends_all_comments_and_on_brings_them_back(bot: Bot, world: Shop) -> None:
    issue = world.ben.reports(world.api, "Please be quiet")
    reader = world.ana.comments(issue, "/usher off")
    comment = world.ben.comments(issue, "/usher off")
    await bot.settled()
    assert (nods(reader), nods(comment)) == (["confused"], ["+1"])
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    reported = world.ana.reports(world.api, "Refunds are lost")
    await bot.settled()
    world.later("14d")
    await bot.settled()
    assert (said(change), said(reported)) == ([], [])
    assert change.asked  # the owners are asked all the same
    world.carla.comments(change, "/usher on")
    await bot.settled()
    assert len(said(change)) >= 1


async def test_a_snooze_ends_by_itself(bot: Bot, world: Shop) -> None:
    issue = world.ben.reports(world.api, "Please be quiet")
    long = world.ben.comments(issue, "/usher snooze +200d")
    comment = world.ben.comments(issue, "/usher snooze +30d")
    await bot.settled()
    assert (nods(long), nods(comment)) == (["confused"], ["+1"])
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.later("29d")
    await bot.settled()
    assert said(change) == []
    world.later("1d")
    await bot.settled()
    assert len(said(change)) >= 1


async def test_off_can_be_taken_back(bot: Bot, world: Shop) -> None:
    issue = world.ben.reports(world.api, "Please be quiet")
    world.ben.comments(issue, "/usher off")
    await bot.settled()
    world.later("1m")
    world.ben.comments(issue, "/usher undo")
    await bot.settled()
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.later("5m")
    await bot.settled()
    assert len(said(change)) == 1
