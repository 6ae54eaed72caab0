"""Everybody is told of one instant by their own clock, in whoever's hours the time was counted."""

from __future__ import annotations

import pytest

from tests.stories import Bot, Shop, said

TOKYO_AND_NEW_YORK = """\
reviews: {budgets: {first_response: 24h}}
reviewers: {fallback: [dora]}
calendars: {tokyo: {zone: Asia/Tokyo}, new_york: {zone: America/New_York}}
calendar_of: {people: {erin: tokyo, ana: new_york, dora: tokyo}}
"""


@pytest.mark.slow
async def test_a_reminder_tells_the_time_by_its_readers_clock(bot: Bot, world: Shop) -> None:
    """A day on the wall counts round the clock, and its end is told to Erin, and then to Dora, in Tokyo."""
    world.dora.commits(world.api, {".github/usher.yml": TOKYO_AND_NEW_YORK})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert "**Tue 24 Nov 04:00 EST**" in said(change)[0]
    world.later("25h")  # Tuesday 10:00, 19:00 in Tokyo
    await bot.settled()
    world.later("15h")  # Wednesday 10:00 in Tokyo
    await bot.settled()
    reminder = said(change)[-1]
    assert "since Mon 23 Nov 18:00 JST (40 of 24 hours)" in reminder
    assert "**Tue 24 Nov 18:00 JST**" in reminder
    world.later("33h")  # Thursday 10:00 in the area's hours: twice the time has passed; 19:00 for Dora
    await bot.settled()
    assert said(change)[-1] == reminder
    world.later("15h")  # Friday 10:00 in Tokyo
    await bot.settled()
    assert "**Tue 24 Nov 18:00 JST**" in said(change)[-1]
    assert "@dora" in said(change)[-1]
