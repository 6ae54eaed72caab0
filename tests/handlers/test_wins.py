"""On the first business day of a month, the month's wins are handed over as a draft to post."""

from __future__ import annotations

import pytest

from app.forges.sandbox.world import Issue, Repository, Visibility
from tests.handlers.guest_world import grown_shop
from tests.handlers.test_owner_doctor import issues, told
from tests.stories import Bot, Forge, Shop, golden, in_its_place

pytestmark = pytest.mark.slow

TRACKING_OFF = "guidelines: {tracking_issue: off}\n"


@pytest.fixture
def agreed() -> str:
    return ""


@pytest.fixture
def openness() -> Visibility:
    """Who may read the repository with the organisation's rules."""
    return "internal"


@pytest.fixture
async def world(forge: Forge, agreed: str, openness: Visibility) -> Shop:
    shop = grown_shop(forge)
    shop.api.visibility = "internal"
    name = "shop/defaults" if forge.kind == "gitlab" else "shop/.github"
    path = in_its_place(".github/usher.yml") if forge.kind == "gitlab" else ".github/usher.yml"
    rules = f"{TRACKING_OFF}{agreed}"
    forge.repository(name, files={path: rules}, collaborators={"dora": "admin"}, visibility=openness)
    return shop


def for_all(world: Shop) -> Repository:
    return next(
        each for each in world.forge.world.repositories.values() if each.name in (".github", "defaults")
    )


def drafts(world: Shop) -> list[Issue]:
    return [each for each in issues(for_all(world)) if "a draft to post" in each.title]


async def a_month_of_sharing(bot: Bot, world: Shop) -> None:
    """A guest's change is merged in the open; another in a repository that not everybody may see."""
    vault = world.forge.repository(
        "shop/vault", files={"key.py": "KEY = 1\n"}, collaborators={"dora": "admin", "ana": "write"}
    )
    world.dora.commits(for_all(world), {"README.md": "# Rules for all\n"})
    for place, path, title in (
        (world.api, "pay/refund.py", "Refund twice"),
        (vault, "key.py", "Turn the key"),
    ):
        world.dora.commits(place, {"innersource.json": "{}"})
        change = world.ana.opens(place, touching=[path], title=title)
        await bot.settled()
        world.later("2h")
        (world.carla if place is world.api else world.dora).reviews(change, "approve")
        world.dora.merges(change)
        await bot.settled()


async def until(bot: Bot, world: Shop, length: str) -> None:
    world.later(length)
    await bot.settled()


async def test_the_draft_comes_on_the_first_business_day_and_is_theirs_from_then_on(
    bot: Bot, world: Shop
) -> None:
    """It is Monday, 23 November; the first business day of December is a Tuesday."""
    await a_month_of_sharing(bot, world)
    await until(bot, world, "187h")  # 1 December, eight o'clock
    assert drafts(world) == []
    await until(bot, world, "1h")
    [draft] = drafts(world)
    there = f"{world.forge.url}/shop/api/{'-/merge_requests' if world.forge.kind == 'gitlab' else 'pull'}/"
    text = told(draft).replace(there, "https://forge.example/shop/api/pull/").replace("api!1", "api#1")
    golden("wins_draft", f"{draft.title}\n\n{text}")
    assert "Turn the key" not in draft.body
    world.dora.closes(draft)
    await until(bot, world, "25h")
    [same] = drafts(world)
    assert not same.open
    await until(bot, world, "720h")  # nothing was won in December
    assert len(drafts(world)) == 1


class TestWhereEverybodyReadsTheRules:
    @pytest.fixture
    def openness(self) -> Visibility:
        return "public"

    async def test_what_is_internal_is_not_told(self, bot: Bot, world: Shop) -> None:
        await a_month_of_sharing(bot, world)
        await until(bot, world, "189h")
        assert drafts(world) == []


class TestSwitchedOff:
    @pytest.fixture
    def agreed(self) -> str:
        return "metrics: {digest: off}\n"

    async def test_nothing_is_told(self, bot: Bot, world: Shop) -> None:
        await a_month_of_sharing(bot, world)
        await until(bot, world, "189h")
        assert drafts(world) == []
