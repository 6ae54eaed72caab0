"""A guideline links to other sites: a page that is gone for a day is told of, and no longer once it is back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.forges.sandbox.server import Server
from app.rounds.links import Sites, ask_sites
from app.rounds.schedule import Rounds
from app.store import running
from app.store.tables import chore, finding, link
from tests.stories import GUIDE, Bot, Shop, a_day_later

pytestmark = pytest.mark.slow

INSIDE = Sites(frozenset({"127.0.0.1"}))


class Wiki:
    """A wiki with one page, which may be missing."""

    def __init__(self) -> None:
        self.calls, self.status = 0, 404
        self.server = Server(Starlette(routes=[Route("/how", self.answer)]))

    async def answer(self, _request: Request) -> Response:
        self.calls += 1
        return Response(status_code=self.status)


async def test_a_page_that_is_gone_for_a_day_is_told_of(bot: Bot, world: Shop) -> None:
    wiki = Wiki()
    await wiki.server.start()
    guide = f"{GUIDE}\nSee [how we work]({wiki.server.url}/how) and [elsewhere](https://example.org/).\n"
    rules = "guidelines: {external_links: [127.0.0.1]}\n"
    world.dora.commits(world.api, {"CONTRIBUTING.md": guide, ".github/usher.yml": rules})
    await bot.settled()
    assert [each.address for each in await bot.rows(link)] == [f"{wiki.server.url}/how"]
    asking = ask_sites(bot.usher.database, INSIDE, world.forge.clock, timedelta())
    rounds = Rounds(bot.usher.database, [replace(asking, name="links, of this story", every=timedelta())])

    async def broken() -> list[str]:
        await rounds.look()
        await bot.settled()
        open_now = finding.c.cleared_at.is_(None)
        return [each.message for each in await bot.rows(finding, finding.c.kind == "link_broken", open_now)]

    assert await broken() == []
    calls = wiki.calls
    assert await broken() == []
    assert wiki.calls == calls  # once a day is enough
    await a_day_later(bot, world)
    assert await broken() == [f"`{wiki.server.url}/how` did not answer on two days."]
    wiki.status = 200
    await a_day_later(bot, world)
    assert await broken() == []
    await wiki.server.stop()


async def test_while_nobody_answers_no_link_is_judged_and_operators_hear_of_it(bot: Bot, world: Shop) -> None:
    there, gone = Wiki(), Wiki()
    there.status = 200
    for each in (there, gone):
        await each.server.start()
    pages = [f"{each.server.url}/how" for each in (there, gone)]
    guide = f"{GUIDE}\nSee [how we work]({pages[0]}) and [more]({pages[1]}).\n"
    rules = "guidelines: {external_links: [127.0.0.1]}\n"
    world.dora.commits(world.api, {"CONTRIBUTING.md": guide, ".github/usher.yml": rules})
    await bot.settled()

    async def look(nobody_answers: bool) -> tuple[list[str], bool]:
        """What is said of links a day later, and whether operators are told that no site answers."""

        async def resolve(host: str, _port: int) -> list[str]:
            if nobody_answers:
                raise OSError("no name is known here")
            return [host]

        await a_day_later(bot, world)
        asking = ask_sites(
            bot.usher.database, replace(INSIDE, resolve=resolve), world.forge.clock, timedelta()
        )
        rounds = Rounds(bot.usher.database, [replace(asking, name="links", every=timedelta())])
        async with bot.usher.database.begin() as connection:
            await connection.execute(
                sa.update(chore).values(next_at=sa.func.now()).where(chore.c.name == "links")
            )
        await rounds.look()
        await bot.settled()
        open_now = finding.c.cleared_at.is_(None)
        found = await bot.rows(finding, finding.c.kind == "link_broken", open_now)
        [row] = await bot.rows(chore, chore.c.name == "links")
        told = [where for where, well, _ in running.hooks({"links": row.note}) if not well]
        return sorted(each.message for each in found), told == ["Other sites"]

    broken = [f"`{pages[1]}` did not answer on two days."]
    assert await look(nobody_answers=True) == ([], True)
    assert await look(nobody_answers=True) == ([], True)
    assert await look(nobody_answers=False) == ([], False)
    assert await look(nobody_answers=False) == (broken, False)
    assert await look(nobody_answers=True) == (broken, True)  # what was known before stays
    for each in (there, gone):
        await each.server.stop()
