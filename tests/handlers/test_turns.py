"""Whose turn it is: one story for each row of the table of turns."""

from __future__ import annotations

import pytest

from app.forges.sandbox.world import Change, Protection
from app.store.tables import clock
from tests.stories import Bot, Shop, reference, said, subject_of

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone


async def state(bot: Bot, change: Change) -> tuple[str, str]:
    """The state of a change, and whose turn it is."""
    [row] = await bot.rows(clock, clock.c.subject == subject_of(change))
    return row.state, row.turn


async def test_merged_or_closed_is_nobodys_turn(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.ana.closes(change)
    await bot.settled()
    assert (await state(bot, change))[0] == "DONE"


async def test_a_draft_is_the_authors(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"], draft=True)
    await bot.settled()
    assert await state(bot, change) == ("DRAFT", "ana")


async def test_a_label_pauses_and_taking_it_off_goes_on(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.ana.labels(change, "blocked")
    await bot.settled()
    assert (await state(bot, change))[0] == "PAUSED"
    world.later("3d")
    await bot.settled()
    assert len(said(change)) == 1  # nobody is reminded meanwhile
    world.ana.unlabels(change, "blocked")
    await bot.settled()
    assert await state(bot, change) == ("REVIEW", "erin")


async def test_what_is_too_large_is_the_authors_to_fix(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "reviews: {max_files: 1}\n"})
    change = world.ana.opens(world.api, touching={"docs/a.md": "a\n", "docs/b.md": "b\n"})
    await bot.settled()
    assert await state(bot, change) == ("FIX", "ana")


async def test_changes_asked_for_are_the_authors(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.erin.reviews(change, "request_changes", "Shorter, please.")
    await bot.settled()
    assert await state(bot, change) == ("AUTHOR", "ana")
    assert "your turn, `ana`" in said(change)[0]


async def test_nobody_to_ask_is_the_leads(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/CODEOWNERS": "docs/ @erin\n"})
    change = world.ana.opens(world.api, touching=["app.py", "docs/guide.md"])
    await bot.settled()
    assert await state(bot, change) == ("UNASSIGNED", "lead")
    assert "Some of these files have no owner" in said(change)[0]
    async with bot.visited_by("erin") as client:  # who is asked for the rest sees it among her turns
        assert f"shop/api{reference(change)}" in (await client.get("/")).text


async def test_asked_is_the_reviewers(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert await state(bot, change) == ("REVIEW", "erin")


async def test_asked_again_is_the_reviewers_again_with_a_fresh_promise(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.erin.reviews(change, "request_changes", "Shorter, please.")
    await bot.settled()
    world.later("20m")
    world.ana.pushes(change, {"docs/guide.md": "short\n"})
    world.ana.asks(change, "erin")
    await bot.settled()
    world.later("30m")
    await bot.settled()
    assert await state(bot, change) == ("REREVIEW", "erin")
    owed = [each for each in await bot.obligations(change) if each.kind == "re_review"]
    assert owed
    assert {each.verdict for each in owed} == {None}


async def test_an_open_thread_is_the_authors(bot: Bot, world: Shop) -> None:
    """Erin approved; a comment of hers on a line still wants an answer."""
    change = world.ana.opens(world.api, touching=["docs/guide.md", "pay/refund.py"])
    await bot.settled()
    world.later("20m")
    world.erin.remarks_on(change, "docs/guide.md", "Why here?")
    await bot.settled()
    [payer] = change.asked & {"ben", "carla"}
    {"ben": world.ben, "carla": world.carla}[payer].reviews(change, "approve")
    await bot.settled()
    assert await state(bot, change) == ("AUTHOR", "ana")


async def test_approved_by_all_is_the_mergers(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.erin.reviews(change, "approve")
    await bot.settled()
    assert (await state(bot, change))[0] == "MERGE"


async def test_commented_without_a_verdict_is_the_commenters_to_decide(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.erin.comments(change, "I read it; let me sleep on it.")
    await bot.settled()
    assert await state(bot, change) == ("DECIDE", "erin")
    assert said(change)[0].startswith("**Answered** by `erin`, without a decision yet.")
    assert "`erin` · commented" in said(change)[0]


async def test_when_an_area_is_answered_the_next_one_waiting_is_asked(bot: Bot, world: Shop) -> None:
    """Two people at once are agreed; the third area waits its turn."""
    owners = "a/ @ben\nb/ @carla\nc/ @erin\n"
    world.dora.commits(
        world.api, {".github/CODEOWNERS": owners, ".github/usher.yml": "reviewers: {max_reviewers: 2}\n"}
    )
    change = world.ana.opens(world.api, touching={f"{area}/x.py": "1\n" for area in "abc"})
    await bot.settled()
    first = change.asked
    assert len(first) == 2
    people = {"ben": world.ben, "carla": world.carla, "erin": world.erin}
    people[min(first)].reviews(change, "approve")
    await bot.settled()
    awaited = change.asked - {min(first)}  # GitLab keeps in its list who has answered
    assert len(awaited) == 2
    assert awaited | {min(first)} == {"ben", "carla", "erin"}


async def test_what_depends_on_something_open_waits_until_that_is_done(bot: Bot, world: Shop) -> None:
    first = world.ana.opens(world.api, touching=["app.py"])
    name = reference(first)
    change = world.ana.opens(world.api, touching=["docs/guide.md"], body=f"More.\n\nDepends-on: {name}\n")
    await bot.settled()
    assert (await state(bot, change))[0] == "PAUSED"
    assert f"it depends on {name}" in said(change)[0]
    world.dora.reviews(first, "approve")
    world.dora.merges(first)
    await bot.settled()
    assert await state(bot, change) == ("REVIEW", "erin")


async def test_a_freeze_rests_every_clock_until_its_last_day_is_over(bot: Bot, world: Shop) -> None:
    freeze = "reviews: {freeze: [{from: 2026-11-23, to: 2026-11-24}]}\n"
    world.dora.commits(world.api, {".github/usher.yml": freeze})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert (await state(bot, change))[0] == "PAUSED"
    world.later("2d")
    await bot.settled()
    assert await state(bot, change) == ("REVIEW", "erin")
    assert len(said(change)) == 1  # nobody was reminded meanwhile


async def test_a_change_in_the_merge_queue_waits_for_nobody(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "reviews: {budgets: {merge: 4bh}}\n"})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.erin.reviews(change, "approve")
    await bot.settled()
    world.later("1h")
    world.dora.enqueues(change)
    await bot.settled()
    world.later("5h")
    world.dora.dequeues(change)
    await bot.settled()
    [merge] = [each for each in await bot.obligations(change) if each.kind == "merge"]
    assert merge.accrued_s == 3600


async def test_open_threads_are_the_authors_where_the_branch_wants_them_resolved(
    bot: Bot, world: Shop
) -> None:
    world.api.protections["main"] = Protection(resolve_threads=True)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    thread = world.erin.remarks_on(change, "docs/guide.md", "Why here?")
    world.erin.reviews(change, "approve")
    await bot.settled()
    assert await state(bot, change) == ("AUTHOR", "ana")
    world.erin.resolves(thread)
    await bot.settled()
    assert (await state(bot, change))[0] == "MERGE"


@pytest.mark.parametrize("owners_approve", [False, True])
async def test_a_team_gives_way_to_its_people_unless_owners_must_approve(
    bot: Bot, world: Shop, owners_approve: bool
) -> None:
    world.api.protections["main"] = Protection(owners_approve=owners_approve)
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    world.ana.asks(change, "shop/payments")
    await bot.settled()
    assert len(change.asked) == 1
    assert change.asked_teams == ({"shop/payments"} if owners_approve else set())
