"""A new installation begins in a dry run: one check says what Usher would do, until somebody makes it live."""

from __future__ import annotations

import pytest

from app.commands.modes import switched
from app.doctor.database import check_database
from app.errors import ForPeople
from app.forges.sandbox.ledger import Exchange
from app.forges.sandbox.world import Change
from app.store.tables import audit
from tests.stories import Bot, Shop, golden, said, subject_of

CHECK = "usher/dry-run"


@pytest.fixture
def mode() -> str:
    return "preview"


async def switch(bot: Bot, where: str, mode: str) -> list[str]:
    """What `usher live` and `usher dry-run` do."""
    told = await switched(bot.usher.database, where, mode, "cli:olga")  # type: ignore[arg-type]
    await bot.settled()
    return told


def titles(change: Change) -> list[str | None]:
    """What the check says on the newest commit; GitLab calls it a status."""
    place, newest = change.repository, (CHECK, change.head)
    runs = [each.output["title"] for each in place.checks.values() if (each.name, each.sha) == newest]
    return runs + [each.description for each in place.statuses if (each.context, each.sha) == newest]


async def test_nothing_is_written_but_a_check_that_says_what_would_be(bot: Bot, world: Shop) -> None:
    written: list[Exchange] = []
    world.forge.on_exchange.append(
        lambda each: written.append(each) if each.method not in ("GET", "HEAD") else None
    )
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == set()
    assert said(change) == []
    on_behalf = [
        each.path for each in written if "/access_tokens" not in each.path and "graphql" not in each.path
    ]
    assert on_behalf
    assert all("check-runs" in path or "/statuses/" in path for path in on_behalf)
    assert titles(change) == ["Dry run: would ask erin to review"]
    effects = await bot.effects(change)
    assert {(each.kind, each.state) for each in effects} >= {("ask", "skipped"), ("sticky", "skipped")}


@pytest.mark.slow
async def test_going_live_does_what_was_noted_and_the_check_says_that_it_is_over(
    bot: Bot, world: Shop
) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert await switch(bot, "Shop", "live") == ["Usher is live for shop, on every repository there."]
    assert change.asked == {"erin"}
    assert len(said(change)) == 1


@pytest.mark.slow
async def test_one_repository_goes_live_and_the_others_do_not(bot: Bot, world: Shop) -> None:
    other = world.forge.repository(
        "shop/web",
        files={"app.py": "print()\n", ".github/CODEOWNERS": "* @dora\n"},
        collaborators={"dora": "admin"},
    )
    here, there = (world.ana.opens(place, touching=["app.py"]) for place in (world.api, other))
    await bot.settled()
    assert await switch(bot, "shop/API", "live") == ["Usher is live for shop/api."]
    assert (here.asked, there.asked) == ({"dora"}, set())
    found = [each async for each in check_database(bot.usher.database) if each.name == "dry run"]
    assert [each.found for each in found] == [
        "Usher is in a dry run for shop (but shop/api): it only shows what it would do."
    ]


@pytest.mark.slow
async def test_it_works_both_ways_and_what_was_said_stays_as_it_is(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    await switch(bot, "shop", "live")
    [comment] = said(change)
    assert await switch(bot, "shop/api", "preview") == ["Usher is in a dry run for shop/api."]
    world.erin.reviews(change, "approve")
    later = world.ana.opens(world.api, touching=["docs/guide.md"], title="Another")
    await bot.settled()
    assert said(change) == [comment]
    assert (later.asked, said(later)) == (set(), [])
    assert titles(later) == ["Dry run: would ask erin to review"]
    told = await switch(bot, "shop", "live")
    assert told[1:] == ["  shop/api stays in a dry run; `usher live shop/api` ends it"]
    assert said(later) == []
    await switch(bot, "shop/api", "live")
    assert said(change) != [comment]
    assert len(said(later)) == 1
    await switch(bot, "shop", "preview")
    last = world.ana.opens(world.api, touching=["docs/guide.md"], title="The last")
    await bot.settled()
    assert said(last) == []
    notes = [(row.action, row.object) for row in await bot.rows(audit)]
    assert notes == [
        ("live", "shop"),
        ("dry-run", "shop/api"),
        ("live", "shop"),
        ("live", "shop/api"),
        ("dry-run", "shop"),
    ]


@pytest.mark.slow
async def test_the_check_follows_what_would_be_done(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.ana.pushes(change, {"app.py": "print(2)\n"})
    await bot.settled()
    assert titles(change) in (
        ["Dry run: would ask dora and erin to review"],
        ["Dry run: would ask erin and dora to review"],
    )


@pytest.mark.slow
async def test_a_name_that_nobody_bears_is_told_with_those_that_are_known(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    with pytest.raises(ForPeople, match=r"no repository 'shpo'. Known organisations: shop\."):
        await switched(bot.usher.database, "shpo", "live", "cli:olga")


class TestPages:
    """Whoever administers a repository switches it, and operators switch everything."""

    pytestmark = pytest.mark.slow

    async def test_the_owner_of_a_repository_makes_it_live_with_a_button(self, bot: Bot, world: Shop) -> None:
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await bot.settled()
        where = f"/repositories/1/{world.api.id}/mode"
        async with bot.visited_by("erin") as client:
            seen = (await client.get(f"/repositories/1/{world.api.id}")).text
            assert "Usher writes nothing here yet" in seen
            assert "Make it live" not in seen
            story = (await client.get(f"/changes/1/{subject_of(change)}")).text
            assert "What Usher would have done" in story
            assert "</strong> would be asked for" in story
            form = {"csrf": word(seen), "mode": "live"}
            refused = await client.post(where, data=form, headers={"origin": bot.url})
            assert refused.status_code == 404
        assert change.asked == set()
        async with bot.visited_by("dora") as client:
            seen = (await client.get(f"/repositories/1/{world.api.id}")).text
            form = {"csrf": word(seen), "mode": "live"}
            forged = await client.post(where, data=form, headers={"origin": "https://elsewhere.example"})
            assert forged.status_code == 403
            done = await client.post(where, data=form, headers={"origin": bot.url})
            assert "Back to the dry run" in done.text
        await bot.settled()
        assert change.asked == {"erin"}
        assert [row.actor for row in await bot.rows(audit)] == [f"{world.forge.kind}:dora"]

    async def test_operators_see_every_repository_and_switch_the_organisation(
        self, bot: Bot, world: Shop
    ) -> None:
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await bot.settled()
        async with bot.visited_by("erin") as client:
            assert (await client.get("/operations/accounts/1")).status_code == 404
        async with bot.visited_by("dora") as client:
            assert "/operations/accounts/1" in (await client.get("/operations")).text
            seen = (await client.get("/operations/accounts/1")).text
            assert "shop/api" in seen
            form = {"csrf": word(seen), "mode": "live"}
            done = await client.post("/operations/accounts/1/mode", data=form, headers={"origin": bot.url})
            assert "Usher acts in every repository" in done.text
            wrong = await client.post(
                "/operations/accounts/1/mode", data={**form, "mode": "maybe"}, headers={"origin": bot.url}
            )
            assert wrong.status_code == 400
        await bot.settled()
        assert change.asked == {"erin"}


@pytest.mark.slow
@pytest.mark.parametrize("public", [True])
async def test_the_check_shows_every_comment_and_says_when_it_is_over(bot: Bot, world: Shop) -> None:
    """GitLab's has room for a line alone, and leads to Usher's page of the change, where they are."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    if bot.forge.kind == "github":
        [run] = [run for run in world.api.checks.values() if run.name == CHECK]
        assert run.conclusion == "neutral"
        golden("dry_run", run.output["summary"])
    else:
        [status] = [each for each in world.api.statuses if each.context == CHECK]
        assert status.state == "success"
        async with bot.visited_by("ana") as client:
            page = (await client.get(status.target_url)).text
        assert "What Usher would have done" in page
        assert "A first answer is promised by **Mon 23 Nov 17:00 UTC**" in page
    await switch(bot, "shop", "live")
    assert titles(change)[-1] == "The dry run is over"


def word(page: str) -> str:
    """The word that the forms of a page carry."""
    return page.partition('name="csrf" value="')[2].partition('"')[0]
