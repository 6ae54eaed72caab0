"""Each effect happens once, however often and in whatever state of the world it is tried."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.forges.sandbox.faults import Fault
from app.store.tables import due, effect
from tests.stories import Bot, Shop, check_on, said, subject_of

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone


async def runs(bot: Bot, change: object) -> int:
    """How often the change was settled: every run takes a lease, and each lease counts one up."""
    async with bot.usher.database.begin() as connection:
        query = sa.select(due.c.fence).where(due.c.subject == subject_of(change))  # type: ignore[arg-type]
        return await connection.scalar(query) or 0


async def test_one_delivery_sent_five_times_at_once_has_one_effect(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.forge.idle()
    first = bot.forge.deliveries[-1]
    for _ in range(5):
        bot.forge.courier.redeliver(first)
    await bot.settled()
    assert change.asked == {"erin"}
    assert len(said(change)) == 1
    assert len([event for event in change.history if event.kind == "review_requested"]) == 1


class TestBurst:
    @pytest.fixture
    def gather(self) -> float:
        return 0.4  # as in production

    async def test_a_burst_of_twenty_pushes_costs_at_most_two_runs(self, bot: Bot, world: Shop) -> None:
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await bot.settled()
        before = await runs(bot, change)
        for number in range(20):
            world.ana.pushes(change, {"docs/guide.md": f"version {number}\n"})
        await bot.settled()
        assert await runs(bot, change) - before <= 2


async def test_deliveries_in_any_order_end_the_same(bot: Bot, world: Shop) -> None:
    """The newest comes first, and the one that opens the change last."""
    bot.forge.courier.lose(3)
    change = world.ana.opens(world.api, touching=["docs/guide.md"], draft=True)
    world.ana.readies(change)
    world.ana.pushes(change, "docs/more.md")
    await bot.forge.idle()
    for sent in reversed(bot.forge.deliveries):
        bot.forge.courier.redeliver(sent)
    await bot.settled()
    assert change.asked == {"erin"}
    assert len(said(change)) == 1


BROKEN = {"the forge had done it": True, "the forge had not done it": False}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("what", ["comments", "requested_reviewers"])
async def test_when_the_answer_to_a_write_is_lost_it_still_happens_once(
    bot: Bot, world: Shop, case: str, what: str
) -> None:
    """Usher waits until the forge must show it, looks for its own mark, and only then tries again."""
    method = "POST"
    if bot.forge.kind == "gitlab":
        method, what = {"comments": ("POST", "/notes"), "requested_reviewers": ("PUT", "/merge_requests/")}[
            what
        ]
    bot.forge.faults.next(Fault(cut=True, after_effect=BROKEN[case]), method=method, path=what)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == {"erin"}
    assert len(said(change)) == 1
    assert len([event for event in change.history if event.kind == "review_requested"]) == 1


async def test_what_a_dead_run_planned_and_nobody_wants_any_more_is_taken_back(bot: Bot, world: Shop) -> None:
    """A run dies before it asks dora; the next asks erin instead, and the change does not wait for dora for ever."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    (asked,) = [each for each in await bot.effects(change) if each.kind == "ask"]
    copied = [each for each in effect.c if each.name not in ("id", "key", "state", "done_at")]
    async with bot.usher.database.begin() as connection:
        stale = sa.select(*copied, sa.literal(f"{asked.key}|dora"), sa.literal("planned")).where(
            effect.c.key == asked.key
        )
        await connection.execute(
            sa.insert(effect).from_select([*(each.name for each in copied), "key", "state"], stale)
        )
    world.ana.pushes(change, "docs/more.md")
    await bot.settled()
    assert change.asked == {"erin"}
    assert {each.state for each in await bot.effects(change)} == {"done"}


async def test_while_the_forge_is_down_nothing_is_lost(bot: Bot, world: Shop) -> None:
    """The first attempt fails and waits ten seconds; a sweep of a later moment does the rest."""
    path = "/merge_requests/" if bot.forge.kind == "gitlab" else "/pulls/"
    bot.forge.faults.next(Fault(status=502, html=True), times=3, method="GET", path=path)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == set()
    bot.forge.faults.clear()
    async with bot.usher.database.begin() as connection:
        await connection.execute(sa.update(due).values(not_before=sa.func.now()))
    await bot.settled()
    assert change.asked == {"erin"}


async def test_a_right_that_is_missing_for_a_check_keeps_nobody_from_being_asked_and_told(
    bot: Bot, world: Shop
) -> None:
    """The verdict follows once the right is given; what people need is not held back for it."""
    gitlab = bot.forge.kind == "gitlab"
    bot.forge.faults.next(
        Fault(status=403), times=50, method="POST", path="/statuses/" if gitlab else "/check-runs"
    )
    file = ".gitlab/CODEOWNERS" if gitlab else ".github/CODEOWNERS"
    owners = world.api.at("main").tree[file].content.decode()  # type: ignore[union-attr]
    change = world.ana.opens(world.api, touching={file: f"{owners}tools/ @stranger\n"})
    await bot.settled()
    assert change.asked == {"dora"}
    assert len(said(change)) == 1
    assert check_on(change, "usher/contribution") is None
    (held,) = [each for each in await bot.effects(change) if each.kind == "check"]
    assert (held.state, "403" in held.error) == ("planned", True)
    bot.forge.faults.clear()
    world.ben.comments(change, "Who is stranger?")
    await bot.settled()
    assert check_on(change, "usher/contribution") is not None


async def test_a_comment_that_somebody_deleted_stays_deleted(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.dora.unsays(change.remarks[0])
    world.erin.reviews(change, "approve")
    await bot.settled()
    assert said(change) == []


def new_master_key(bot: Bot, *, keep: bool) -> None:
    """From now on Usher marks with another key; the old one is still configured if it is to `keep`."""
    old = bot.usher.work.settling
    kept = old.master_keys if keep else ()
    bot.usher.work.settling = replace(old, master_keys=(secrets.token_bytes(32), *kept), settles_after=0.3)


@pytest.mark.parametrize("keep", [True, False], ids=["the old key is kept", "the old key is gone"])
async def test_a_comment_under_an_older_key_is_known_again(bot: Bot, world: Shop, keep: bool) -> None:
    """Its answer was lost; when Usher looks for it the master key was replaced. The comment is marked anew."""
    path = "/notes" if bot.forge.kind == "gitlab" else "comments"
    bot.forge.faults.next(Fault(cut=True, after_effect=True), method="POST", path=path)
    bot.usher.work.settling = replace(bot.usher.work.settling, settles_after=3.0)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    async with asyncio.timeout(20):
        while not any(each.state == "uncertain" for each in await bot.effects(change)):
            await asyncio.sleep(0.01)
    before = change.remarks[-1].body.splitlines()[-1]
    new_master_key(bot, keep=keep)
    async with bot.usher.database.begin() as connection:
        await connection.execute(sa.update(due).values(not_before=sa.func.now() + timedelta(seconds=0.5)))
    await bot.settled()
    assert len(said(change)) == 1
    world.erin.reviews(change, "approve")
    await bot.settled()
    assert len(said(change)) == 1
    after = change.remarks[0].body.splitlines()[-1]
    assert after.startswith("<!-- usher:1:")
    assert after != before
