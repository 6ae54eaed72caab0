"""People say in a comment what should happen; Usher nods, and only speaks where something is wrong."""

from __future__ import annotations

import pytest

from app.forges.sandbox.world import Change, Comment
from tests.handlers.conftest import Bot, Shop, golden, said


def nods(comment: Comment) -> list[str]:
    """The reactions of Usher to a comment."""
    return [each.content for each in comment.reactions if each.by.login == "usher[bot]"]


async def asks_erin(bot: Bot, world: Shop) -> Change:
    """Ana changes the documentation, which erin owns; an hour passes."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == {"erin"}
    world.later("1h")
    await bot.settled()
    return change


async def asks_payments(bot: Bot, world: Shop) -> tuple[Change, object, object]:
    """Ana changes payments, which ben and carla own: the one who is asked, and the other."""
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.later("1h")
    await bot.settled()
    people = {"ben": world.ben, "carla": world.carla}
    [asked] = change.asked
    [other] = set(people) - change.asked
    return change, people[asked], people[other]


# --- Promising an answer ----------------------------------------------------------------------------


async def test_eta_moves_the_promise_in_the_comment(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    assert "Mon 23 Nov 17:00" in said(change)[0]
    comment = world.erin.comments(change, "/usher eta wed 11:00")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert "Wed 25 Nov 11:00" in said(change)[0]
    assert len(said(change)) == 1


async def test_eta_within_the_first_minutes_counts_too(bot: Bot, world: Shop) -> None:
    """The area's own time has not begun to run yet."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.erin.comments(change, "/usher eta wed 11:00")
    await bot.settled()
    world.later("1h")
    await bot.settled()
    assert "Wed 25 Nov 11:00" in said(change)[0]


async def test_who_promised_an_answer_is_not_reminded_before(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.erin.comments(change, "/usher eta wed 11:00")
    await bot.settled()
    world.later("1d")
    await bot.settled()
    assert len(said(change)) == 1


async def test_ack_promises_an_answer_within_a_working_day(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    comment = world.erin.comments(change, "/usher ack")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert "Tue 24 Nov 10:00" in said(change)[0]


async def test_a_command_is_no_answer(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.erin.comments(change, "/usher ack")
    await bot.settled()
    assert {each.verdict for each in await bot.obligations(change)} == {None}


# --- Saying no --------------------------------------------------------------------------------------


async def test_decline_asks_somebody_else_and_never_the_same_again(bot: Bot, world: Shop) -> None:
    change, asked, other = await asks_payments(bot, world)
    comment = asked.comments(change, "/usher decline")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert change.asked == {other.login}
    world.ana.pushes(change, {"pay/refund.py": "def refund(): return 1\n"})
    await bot.settled()
    assert change.asked == {other.login}
    assert len(said(change)) == 1


async def test_an_outsider_cannot_decline_for_others(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    comment = world.forge.person("otto", member_of="shop").comments(change, "/usher decline")
    await bot.settled()
    assert nods(comment) == ["confused"]
    assert change.asked == {"erin"}
    golden("command_not_yours", said(change)[1])


# --- Why --------------------------------------------------------------------------------------------


async def test_why_tells_the_choice_from_its_record(bot: Bot, world: Shop) -> None:
    change, asked, other = await asks_payments(bot, world)
    comment = world.ana.comments(change, f"/usher why @{asked.login}\n/usher why not @{other.login}")
    await bot.settled()
    assert nods(comment) == ["+1"]
    [_, first, second] = said(change)
    names = {asked.login: "ben", other.login: "carla"}
    for login, name in names.items():
        first, second = (text.replace(f"`{login}`", f"`_{name}`") for text in (first, second))
    golden("why_asked", first.replace("_", ""))
    golden("why_not_asked", second.replace("_", ""))


# --- What is no command -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "```\n/usher decline\n```",
        "> /usher decline",
        "> you could say\n/usher decline",
        "`x\n/usher decline\ny`",
        "<!--\n/usher decline\n-->",
        "    /usher decline",
        "You could say /usher decline.",
        "/lgtm",
    ],
    ids=["fence", "quote", "below a quote", "code", "hidden", "indented", "in a sentence", "another bot's"],
)
async def test_what_is_quoted_or_shown_as_code_is_no_command(bot: Bot, world: Shop, text: str) -> None:
    change = await asks_erin(bot, world)
    comment = world.erin.comments(change, text)
    await bot.settled()
    assert nods(comment) == []
    assert change.asked == {"erin"}
    assert len(said(change)) == 1


async def test_a_misspelt_command_is_answered_with_the_one_meant(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    comment = world.erin.comments(change, "/usher asign @dora")
    await bot.settled()
    assert nods(comment) == ["confused"]
    golden("command_misspelt", said(change)[1])


async def test_each_command_is_heard_once(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.erin.comments(change, "/usher eta yesterday")
    await bot.settled()
    for sent in list(bot.forge.deliveries):
        bot.forge.courier.redeliver(sent)
    await bot.settled()
    assert len(said(change)) == 2
