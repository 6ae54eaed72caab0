"""A change finds its people."""

from __future__ import annotations

from tests.handlers.conftest import Bot, Shop, golden, said


async def test_the_owners_of_the_touched_files_are_asked_with_a_reason(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == {"erin"}
    golden("asked_one_owner", said(change)[0])
