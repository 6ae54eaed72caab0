"""Usher leaves a repository alone that says so: it asks, reminds and answers nobody, and closes what it opened."""

from __future__ import annotations

import pytest

from app.store.tables import obligation
from tests.handlers.test_owner_doctor import issues, open_findings, told
from tests.stories import Bot, Shop, golden, said

pytestmark = pytest.mark.slow

RULES = ".github/usher.yml"


async def test_nothing_more_is_said_and_nothing_is_owed(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {"CONTRIBUTING.md": None})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    report = world.ana.reports(world.api, "It is slow")
    await bot.settled()
    tracking = next(each for each in issues(world.api) if each is not report)
    assert (change.asked, tracking.open) == ({"erin"}, True)
    world.later("1h")
    world.dora.commits(world.api, {RULES: "enabled: false\n"})
    later = world.ana.opens(world.api, touching={"docs/other.md": "#\n"})
    world.ana.comments(later, "/usher why")
    await bot.settled()
    world.later("5d")
    await bot.settled()
    assert (later.asked, said(later), said(report)) == (set(), [], [])
    [comment] = said(change)
    golden("switched_off", comment)
    assert not tracking.open
    golden("switched_off_issue", told(tracking))
    assert await open_findings(bot, world.api) == set()
    assert await bot.rows(obligation, obligation.c.verdict.is_(None)) == []
    world.dora.commits(world.api, {RULES: "enabled: true\n"})
    await bot.settled()
    assert (later.asked, tracking.open) == ({"erin"}, True)


async def test_reviews_alone_can_be_left_to_people(bot: Bot, world: Shop) -> None:
    before = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.dora.commits(world.api, {RULES: "reviews: {enabled: false}\n"})
    change = world.ana.opens(world.api, touching={"docs/other.md": "#\n"})
    await bot.settled()
    world.later("5d")
    await bot.settled()
    assert (change.asked, said(change)) == (set(), [])
    [comment] = said(before)
    golden("reviews_switched_off", comment)
