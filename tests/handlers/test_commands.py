"""People say in a comment what should happen; Usher nods, and only speaks where something is wrong."""

from __future__ import annotations

import pytest

from app.forges.sandbox.world import Change
from app.store.tables import away
from tests.stories import Bot, Shop, golden, nods, said

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone


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


async def test_a_late_promise_is_told_and_a_second_one_answered(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.later("1d")  # Tuesday 10:00, an hour late
    await bot.settled()
    late = world.erin.comments(change, "/usher eta wed 11:00")
    await bot.settled()
    assert nods(late) == ["+1"]
    told = "was promised by Mon 23 Nov 17:00 UTC, and is announced for **Wed 25 Nov 11:00 UTC** now."
    assert told in said(change)[0]
    again = world.erin.comments(change, "/usher eta thu")
    await bot.settled()
    assert nods(again) == ["confused"]
    assert "already promised for Wed 25 Nov 11:00 UTC" in said(change)[-1]


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


@pytest.mark.parametrize(
    ("visibility", "asks", "told"),
    [
        ("private", "ana", "the rules take them off the rotation"),
        ("private", "otto", "unavailable"),
        ("public", "ana", "unavailable"),
    ],
)
async def test_outsiders_do_not_learn_why_somebody_is_unavailable(
    bot: Bot, world: Shop, visibility: str, asks: str, told: str
) -> None:
    rules = "reviewers: {off_rotation: [carla]}\n"
    files = {".github/CODEOWNERS": "* @shop/payments\n", ".github/usher.yml": rules, "a.py": "x\n"}
    access = {"ana": "write", "otto": "read"}
    otto = world.forge.person("otto", member_of="shop")
    repository = world.forge.repository(
        "shop/pages",
        files=files,
        teams={"shop/payments": "write"},
        collaborators=access,
        visibility=visibility,  # type: ignore[arg-type]
    )
    change = world.ana.opens(repository, touching=["a.py"])
    await bot.settled()
    assert change.asked == {"ben"}
    {"ana": world.ana, "otto": otto}[asks].comments(change, "/usher why not @carla")
    await bot.settled()
    assert f"`carla` was not asked: {told}." in said(change)[1]


async def test_why_nobody_was_asked(bot: Bot, world: Shop) -> None:
    """There is no record of a choice, so it is made now."""
    world.dora.commits(world.api, {".github/usher.yml": "reviewers: {off_rotation: [erin]}\n"})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == set()
    world.ana.comments(change, "/usher why @erin\n/usher why")
    await bot.settled()
    assert "`erin` was not asked: the rules take them off the rotation." in said(change)[1]
    assert said(change)[2] == "Nobody was chosen by Usher here yet."


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


async def test_a_bots_comment_is_no_command(bot: Bot, world: Shop) -> None:
    """Neither of an App, nor of a person's account that the rules call a bot."""
    world.dora.commits(world.api, {".github/usher.yml": "reviews: {bots: {logins: [Helper]}}\n"})
    helper = world.forge.person("helper", member_of="shop")
    world.dora.gives(world.api, helper, "write")
    change = await asks_erin(bot, world)
    comment = helper.comments(change, "/usher take")
    await bot.settled()
    assert nods(comment) == []
    assert change.asked == {"erin"}


async def test_a_comment_that_was_edited_into_a_command_is_none(bot: Bot, world: Shop) -> None:
    """Others may edit a comment too, so only what was typed at first counts, even if its event was lost."""
    change = await asks_erin(bot, world)
    bot.forge.courier.lose(2)
    comment = world.erin.comments(change, "👀")
    world.later("1m")
    world.dora.amends(comment, "/usher decline")
    await bot.forge.idle()
    bot.forge.courier.lose(0)
    world.later("2d")
    await bot.settled()
    assert nods(comment) == []
    assert "erin" in change.asked


async def test_a_command_whose_event_was_lost_is_heard_before_anybody_is_reminded(
    bot: Bot, world: Shop
) -> None:
    change = await asks_erin(bot, world)
    bot.forge.courier.lose(1)
    comment = world.erin.comments(change, "/usher eta wed 11:00")
    await bot.forge.idle()
    bot.forge.courier.lose(0)
    world.later("1d")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert len(said(change)) == 1
    assert "Wed 25 Nov 11:00" in said(change)[0]


async def test_only_five_commands_within_ten_minutes_are_heard(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    comments = [world.erin.comments(change, f"/usher nonsense{number}") for number in range(7)]
    await bot.settled()
    assert [bool(nods(comment)) for comment in comments].count(True) == 5
    assert len(said(change)) == 6
    world.later("11m")
    again = world.erin.comments(change, "/usher ack")
    await bot.settled()
    assert nods(again) == ["+1"]


async def test_after_the_end_nothing_is_promised(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.ana.closes(change)
    await bot.settled()
    comment = world.erin.comments(change, "/usher ack")
    await bot.settled()
    assert nods(comment) == ["confused"]
    assert "closed already" in said(change)[1]


async def test_the_prefix_is_what_the_rules_say(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "commands: {prefix: /helper, short: false}\n"})
    change = await asks_erin(bot, world)
    assert "`/helper eta fri 15:00`" in said(change)[0]
    silent = [world.erin.comments(change, text) for text in ("/usher ack", "/ack")]
    heard = world.erin.comments(change, "/helper ack")
    await bot.settled()
    assert [nods(comment) for comment in (*silent, heard)] == [[], [], ["+1"]]


async def test_the_short_form_is_heard_too(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    comment = world.erin.comments(change, "/ack")
    await bot.settled()
    assert nods(comment) == ["+1"]


# --- Who is asked -----------------------------------------------------------------------------------


async def test_the_author_may_ask_for_somebody_else_once_a_working_day(bot: Bot, world: Shop) -> None:
    change, asked, other = await asks_payments(bot, world)
    first = world.ana.comments(change, f"/usher next @{asked.login}")
    await bot.settled()
    assert nods(first) == ["+1"]
    assert change.asked == {other.login}
    second = world.ana.comments(change, "/usher next")
    await bot.settled()
    assert nods(second) == ["confused"]
    assert change.asked == {other.login}
    assert "once per working day" in said(change)[1]


async def test_next_wants_somebody_who_is_asked(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    comment = world.ana.comments(change, "/usher next @dora")
    await bot.settled()
    assert nods(comment) == ["confused"]
    assert "`dora` is not asked here" in said(change)[1]


async def test_assign_asks_exactly_this_person_for_what_they_own(bot: Bot, world: Shop) -> None:
    change, asked, other = await asks_payments(bot, world)
    comment = asked.comments(change, f"/usher assign @{other.login}")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert change.asked == {asked.login, other.login}
    owing = [each.party for each in await bot.obligations(change) if each.ledger == "person"]
    assert sorted(owing) == ["ben", "carla"]


async def test_a_maintainer_may_assign_and_others_may_not(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    no = world.ben.comments(change, "/usher assign @ben")
    yes = world.dora.comments(change, "/usher assign @ben")
    await bot.settled()
    assert (nods(no), nods(yes)) == (["confused"], ["+1"])
    assert change.asked == {"erin", "ben"}


@pytest.mark.parametrize(("whom", "because"), [("ana", "own change"), ("nobody-here", "cannot review")])
async def test_nobody_is_assigned_who_cannot_review(bot: Bot, world: Shop, whom: str, because: str) -> None:
    change = await asks_erin(bot, world)
    comment = world.dora.comments(change, f"/usher assign @{whom}")
    await bot.settled()
    assert nods(comment) == ["confused"]
    assert because in said(change)[1]


async def test_take_asks_whoever_says_so(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    comment = world.ben.comments(change, "/usher take")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert change.asked == {"erin", "ben"}


async def test_who_declined_may_take_it_after_all(bot: Bot, world: Shop) -> None:
    change, asked, other = await asks_payments(bot, world)
    asked.comments(change, "/usher decline")
    await bot.settled()
    world.later("10m")
    asked.comments(change, "/usher take")
    await bot.settled()
    assert change.asked == {asked.login, other.login}
    world.later("10m")
    asked.comments(change, "/usher decline")
    await bot.settled()
    assert change.asked == {other.login}


# --- Pausing, and the author's turn --------------------------------------------------------------------


async def test_snooze_rests_every_clock_until_then(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    comment = world.ana.comments(change, "/usher snooze wed 10:00")
    await bot.settled()
    assert nods(comment) == ["+1"]
    golden("snoozed", said(change)[0])
    world.later("1d")
    await bot.settled()
    assert len(said(change)) == 1
    world.later("1d")  # Wednesday, 10:00
    await bot.settled()
    assert "Please look at this" in said(change)[0]


async def test_block_quotes_its_reason_until_unblock(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.later("1d")  # Tuesday 10:00: what is late already is not waited for meanwhile either
    await bot.settled()
    world.ana.comments(change, "/usher block the @shop/legal team <b>looks</b>")
    await bot.settled()
    golden("blocked", said(change)[0])
    comment = world.erin.comments(change, "/usher unblock")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert "Still waiting for `erin`" in said(change)[0]
    again = world.erin.comments(change, "/usher unblock")
    await bot.settled()
    assert nods(again) == ["confused"]


async def test_the_author_says_that_it_is_ready_for_another_look(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.erin.reviews(change, "request_changes", "Shorter, please.")
    await bot.settled()
    assert "It is your turn, `ana`" in said(change)[0]
    no = world.erin.comments(change, "/usher ready")
    yes = world.ana.comments(change, "/usher ready")
    await bot.settled()
    assert (nods(no), nods(yes)) == (["confused"], ["+1"])
    world.later("20m")
    await bot.settled()
    assert "It is your turn" not in said(change)[0]


async def test_not_yet_keeps_the_turn_with_the_author(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.erin.reviews(change, "request_changes", "Shorter, please.")
    world.ana.pushes(change, {"docs/guide.md": "# Short\n"})
    await bot.settled()
    comment = world.ana.comments(change, "/usher not-yet")
    await bot.settled()
    assert nods(comment) == ["+1"]
    world.later("3d")
    await bot.settled()
    assert "It is your turn, `ana`" in said(change)[0]


# --- Taking it back ---------------------------------------------------------------------------------


async def test_undo_takes_ones_own_last_command_back(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.ana.comments(change, "/usher block legal")
    await bot.settled()
    others = world.erin.comments(change, "/usher undo")
    await bot.settled()
    assert nods(others) == ["confused"]
    assert "Paused" in said(change)[0]
    world.later("1h")
    comment = world.ana.comments(change, "/usher undo")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert "Please look at this" in said(change)[0]


async def test_who_was_assigned_by_mistake_is_let_go(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.dora.comments(change, "/usher assign @ben")
    await bot.settled()
    assert change.asked == {"erin", "ben"}
    world.later("10m")
    world.dora.comments(change, "/usher undo")
    await bot.settled()
    assert change.asked == {"erin"}


async def test_after_a_day_nothing_is_undone(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    world.ana.comments(change, "/usher block legal")
    await bot.settled()
    world.later("25h")
    comment = world.ana.comments(change, "/usher undo")
    await bot.settled()
    assert nods(comment) == ["confused"]
    assert "Paused" in said(change)[0]


# --- Being away -------------------------------------------------------------------------------------


async def test_who_goes_away_for_days_hands_over_everywhere(bot: Bot, world: Shop) -> None:
    change, asked, other = await asks_payments(bot, world)
    elsewhere = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    comment = asked.comments(elsewhere, "/usher away today fri")
    await bot.settled()
    assert nods(comment) == ["+1"]
    assert change.asked == {other.login}
    newer = world.ana.opens(world.api, touching={"pay/new.py": "x\n"})
    await bot.settled()
    assert newer.asked == {other.login}
    world.ana.asks(newer, asked.login)  # a person's request stands, with a note
    await bot.settled()
    assert newer.asked == {asked.login, other.login}
    assert f"`{asked.login}` may not be available for a while." in said(newer)[0]


async def test_a_later_absence_hands_over_when_it_begins(bot: Bot, world: Shop) -> None:
    change, asked, other = await asks_payments(bot, world)
    asked.comments(change, "/usher eta fri 15:00\n/usher away wed thu")
    await bot.settled()
    assert change.asked == {asked.login}
    world.later("2d")  # Wednesday
    await bot.settled()
    assert other.login in change.asked
    assert asked.login not in change.asked


async def test_a_short_absence_only_stops_the_clock(bot: Bot, world: Shop) -> None:
    change = await asks_erin(bot, world)
    assert "Mon 23 Nov 17:00" in said(change)[0]
    world.erin.comments(change, "/usher away today 12:00 today 15:00")
    await bot.settled()
    assert change.asked == {"erin"}
    [own] = [each for each in await bot.obligations(change) if each.ledger == "person"]
    assert own.due_at.isoformat() == "2026-11-24T12:00:00+00:00"


async def test_an_absence_is_only_ones_own_and_can_be_taken_back(bot: Bot, world: Shop) -> None:
    change, asked, other = await asks_payments(bot, world)
    asked.comments(change, "/usher away tue fri")
    await bot.settled()
    assert len(await bot.rows(away)) == 1
    world.later("10m")
    other.comments(change, "/usher undo")
    await bot.settled()
    assert len(await bot.rows(away)) == 1
    asked.comments(change, "/usher undo")
    await bot.settled()
    assert await bot.rows(away) == []
    world.later("1d")  # Tuesday
    await bot.settled()
    assert change.asked == {asked.login}
