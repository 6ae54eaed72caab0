"""Shared code is found by who needs it, and its page says what a stranger wants to know."""

from __future__ import annotations

import json

import pytest

from app.store.tables import thanks
from tests.handlers.guest_world import grown_shop
from tests.stories import GUIDE, Bot, Forge, Shop, defaults_of, golden

pytestmark = pytest.mark.slow

USERS = {"till": "search", "cart": "search", "mail": "platform"}
"""Who uses the kit: a repository, and the team that owns it."""


@pytest.fixture
async def world(forge: Forge) -> Shop:
    return grown_shop(forge)


@pytest.fixture
async def sharing(bot: Bot, world: Shop) -> Shop:
    """Payments share a kit that three repositories of two teams use, and an app that nobody uses."""
    forge = world.forge
    rules = f"inherit: {{repository: {defaults_of(forge)}}}\n" if forge.kind == "gitlab" else ""
    forge.repository(defaults_of(forge), files={"CONTRIBUTING.md": GUIDE}, collaborators={"dora": "admin"})
    inner = json.dumps({"title": "Retry kit", "motivation": "Try again, politely."})
    files = {"innersource.json": inner, "package.json": '{"name": "@shop/retry-kit"}'}
    made = {
        "shop/kit": {**files, ".github/CODEOWNERS": "* @shop/payments\n", ".github/usher.yml": rules},
        "shop/app": {"innersource.json": '{"title": "App"}', ".github/CODEOWNERS": "* @shop/payments\n"},
    }
    uses = '{"dependencies": {"@shop/retry-kit": "1"}}'
    made |= {
        f"shop/{name}": {"package.json": uses, ".github/CODEOWNERS": f"* @shop/{team}\n"}
        for name, team in USERS.items()
    }
    for name, each in made.items():
        owner = each[".github/CODEOWNERS"].split("@")[1].strip()
        forge.repository(name, files=each, teams={owner: "maintain"})
    await bot.settled()
    return world


async def test_who_needs_it_finds_it_and_sees_who_uses_it(bot: Bot, sharing: Shop) -> None:
    async with bot.visited_by("dora") as client:
        found = (await client.get("/catalogue", params={"q": "retry"})).text
        assert "Retry kit" in found
        hostile = await client.get("/catalogue", params={"q": "'; drop table entry; --"})
        assert (hostile.status_code, "Nothing is called" in hostile.text) == (200, True)
        page = (await client.get(f"/r/{bot.forge.kind}/shop/kit")).text
        candidates = (await client.get("/candidates")).text
    words = " ".join(page.split())
    assert "<dd>3<small>in 2 other teams</small>" in words
    assert f"inherited from {defaults_of(sharing.forge)}" in words
    assert "shop/kit" in candidates
    ranked = [name for name in ("shop/kit", "shop/app") if name in candidates]
    assert ranked == sorted(ranked, key=candidates.index)


async def test_thanks_say_who_gains(bot: Bot, sharing: Shop) -> None:
    kit = next(each for each in sharing.forge.world.repositories.values() if each.full_name == "shop/kit")
    change = sharing.ana.opens(kit, touching={"retry.py": "#\n"}, title="Wait a little longer")
    await bot.settled()
    sharing.ben.merges(change)
    await bot.settled()
    [draft] = await bot.rows(thanks)
    golden("thanks_with_users", draft.body)
