"""The pages that the demo leaves open: they answer, they say what they should, and they name no secret."""

from __future__ import annotations

import httpx2
import pytest

from tests.stories import SECRET, Bot, Shop, subject_of

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone


async def test_the_pages_tell_whose_turn_it_is_and_why(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/CODEOWNERS": "docs/ @erin\ngone/ @nobody-there\n"})
    change = world.ana.opens(world.api, touching=["docs/guide.md"], title="A <b>bold</b> title")
    await bot.settled()
    async with bot.visited_by("erin") as client:
        front = await client.get("/changes")
        one = await client.get(f"/changes/1/{subject_of(change)}")
        repository = await client.get(f"/repositories/1/{world.api.id}")
        missing = await client.get("/changes/1/change:1:1")
    assert "A &lt;b&gt;bold&lt;/b&gt; title" in front.text
    assert "erin" in front.text
    assert "asked erin" in one.text
    assert "nobody-there" in repository.text
    assert missing.status_code == 404
    for page in (front, one, repository):
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert SECRET not in page.text


async def test_health_and_metrics(bot: Bot, world: Shop) -> None:
    world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    async with httpx2.AsyncClient(base_url=bot.url) as client:
        assert (await client.get("/livez")).text == "alive\n"
        assert (await client.get("/readyz")).text == "ready\n"
        metrics = (await client.get("/metrics")).text
    assert f'usher_webhook_requests_total{{forge="{bot.forge.kind}",result="new"}}' in metrics
    assert "usher_settle_seconds_count" in metrics
