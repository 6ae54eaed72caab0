"""`make chaos`: Usher's processes among faults, drawn from a seed, and a judge who compares the ledgers afterwards.

    make chaos                              run A: 2,000 deliveries, a few kills; a part of `make test`
    make chaos ARGS="--run C --seed 7"      run C: 100,000 deliveries, 40 organisations, more than 120 kills

Every run prints its seed and its figures, and fails if anything was lost, done twice, given up or left undone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.crash_points import POINTS
from app.forges.budget import Pace
from app.forges.github.app import GitHubApp
from app.forges.github.client import GitHubClient
from app.forges.sandbox import Sandbox
from app.forges.sandbox.courier import Sent
from app.rounds.missed import MissedDeliveries
from app.store import schema
from app.store.chores import Chore
from app.store.database import Database, connect
from app.store.tables import delivery
from tests.chaos import fuzz, neighbours, network
from tests.chaos.arena import MONDAY_NINE, Arena
from tests.chaos.crowd import Crowd
from tests.chaos.judge import Judgement, is_calm, judge
from tests.servers import Server

MOST_UNREAD = 400
"""So many unanswered letters, then people pause: the load is bounded by what is answered."""


@dataclass(frozen=True)
class Run:
    """What one run consists of. Chances are per act; `kills` are those by hand, crash points come on top."""

    about: str
    deliveries: int
    organisations: int
    webs: int
    works: int
    kills: int
    in_turn: bool = False
    apart: bool = False
    points: tuple[str, ...] = ()
    database_kills: int = 0
    database_away: float = 0.0
    duplicates: float = 0.10
    losses: float = 0.02
    unordered: bool = True
    forge_errors: float = 0.0
    blocks: int = 0
    calm_seconds: float = 180.0


RUNS = {
    "A": Run("every commit", 2_000, 4, 2, 2, kills=5, forge_errors=0.01),
    "B": Run("no faults at all", 4_000, 8, 1, 2, kills=0, duplicates=0, losses=0, unordered=False),
    "C": Run(
        "100,000 deliveries among everything at once",
        100_000,
        40,
        2,
        2,
        kills=130,
        points=tuple(POINTS),
        database_kills=3,
        database_away=60.0,
        losses=0.01,
        forge_errors=0.01,
        blocks=4,
        calm_seconds=2_400.0,
    ),
    "D": Run(
        "two web and three worker processes, each killed and started again in turn",
        10_000,
        10,
        2,
        3,
        kills=60,
        in_turn=True,
        apart=True,
        losses=0.0,
        calm_seconds=300.0,
    ),
    "G": Run(
        "every named crash point",
        6_000,
        6,
        1,
        2,
        kills=10,
        points=tuple(POINTS),
        calm_seconds=300.0,
    ),
}

OTHERS = {"F": neighbours, "J": fuzz}
"""Runs that are played otherwise."""


@dataclass
class Outcome:
    """What a run came to."""

    run: Run
    seed: int
    judgement: Judgement
    arena: Arena
    seconds: float
    calm_after: float
    acts: int
    ack_seconds: list[float] = field(default_factory=list)

    def told(self) -> str:
        found, arena = self.judgement, self.arena
        acks = sorted(self.ack_seconds) or [0.0]
        deaths = sum(each.deaths for each in arena.workers)
        lines = [
            f"{self.run.about}; seed {self.seed}",
            f"  deliveries      {found.sent:,} sent, {found.acknowledged:,} acknowledged when first tried or later, "
            f"{found.done:,} done, {found.ignored:,} ignored",
            f"  killed          {arena.kills} by hand, {sum(arena.crashes.values())} at crash points "
            f"{dict(sorted(arena.crashes.items())) or ''}; {deaths} ends of processes in all",
            f"  networks        {'one for each process' if arena.apart else 'the same for all'}",
            f"  effects         {found.effects:,} done",
            f"  lost {len(found.lost)}, dead {len(found.dead)}, done twice {len(found.duplicated)}, "
            f"unfinished {len(found.unfinished)}, unserved {len(found.unserved)}",
            f"  time            {self.seconds:.0f} s under load, calm {self.calm_after:.0f} s after; "
            f"answers p50 {acks[len(acks) // 2] * 1e3:.0f} ms, p99 {acks[int(len(acks) * 0.99)] * 1e3:.0f} ms, "
            f"slowest {acks[-1]:.1f} s",
        ]
        return "\n".join([*lines, *(f"  WRONG: {each}" for each in found.wrong[:30])])


async def play(run: Run, seed: int, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Play a run from its seed and judge it."""
    server = await asyncio.to_thread(Server)
    database = connect(server.address)
    try:
        await schema.migrate(database)
        async with Sandbox(webhook_secret="a-webhook-secret-of-chaos", seed=seed, start=MONDAY_NINE) as forge:
            apart = run.apart and network.are_possible()
            arena = Arena(forge, server, server.folder, seed, points=run.points, apart=apart)
            try:
                return await _play(run, seed, forge, arena, database, say)
            finally:
                await arena.stop()
    finally:
        await database.close()
        await asyncio.to_thread(server.drop)


async def _play(
    run: Run, seed: int, forge: Sandbox, arena: Arena, database: Database, say: Callable[[str], None]
) -> Outcome:
    chance = random.Random(seed)
    clock = arena.folder / "clock"
    clock.write_text(MONDAY_NINE.isoformat())
    crowd = Crowd(forge, seed, organisations=run.organisations)
    await arena.start(webs=run.webs, works=run.works)
    courier = forge.courier
    courier.parallel, courier.unordered = 16, run.unordered
    courier.duplicates, courier.losses = run.duplicates, run.losses
    acks: list[float] = []

    def answered(sent: Sent) -> None:
        if sent.status == "OK":
            acks.append(sent.duration)
            sent.letter.payload = {}  # a hundred thousand would fill the memory; it is never needed again
        forge.webhook_url = arena.a_door()
        if len(forge.ledger.exchanges) > 2_000:
            forge.ledger.exchanges.clear()

    courier.on_answer.append(answered)
    forge.webhook_url = arena.a_door()
    forge.faults.sometimes(run.forge_errors)
    began, acts = time.monotonic(), 0
    wanted = run.deliveries
    trouble = sorted(chance.random() for _ in range(run.kills))
    outages = [(n + 1) / (run.database_kills + 1) for n in range(run.database_kills)]
    blocks = [(n + 0.5) / max(run.blocks, 1) for n in range(run.blocks)]
    last_told = began
    while (sent := len(courier.sent)) < wanted or (run.in_turn and trouble):
        part = sent / wanted
        while trouble and trouble[0] <= part:
            if run.in_turn and not arena.kill_next():
                await asyncio.sleep(0.05)  # people go on meanwhile, but do not run ahead
                break
            if not run.in_turn:
                arena.kill_one()
            trouble.pop(0)
        while outages and outages[0] <= part:
            outages.pop(0)
            await asyncio.to_thread(server_dies, arena, run.database_away if not outages else 1.0)
        while blocks and blocks[0] <= part:
            blocks.pop(0)
            forge.faults.block(10.0)
        crowd.act()
        acts += 1
        if acts % 50 == 0:
            await _until_read(database)
        if acts % 200 == 0:  # a working day in the course of a run
            clock.write_text(forge.later("5m").isoformat())
        await asyncio.sleep(0)
        while len(courier._waiting) > MOST_UNREAD:
            await asyncio.sleep(0.02)
        if time.monotonic() - last_told > 30:
            last_told = time.monotonic()
            say(f"  {sent:,} of {wanted:,} after {last_told - began:.0f} s")
    seconds = time.monotonic() - began
    calm_after = await _calm_down(run, forge, arena, database)
    return Outcome(
        run, seed, await judge(forge, database, crowd.changes), arena, seconds, calm_after, acts, acks
    )


async def _until_read(database: Database) -> None:
    """People wait a while for a bot that is far behind, so that it is seen at work and not only catching up."""
    waiting = sa.select(sa.func.count()).select_from(delivery).where(delivery.c.state == "new")
    with contextlib.suppress(OperationalError):
        for _ in range(100):
            async with database.begin() as connection:
                if (await connection.scalar(waiting) or 0) < MOST_UNREAD:
                    return
            await asyncio.sleep(0.1)


def server_dies(arena: Arena, away: float) -> None:
    """PostgreSQL is killed, stays away, and comes back."""
    arena.server.kill()
    arena.database_deaths += 1
    time.sleep(away)
    arena.server.start()


async def _calm_down(run: Run, forge: Sandbox, arena: Arena, database: Database) -> float:
    """No more faults; what was missed is asked for by Usher's own look; wait until nothing waits, or for so long
    that the judge shall say what does.
    """
    began = time.monotonic()
    with contextlib.suppress(TimeoutError):
        await _until_calm(run, forge, arena, database)
    return time.monotonic() - began


async def _until_calm(run: Run, forge: Sandbox, arena: Arena, database: Database) -> None:
    forge.faults.clear()
    forge.courier.losses = forge.courier.duplicates = 0.0
    arena.calm()
    await forge.idle()
    async with asyncio.timeout(run.calm_seconds):
        await arena.ready()
        note: dict[str, Any] = {}
        async with GitHubClient(
            api_url=forge.url,
            app_id=forge.app_id,
            private_key=forge.private_key,
            pace=Pace(0, 1_000_000, 1_000_000),
        ) as client:
            app = GitHubApp(client)
            look = MissedDeliveries(
                "github",
                database,
                lambda: app,
                lambda *_: False,
                now=lambda: datetime.now(UTC) + timedelta(minutes=2),
            )
            while True:
                note = dict(await look(Chore("missed github", MONDAY_NINE, None, None, note)))
                await forge.idle()
                if not note.get("missing") and await is_calm(database):
                    await forge.idle()
                    if await is_calm(database):
                        return
                await asyncio.sleep(0.3)


def main() -> int:
    parser = argparse.ArgumentParser(description="Usher among faults; see tests/chaos/README.md.")
    parser.add_argument("--run", choices=sorted({*RUNS, *OTHERS}), default="A")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deliveries", type=int, help="another number of deliveries (A to D, G)")
    parser.add_argument("--minutes", type=float, help="another length (F, J)")
    given = parser.parse_args()
    if given.run in OTHERS:
        other = OTHERS[given.run]
        minutes = given.minutes or other.MINUTES
        print(f"run {given.run}: {other.ABOUT}; {minutes:g} minutes, seed {given.seed}", flush=True)
        outcome = other.long_run(given.seed, minutes)
        print(outcome.told())
        return _ended(outcome.wrong)
    run = RUNS[given.run]
    if given.deliveries:
        run = replace(run, deliveries=given.deliveries)
    print(f"run {given.run}: {run.about}; {run.deliveries:,} deliveries, seed {given.seed}", flush=True)
    played = asyncio.run(play(run, given.seed, lambda text: print(text, flush=True)))
    print(played.told())
    print(f"  memory          {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB (the forge)")
    return _ended(played.judgement.wrong)


def _ended(wrong: list[str]) -> int:
    print("1 passed, 0 failed" if not wrong else "0 passed, 1 failed")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
