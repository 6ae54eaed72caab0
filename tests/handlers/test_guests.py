"""Somebody from another team proposes a change: they are told who owns it, and somebody welcomes them."""

from __future__ import annotations

import re

import pytest

from app.forges.sandbox import Sandbox
from app.forges.sandbox.world import Change
from app.store.tables import finding
from tests.handlers.guest_world import grown_shop
from tests.stories import Bot, Shop, a_day_later, golden, said

RULES = """\
support: {channel: "#payments-help", hours_per_week: 2}
reviewers: {trusted_committers: [carla], max_reviewers: 2}
reviews: {guest: {first_response: 4bh}}
"""

TEMPLATE = """\
## What changes

<!-- In a sentence or two. -->

## How it was tested

## Screenshots (optional)
"""
GUIDE = """\
# Contributing

Please name the issue that your change belongs to.

Sign-off every commit with `git commit --signoff`.
"""
FULL = "## What changes\nRefunds, for #3.\n\n## How it was tested\nBy hand."
PAPERS = {".github/pull_request_template.md": TEMPLATE, "CONTRIBUTING.md": GUIDE}


@pytest.fixture
async def world(forge: Sandbox) -> Shop:
    return grown_shop(forge, RULES, **PAPERS)


def without_addresses(comment: str) -> str:
    """The comment with an address that is the same in every run."""
    return re.sub(r"http://127[^)]*/blob/[0-9a-f]{40}/", "https://forge.example/shop/api/blob/main/", comment)


async def origin(bot: Bot, change: Change) -> str:
    """Where Usher says that the change comes from."""
    facts = [row.payload for row in await bot.facts(change)]
    return [each["origin"] for each in facts if each["kind"] == "OriginSeen"][-1]


@pytest.mark.slow
async def test_a_guest_is_met_by_a_trusted_committer_within_the_time_for_guests(
    bot: Bot, world: Shop
) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, change) == "guest"
    assert "carla" in change.asked
    world.later("1h")
    await bot.settled()
    budgets = {row.budget_s for row in await bot.obligations(change) if row.kind == "first_response"}
    assert budgets == {4 * 3600}


async def test_whoever_is_in_a_team_within_the_owning_team_is_no_guest(bot: Bot, world: Shop) -> None:
    change = world.erin.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert await origin(bot, change) == "own"


@pytest.mark.slow
async def test_who_changes_teams_later_stays_what_they_were_at_the_opening(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.ana.joins("shop/payments")
    world.ana.pushes(change, ["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, change) == "guest"
    later = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, later) == "own"


@pytest.mark.slow
async def test_a_push_to_other_files_makes_it_mixed_and_the_promise_stays(bot: Bot, world: Shop) -> None:
    change = world.ben.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert await origin(bot, change) == "guest"
    world.ben.pushes(change, ["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, change) == "mixed"
    world.later("1h")
    await bot.settled()
    budgets = {row.budget_s for row in await bot.obligations(change) if row.kind == "first_response"}
    assert budgets == {4 * 3600}


@pytest.mark.slow
async def test_an_author_without_a_team_is_not_guessed_about(bot: Bot, world: Shop) -> None:
    change = bot.forge.person("p12").opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert await origin(bot, change) == "unknown"


# --- The comment and the label ------------------------------------------------------------------------------


async def test_a_guest_reads_one_comment_five_minutes_after_the_change_is_ready(
    bot: Bot, world: Shop
) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"], body="## What changes\nRefunds in parts.")
    await bot.settled()
    assert said(change) == []
    assert change.label_names == {"inner-source"}
    world.later("4m")
    await bot.settled()
    assert said(change) == []
    world.later("1m")
    await bot.settled()
    [comment] = said(change)
    golden("guest_welcome", without_addresses(comment))
    world.ana.edits(
        change,
        title="Refund in parts, for #12",
        body="## What changes\nRefunds in parts.\n\n## How it was tested\n`make test`",
    )
    await bot.settled()
    [comment] = said(change)
    assert "sign-off" in comment
    assert "How it was tested" not in comment
    assert "the issue" not in comment


@pytest.mark.slow
async def test_the_second_time_the_comment_is_short(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.later("1d")
    second = world.ana.opens(world.api, touching={"pay/parts.py": "#\n"}, body=FULL)
    await bot.settled()
    world.later("5m")
    await bot.settled()
    [comment] = said(second)
    golden("guest_again", without_addresses(comment))


@pytest.mark.slow
async def test_colleagues_are_no_guests_and_get_no_label(bot: Bot, world: Shop) -> None:
    own = world.ben.opens(world.api, touching=["pay/refund.py"])
    stranger = bot.forge.person("p12").opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.later("5m")
    await bot.settled()
    assert (own.label_names, stranger.label_names) == (set(), set())
    assert all("Thank you" not in text for change in (own, stranger) for text in said(change))


@pytest.mark.slow
async def test_a_label_that_somebody_takes_off_stays_off(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.ben.unlabels(change, "inner-source")
    world.ana.pushes(change, ["pay/refund.py"])
    await bot.settled()
    world.later("1h")
    await bot.settled()
    assert change.label_names == set()


@pytest.mark.slow
async def test_a_draft_is_welcomed_once_it_is_ready(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"], draft=True)
    await bot.settled()
    world.later("1h")
    await bot.settled()
    assert (said(change), change.label_names) == ([], set())
    world.ana.readies(change)
    await bot.settled()
    assert said(change) == []
    world.later("5m")
    await bot.settled()
    assert len(said(change)) == 1


@pytest.mark.slow
async def test_a_comment_that_a_person_deleted_is_not_said_again(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.later("5m")
    await bot.settled()
    world.dora.unsays(change.remarks[0])
    world.ana.edits(change, title="Another title")
    await bot.settled()
    world.later("1h")
    await bot.settled()
    assert said(change) == []


@pytest.mark.slow
async def test_where_more_wait_than_there_are_hours_it_is_said_and_the_date_stays(
    bot: Bot, world: Shop
) -> None:
    """Two hours a week, half an hour for each change: the fifth is more than there is time for."""
    paths = [f"pay/{number}.py" for number in range(5)]
    changes = [world.ana.opens(world.api, touching={path: "#\n"}, body=FULL) for path in paths]
    await bot.settled()
    world.later("5m")
    await bot.settled()
    assert any("5 changes of guests wait" in said(change)[0] for change in changes)
    assert all("promised by **Mon 23 Nov 13:0" in said(change)[0] for change in changes)


@pytest.mark.slow
async def test_nothing_of_it_happens_where_the_rules_say_so(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "guests: {comment: false, label: null}\n"})
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [comment] = said(change)
    assert "Thank you" not in comment
    assert change.label_names == set()


# --- Findings -------------------------------------------------------------------------------------------------


async def findings(bot: Bot) -> set[str]:
    rows = await bot.rows(finding, finding.c.cleared_at.is_(None))
    return {row.kind for row in rows if row.kind in ("repository_owner_unknown", "guest_overload")}


@pytest.mark.slow
async def test_a_repository_that_nobody_is_named_for_is_a_finding(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/CODEOWNERS": "pay/ @shop/payments\n"})
    await bot.settled()
    assert await findings(bot) == set()  # the platform maintains it
    platform = bot.forge.world.team("shop", "platform")
    assert platform is not None
    world.dora.gives(world.api, platform, "none")
    await bot.settled()
    if bot.forge.kind == "gitlab":  # which tells of no invitation; every project is looked at daily
        await a_day_later(bot, world)
    assert await findings(bot) == {"repository_owner_unknown"}
    world.dora.commits(world.api, {".github/usher.yml": "support: {owner: payments}\n"})
    await bot.settled()
    assert await findings(bot) == set()


@pytest.mark.slow
async def test_the_catalogue_may_say_whose_it_is(bot: Bot, world: Shop) -> None:
    """As soon as it says so: that it had said nothing is not kept beyond the push."""
    world.dora.commits(world.api, {".github/CODEOWNERS": "pay/ @shop/payments\n"})
    before = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert await origin(bot, before) != "own"
    catalog = "kind: Component\nmetadata: {name: api}\nspec: {owner: search}\n"
    world.dora.commits(world.api, {"catalog-info.yaml": catalog})
    change = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert await origin(bot, change) == "own"


@pytest.mark.slow
async def test_more_guests_than_hours_are_one_finding(bot: Bot, world: Shop) -> None:
    for number in range(5):
        world.ana.opens(world.api, touching={f"pay/{number}.py": "#\n"})
    await bot.settled()
    world.later("1d")
    await bot.settled()
    assert await findings(bot) == {"guest_overload"}
