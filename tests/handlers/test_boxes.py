"""A click in the change's comment says the same as a command, by whoever clicked; other edits are undone.

On GitLab only maintainers can click in another's comment, so dora does it where a story is played on both forges.
"""

from __future__ import annotations

import pytest

from app.forges.sandbox.world import Change, Comment
from policies.boxes import BOXES
from tests.stories import SELVES, Bot, Shop, golden, nods, said


def sticky(change: Change) -> Comment:
    """The change's one comment."""
    return next(remark for remark in change.remarks if remark.author in SELVES)


async def test_whoever_is_asked_says_later_by_a_click(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    world.later("4h")
    world.dora.ticks(sticky(change), BOXES["ack"])
    await bot.settled()
    owed = [each for each in await bot.obligations(change) if each.kind == "first_response"]
    assert {each.due_at.strftime("%a %H:%M") for each in owed} == {"Tue 13:00"}
    assert f"- [ ] {BOXES['ack']}" in said(change)[0]  # the box is there again, and not ticked
    assert "Tue 24 Nov 13:00 UTC" in said(change)[0]


@pytest.mark.slow
async def test_whoever_is_asked_says_not_me_by_a_click(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [first] = change.asked
    {"ben": world.ben, "carla": world.carla}[first].ticks(sticky(change), BOXES["decline"])
    await bot.settled()
    assert change.asked == {"ben", "carla"} - {first}


@pytest.mark.slow
async def test_the_author_gives_the_turn_back_by_a_click(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.erin.reviews(change, "request_changes", "Shorter, please.")
    await bot.settled()
    golden("changes_asked", said(change)[0])
    world.ana.ticks(sticky(change), BOXES["ready"])
    await bot.settled()
    world.later("20m")
    await bot.settled()
    assert change.asked == {"erin"}
    golden("asked_again", said(change)[0])


@pytest.mark.slow
async def test_who_may_not_is_told_so_and_the_box_is_empty_again(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.ben.ticks(sticky(change), BOXES["decline"])
    await bot.settled()
    assert change.asked == {"erin"}
    assert "[x]" not in said(change)[0]
    assert "Nothing was changed" in said(change)[1]


@pytest.mark.slow
async def test_any_other_edit_of_the_comment_is_undone(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    before = said(change)[0]
    world.dora.amends(sticky(change), "Nothing to see here.")
    await bot.settled()
    assert said(change) == [before]


@pytest.mark.slow
async def test_a_ticked_box_in_anothers_comment_is_nobodys(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    note = world.ana.comments(change, f"- [ ] {BOXES['decline']}")
    world.dora.ticks(note, BOXES["decline"])
    await bot.settled()
    assert change.asked == {"dora"}


@pytest.mark.slow
async def test_a_review_that_only_gives_a_command_answers_nobody(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("10m")
    world.erin.reviews(change, "comment", "/usher eta wed 12:00")
    await bot.settled()
    owed = [
        each
        for each in await bot.obligations(change)
        if each.ledger == "slot" and each.kind == "first_response"
    ]
    assert [each.verdict for each in owed] == [None]
    assert owed[0].due_at.strftime("%a %H:%M") == "Wed 12:00"


@pytest.mark.slow
async def test_commands_are_heard_in_comments_on_lines(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("10m")
    remark = world.dora.remarks_on(change, "docs/guide.md", "/usher take")
    await bot.settled()
    assert "dora" in change.asked
    assert nods(remark) == ["+1"]
