"""What would be one comment too many goes to the digest, and so does what is due before long."""

from __future__ import annotations

import pytest

from app.forges.sandbox.world import Change
from app.store.tables import effect
from tests.stories import Bot, Shop, golden, said, subject_of


async def digests(bot: Bot, change: Change) -> list[tuple[str, str]]:
    """Whose digest has a line about a change, and what it says."""
    rows = await bot.rows(effect, effect.c.subject == subject_of(change), effect.c.kind == "digest")
    return [(row.recipient, row.payload["said"]) for row in rows if row.state == "done"]


@pytest.mark.slow
async def test_an_answer_that_is_due_before_long_is_in_the_mornings_digest(bot: Bot, world: Shop) -> None:
    world.later("2h")
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("22h")
    world.later("31m")  # Tuesday 9:31, after six and a half of eight hours
    await bot.settled()
    [(who, line)] = await digests(bot, change)
    assert who == "erin"
    golden("digest_soon", line)
    assert len(said(change)) == 1  # nobody was mentioned
    world.later("1d")
    await bot.settled()
    assert len(await digests(bot, change)) == 1
    assert "@erin" in said(change)[1]


@pytest.mark.slow
async def test_two_whose_answers_are_due_together_hear_of_it_in_one_comment(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md", "app.py"])
    await bot.settled()
    assert change.asked == {"dora", "erin"}
    world.later("25h")
    await bot.settled()
    [_, reminder] = said(change)
    golden("reminder_of_two", reminder)
    world.later("1h")
    await bot.settled()
    assert len(said(change)) == 2


@pytest.mark.slow
async def test_what_is_too_much_for_one_change_and_day_goes_to_the_digest(bot: Bot, world: Shop) -> None:
    """Payments were asked half an hour later; their reminder would be the second comment of the day."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("30m")
    world.ana.pushes(change, ["pay/refund.py"])
    await bot.settled()
    [payer] = change.asked - {"erin"}
    world.later("25h")
    await bot.settled()
    world.later("1h")
    await bot.settled()
    assert len(said(change)) == 2
    lines = dict(await digests(bot, change))
    assert payer in lines or f"@{payer}" in said(change)[1]


@pytest.mark.slow
async def test_who_has_heard_enough_for_a_day_finds_the_rest_in_the_digest(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "reviews: {per_person_day: 1}\n"})
    changes = [world.ana.opens(world.api, touching={f"docs/{n}.md": "x\n"}) for n in range(2)]
    await bot.settled()
    world.later("25h")
    await bot.settled()
    mentioned = [change for change in changes if len(said(change)) == 2]
    noted = [change for change in changes if await digests(bot, change)]
    assert len(mentioned) == len(noted) == 1
    assert mentioned != noted
    golden("digest_due", (await digests(bot, noted[0]))[0][1])
