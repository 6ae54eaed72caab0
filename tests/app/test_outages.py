"""Usher was down: what fell due meanwhile is excused, and a short silence is no outage."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.rounds.outages import note_outages
from app.rounds.schedule import Round, Rounds
from app.store.chores import Chore
from app.store.database import Database
from app.store.tables import outage
from tests.stories import Bot, Shop

pytestmark = pytest.mark.slow


async def test_an_answer_that_fell_due_while_usher_was_down_is_excused(bot: Bot, world: Shop) -> None:
    """Usher lived at noon and again on Tuesday at ten; the answer was due on Monday at five."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    machine = [datetime(2026, 11, 23, 12, tzinfo=UTC)]
    at_once = timedelta()
    alive = note_outages(bot.usher.database, world.forge.clock, wall=lambda: machine[0], every=at_once)
    rounds = Rounds(bot.usher.database, [replace(alive, name="alive, by this story's machine")])
    world.later("3h")
    await rounds.look()
    machine[0] += timedelta(minutes=5)
    world.later("1m")
    await rounds.look()
    assert await bot.rows(outage) == []
    machine[0] += timedelta(hours=22)
    world.later("22h")
    await rounds.look()
    [down] = await bot.rows(outage)
    assert down.end_at - down.start_at == timedelta(hours=22)
    world.ana.comments(change, "Anybody?")
    await bot.settled()
    owed = [each for each in await bot.obligations(change) if each.kind == "first_response"]
    assert {each.verdict for each in owed} == {"excused"}


async def test_a_round_that_takes_long_keeps_no_other_waiting(database: Database) -> None:
    """Else nobody would say that Usher lives, and an outage would be noted that was none."""
    never, made = asyncio.Event(), asyncio.Event()

    async def long(_chore: Chore) -> Mapping[str, Any]:
        await never.wait()
        return {}

    async def short(_chore: Chore) -> Mapping[str, Any]:
        made.set()
        return {}

    rounds = [Round("long", timedelta(minutes=1), long), Round("short", timedelta(minutes=1), short)]
    running = asyncio.create_task(Rounds(database, rounds).run())
    async with asyncio.timeout(20):
        await made.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
