"""No page asks the database more than eight times, however it is reached: whoever follows every link finds out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextvars import ContextVar
from html import unescape

import httpx2
import pytest
import sqlalchemy as sa
from starlette.types import ASGIApp, Receive, Scope, Send

from app import serving
from tests.stories import Bot, Shop

pytestmark = pytest.mark.slow

MOST = 8

UNLINKED = (
    "/catalogue?q=nothing-is-called-so", "/catalogue?q=retry", "/repos.json", "/backstage/catalog.yaml", "/me.json",
    "/flow.json",
)  # fmt: skip

KINDS = {
    "/", "/changes", "/changes/{}/{}", "/catalogue", "/r/{}/{}/{}", "/candidates", "/flow", "/promises", "/wins/{}",
    "/measures", "/operations", "/operations/accounts/{}", "/me",
}  # fmt: skip
"""What following links must have come to, lest the story looks at less than it says."""

_asked: ContextVar[list[str] | None] = ContextVar("asked", default=None)


class Counting:
    """The site, saying with each answer how often it asked the database. What works beside it does not count."""

    def __init__(self, site: ASGIApp) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked: list[str] = []
        _asked.set(asked)  # every request is a task of its own, and what it starts inherits this

        async def say(message):  # type: ignore[no-untyped-def]
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-queries", str(len(asked)).encode())]
            await send(message)

        await self._site(scope, receive, say)


@pytest.fixture
async def counted(bot: Bot) -> AsyncIterator[str]:
    """Where the pages are that count what they ask."""

    def note(_connection, _cursor, statement, *_):  # type: ignore[no-untyped-def]
        if (asked := _asked.get()) is not None:
            asked.append(statement)

    engine = bot.usher.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    stop, listener = asyncio.Event(), serving.listen("127.0.0.1", 0)
    assert bot.usher.site is not None
    answering = asyncio.create_task(serving.answer(Counting(bot.usher.site), stop, listener))
    yield serving.address_of(listener)
    stop.set()
    await answering
    sa.event.remove(engine, "before_cursor_execute", note)


def kind_of(path: str) -> str:
    """What pages have in common that are the same but for whom or what they are about."""
    bare, _, query = path.partition("?")
    where = {
        r"^/changes/.+": "/changes/{}/{}",
        r"^/r/.+": "/r/{}/{}/{}",
        r"^/wins/.+": "/wins/{}",
        r"^/operations/accounts/.+": "/operations/accounts/{}",
    }
    kind = next((name for pattern, name in where.items() if re.match(pattern, bare)), bare)
    asked = sorted(each.partition("=")[0] for each in query.split("&"))
    return f"{kind}?{'&'.join(asked)}" if query else kind


async def test_no_page_asks_more_than_eight_times(bot: Bot, world: Shop, counted: str) -> None:
    shared = {"innersource.json": '{"title": "Retry kit"}', "package.json": '{"name": "@shop/retry"}'}
    world.dora.commits(world.api, shared)
    world.forge.repository("shop/cart", files={"package.json": '{"dependencies": {"@shop/retry": "1"}}'})
    for title in ("One", "Two", "Three"):  # what asks once for each of several shows
        world.ana.opens(world.api, touching=["docs/guide.md"], title=title)
    await bot.settled()
    seen: dict[str, int] = {}
    async with httpx2.AsyncClient(base_url=counted, follow_redirects=True) as client:
        await client.get(f"/login/{bot.forge.kind}?who=dora")
        ahead = ["/", *UNLINKED]
        while ahead:
            path = ahead.pop(0)
            if (kind := kind_of(path)) in seen:
                continue
            answer = await client.get(path)
            assert answer.status_code == 200, path
            seen[kind] = int(answer.headers["x-queries"])
            if "text/html" in answer.headers["content-type"]:
                links = re.findall(r'<a [^>]*href="(/[^"#]*)', answer.text)
                ahead += [each for each in map(unescape, links) if not each.startswith(("/static", "/login"))]
    assert seen.keys() >= KINDS
    assert {kind: number for kind, number in seen.items() if number > MOST} == {}
