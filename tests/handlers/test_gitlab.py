"""What is different on GitLab: one reviewer on Free, sections of CODEOWNERS, groups and roles, people who are busy."""

from __future__ import annotations

import pytest

from app.forges.sandbox.edition import Tier
from app.forges.sandbox.world import Protection
from app.store.tables import clock
from policies.words.sticky import how_to_give_back
from tests.stories import OWNERS, Bot, Colleague, Shop, golden, said

pytestmark = pytest.mark.slow


@pytest.fixture
def tier(request: pytest.FixtureRequest) -> Tier:
    chosen: Tier = getattr(request, "param", "premium")
    return chosen


@pytest.mark.parametrize("tier", ["free"], indirect=True)
async def test_on_free_the_others_are_asked_by_name_in_a_comment(bot: Bot, world: Shop) -> None:
    """GitLab Free keeps one reviewer, and Usher is the only one who reads the owners file there."""
    change = world.ben.opens(world.api, touching=["pay/refund.py", "docs/guide.md"])
    await bot.settled()
    [listed] = change.asked
    [other] = {"carla", "erin"} - {listed}
    told = [each for each in said(change) if each.startswith(f"@{other}")]
    assert len(told) == 1
    golden("asked_by_name", told[0].replace(f"@{other}", "@erin"))
    await bot.settled()
    assert len([each for each in said(change) if each.startswith("@")]) == 1


async def test_each_section_wants_an_answer_of_its_own(bot: Bot, world: Shop) -> None:
    owners = "[Payments] @shop/payments\npay/\n\n[Words] @erin\npay/\n\n^[Look] @dora\npay/\n"
    world.dora.commits(world.api, {".github/CODEOWNERS": owners})
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert "erin" in change.asked
    assert len(change.asked & {"ben", "carla"}) == 1
    assert "dora" not in change.asked  # an optional section asks nobody


async def test_what_nobody_can_or_has_to_approve_is_said(bot: Bot, world: Shop) -> None:
    """Two approvals are wanted, and the author is one of two owners; elsewhere all owners are optional."""
    owners = "[Words][2] @ana @erin\ndocs/\n\n^[Look] @dora\napp.py\n"
    world.dora.commits(world.api, {".github/CODEOWNERS": owners})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    other = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    golden("lacking", said(change)[0])
    golden("all_optional", said(other)[0])
    world.erin.reviews(change, "approve")
    await bot.settled()
    assert said(change)[0].startswith("**Answered** by `erin`; an approval is still missing.")


async def test_a_role_in_the_project_owns(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/CODEOWNERS": "pay/ @@owners\n"})
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert change.asked == {"dora"}


async def test_who_is_busy_by_their_own_status_is_not_asked(bot: Bot, world: Shop) -> None:
    assert isinstance(world.ben, Colleague)
    world.ben.is_busy("at a fair")
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert change.asked == {"carla"}


async def test_who_cannot_tick_a_box_is_shown_commands(bot: Bot, world: Shop) -> None:
    """Only maintainers edit another's comment; erin and ana are Developers, dora owns the project."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    other = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    golden("asked_without_boxes", said(change)[0])
    assert "- [ ] " in said(other)[0]
    world.erin.reviews(change, "request_changes", "Shorter, please.")
    await bot.settled()
    golden("changes_asked_without_boxes", said(change)[0])
    golden("presumed_without_boxes", how_to_give_back("/usher", presumed=True, boxes=False))


async def test_an_approval_that_a_push_took_back_counts_no_more_even_of_whom_nobody_asked(
    bot: Bot, world: Shop
) -> None:
    """GitLab tells of reviewers whose approval fell, and of nobody else; it is missing among the approvals."""
    world.api.protections["main"] = Protection(dismiss_stale=True)
    world.dora.commits(world.api, {".github/CODEOWNERS": "docs/ @erin @dora\n"})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    [asked] = change.asked
    other = {"erin": world.dora, "dora": world.erin}[asked]
    other.reviews(change, "approve")
    await bot.settled()
    assert [row.state for row in await bot.rows(clock)] == ["MERGE"]
    world.later("10m")
    world.ana.pushes(change, ["docs/guide.md"])
    await bot.settled()
    assert [row.state for row in await bot.rows(clock)] == ["REREVIEW"]


async def test_a_status_of_ushers_never_passes_for_the_pipeline_that_failed(bot: Bot, world: Shop) -> None:
    """A status that belongs to no pipeline makes one, which GitLab would show in place of the merge request's own."""
    assert isinstance(world.dora, Colleague)
    world.api.protections["main"] = Protection(checks=("ci/build",))
    change = world.ana.opens(world.api, touching={".github/CODEOWNERS": OWNERS + "app.py @erin\n"})
    world.dora.runs(change, "failed")
    await bot.settled()
    there = [each for each in world.api.statuses if each.sha == change.head]
    assert [each.context for each in there] == ["build", "usher/contribution"]
    assert [each.status for each in world.api.pipelines if each.sha == change.head] == ["failed"]
    assert [(row.state, row.turn) for row in await bot.rows(clock)] == [("FIX", "ana")]
