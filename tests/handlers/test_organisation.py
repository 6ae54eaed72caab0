"""Rules hold for a whole organisation, under each repository's own, and are tried before they hold."""

from __future__ import annotations

import pytest

from app.forges.sandbox.world import Change, Repository
from app.store.tables import due
from tests.stories import Bot, Judgement, Shop, check_on, defaults_of, golden

pytestmark = pytest.mark.slow

RULES = ".github/usher.yml"
BERLIN = "calendars: {business: {zone: Europe/Berlin}}\nreviewers: {max_reviewers: 1}\n"


def judged(change: Change) -> Judgement:
    found = check_on(change, "usher/rules")
    assert found is not None
    return found


@pytest.fixture
def defaults(world: Shop) -> Repository:
    """The organisation's repository of defaults, with nothing in it yet."""
    return world.forge.repository(
        defaults_of(world.forge), files={"README.md": "# Defaults\n"}, collaborators={"dora": "admin"}
    )


async def test_the_organisations_rules_hold_in_every_repository(
    bot: Bot, world: Shop, defaults: Repository
) -> None:
    world.dora.commits(defaults, {RULES: BERLIN})
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [remark] = change.remarks
    assert "CET" in remark.body  # by Berlin's clock


async def test_a_repository_says_what_it_does_otherwise(bot: Bot, world: Shop, defaults: Repository) -> None:
    world.dora.commits(defaults, {RULES: BERLIN})
    world.dora.commits(world.api, {RULES: "calendars: {business: {zone: America/New_York}}\n"})
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [remark] = change.remarks
    assert "EST" in remark.body
    assert len(change.requested) == 1  # as the organisation has it


async def test_what_is_the_organisations_alone_changes_nothing_elsewhere(
    bot: Bot, world: Shop, defaults: Repository
) -> None:
    world.dora.commits(defaults, {RULES: BERLIN})
    world.dora.commits(world.api, {RULES: "noise: {writes_per_hour: 0}\n"})
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [remark] = change.remarks
    assert "only the organisation's own file may set this" in remark.body


async def test_a_push_to_them_is_felt_everywhere(bot: Bot, world: Shop, defaults: Repository) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert "CET" not in change.remarks[0].body
    world.dora.commits(defaults, {RULES: BERLIN})
    await bot.settled()
    assert "CET" in change.remarks[0].body
    subjects = {row.subject for row in await bot.rows(due)}
    assert {f"repository:{world.api.id}", f"repository:{defaults.id}"} <= subjects


# --- Before they hold -----------------------------------------------------------------------------------


async def test_an_edit_of_the_rules_is_told_value_by_value(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {RULES: "reviews: {settle: 10m}\n"})
    change = world.ana.opens(world.api, touching={RULES: "reviews: {settle: 1m, budgets: {merge: 2bd}}\n"})
    await bot.settled()
    run = judged(change)
    assert run.conclusion == "success"
    golden("rules_check", f"{run.title}\n\n{run.summary}")


async def test_a_line_that_cannot_be_used_fails_where_it_stands(
    bot: Bot, world: Shop, defaults: Repository
) -> None:
    text = "reviews:\n  settle: soon\n  bugdets: {}\nmetrics: {min_group: 6}\n"
    change = world.dora.opens(defaults, touching={RULES: text})
    await bot.settled()
    run = judged(change)
    assert run.conclusion == "failure"
    if bot.forge.kind == "github":  # on GitLab the table names the lines
        assert [(line, title) for line, _, title in run.annotations] == [
            (2, "reviews.settle"),
            (3, "reviews.bugdets"),
        ]
    golden("rules_check_organisation", f"{run.title}\n\n{run.summary}")


async def test_a_mended_line_succeeds(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching={RULES: "reviews: {settle: soon}\n"})
    await bot.settled()
    world.ana.pushes(change, {RULES: "reviews: {settle: 5m}\n"})
    await bot.settled()
    assert (judged(change).conclusion, judged(change).title) == ("success", "Nothing changes")


async def test_what_a_change_says_of_itself_does_not_hold_for_it(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(
        world.api, touching={RULES: "reviews: {enabled: false}\n", "pay/refund.py": "x\n"}
    )
    await bot.settled()
    assert change.requested
