"""What hangs or is slow costs those alone whom it is about."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.forges.sandbox.faults import Fault
from app.store.tables import due
from tests.stories import Bot, Shop, said, subject_of

pytestmark = pytest.mark.slow


async def test_a_run_that_hangs_is_ended_and_made_again_later(bot: Bot, world: Shop) -> None:
    """The forge takes a request and never answers: the run ends itself, gives its lease back, and says why."""
    patient = bot.usher.work.settling
    bot.usher.work.settling = replace(patient, gives_up_after=0.5)
    bot.forge.faults.next(Fault(delay=2), method="GET", path="/pulls/")
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    mine = due.c.subject == subject_of(change)
    async with asyncio.timeout(20):
        while not (await bot.rows(due, mine, due.c.attempts > 0)):
            await asyncio.sleep(0.02)
    [row] = await bot.rows(due, mine)
    bot.usher.work.settling = patient
    assert row.reason == "TimeoutError: it had not ended after 0.5 seconds"
    assert (row.leased_until, row.dead_at) == (None, None)
    assert row.generation > row.settled_generation
    assert change.asked == set()
    async with bot.usher.database.begin() as connection:
        await connection.execute(sa.update(due).values(not_before=sa.func.now()))
    await bot.settled()
    assert change.asked == {"erin"}
    assert len(said(change)) == 1


async def test_an_account_whose_forge_is_slow_keeps_nobody_else_waiting(bot: Bot, world: Shop) -> None:
    """More of its changes wait than Usher has hands; another account's change is answered before any of them."""
    forge = bot.forge
    forge.organisation("slow")
    sam = forge.person("sam", member_of="slow")
    forge.person("sue", member_of="slow")
    files = {".github/CODEOWNERS": "* @sue\n", "docs/guide.md": "# Guide\n"}
    place = forge.repository("slow/api", files=files, collaborators={"sam": "write", "sue": "admin"})
    forge.faults.next(Fault(delay=1), times=10_000, path="/slow/")
    slow = [sam.opens(place, touching=["docs/guide.md"]) for _ in range(6)]
    async with asyncio.timeout(20):
        while not any("/slow/" in each.path for each in forge.ledger.exchanges):
            await asyncio.sleep(0.02)
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    async with asyncio.timeout(20):
        while not (change.asked and said(change)):
            await asyncio.sleep(0.02)
    assert [each for each in slow if each.asked or said(each)] == []
    forge.faults.clear()
    await bot.settled()
    assert [each.asked for each in slow] == [{"sue"}] * 6
