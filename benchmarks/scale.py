"""What more workers bring on one PostgreSQL, what the database does for it, and that killing each loses nothing.

One command, some minutes. Two `usher serve --no-worker` and one, two and three `usher work`, processes of their own
on one embedded PostgreSQL that flushes every commit, watch a sandbox forge over loopback HTTP. First the same changes
wait in the inbox before the workers start, and it is measured how fast they are served: people asked, the comment
written. Shown are ratios to one worker, and what each change costs the database in processor time, commits and log:
from these follows how far one PostgreSQL carries (docs/scaling.md), for on a small machine the workers and the
sandbox use up the processors long before the database does. Then people work while each of the five processes is
killed and started again in turn, each in a network of its own where the machine allows it, and the ledgers are
compared.

The exit code is 1 if anything was lost, done twice, given up or left undone. `--changes`, `--deliveries` and `--seed`
change the size; `--kills 0` leaves the second part out.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.forges.sandbox import Sandbox
from app.store import schema
from app.store.database import Database, connect
from app.store.tables import delivery, due
from tests.chaos.arena import Arena
from tests.chaos.crowd import Crowd
from tests.chaos.run import MONDAY_NINE, RUNS, play
from tests.servers import Server

ORGANISATIONS = 12
WEBS, MOST_WORKS = 2, 3
_STATE = sa.text(
    "SELECT xact_commit AS commits, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS log "
    "FROM pg_stat_database WHERE datname = current_database()"
)


@dataclass(frozen=True)
class Load:
    """What was used up to a moment: processor seconds of each part and of nobody, the database's commits and
    bytes of log.
    """

    database: float
    workers: float
    forge: float
    idle: float
    commits: int
    log: int

    def since(self, before: Load) -> Load:
        return Load(
            self.database - before.database,
            self.workers - before.workers,
            self.forge - before.forge,
            self.idle - before.idle,
            self.commits - before.commits,
            self.log - before.log,
        )


@dataclass(frozen=True)
class Measured:
    """So many workers served so many changes in so many seconds, which took so much."""

    works: int
    changes: int
    seconds: float
    load: Load

    @property
    def rate(self) -> float:
        return self.changes / self.seconds

    def told(self, one: Measured) -> str:
        of = 1_000 / self.changes
        used, cores = self.load, os.cpu_count() or 1
        busy = (used.database + used.workers + used.forge) / self.seconds / cores
        idle = used.idle / self.seconds / cores
        return (
            f"  {self.works} worker{'s' if self.works > 1 else ' '}  {self.rate:5.1f} changes/s, "
            f"{self.rate / one.rate:.2f} of one worker's; a change: workers {used.workers * of:.0f} ms, "
            f"forge {used.forge * of:.0f} ms, database {used.database * of:.1f} ms of processor, "
            f"{used.commits / self.changes:.0f} commits, {used.log / self.changes / 1024:.0f} KiB of log; "
            f"{busy:.0%} of {cores} processors busy with it, {1 - busy - idle:.0%} with other things"
        )


async def measure(works: int, changes: int, seed: int) -> Measured:
    """Let the changes wait, start so many workers, and see how long they take."""
    server = await asyncio.to_thread(Server)
    database = connect(server.address)
    try:
        await schema.migrate(database)
        async with Sandbox(
            webhook_secret="a-webhook-secret-of-a-benchmark", seed=seed, start=MONDAY_NINE
        ) as forge:
            arena = Arena(forge, server, server.folder, seed)
            (arena.folder / "clock").write_text(MONDAY_NINE.isoformat())
            try:
                crowd = Crowd(forge, seed, organisations=ORGANISATIONS)
                await arena.start(webs=WEBS, works=0)
                forge.courier.on_answer.append(lambda _: setattr(forge, "webhook_url", arena.a_door()))
                forge.webhook_url = arena.a_door()
                for number in range(changes):
                    crowd.open_in(number)
                await forge.idle()
                await arena.start(webs=0, works=works)
                await _first_is_read(database)
                before, began = await _load(arena, database), time.perf_counter()
                await _all_served(forge, database)
                seconds = time.perf_counter() - began
                return Measured(works, changes, seconds, (await _load(arena, database)).since(before))
            finally:
                await arena.stop()
    finally:
        await database.close()
        await asyncio.to_thread(server.drop)


async def _first_is_read(database: Database) -> None:
    """Starting Python is not what is measured."""
    async with asyncio.timeout(60):
        for _ in range(6_000):
            if await _count(database, delivery.c.state == "done"):
                return
            await asyncio.sleep(0.01)


async def _all_served(forge: Sandbox, database: Database) -> None:
    """Until nothing waits, nor is anything on its way that Usher's own acts caused."""
    async with asyncio.timeout(600):
        quiet = 0
        while quiet < 3:
            await forge.idle()
            waits = await _count(database, delivery.c.state == "new")
            waits += await _count(database, due.c.generation > due.c.settled_generation)
            quiet = 0 if waits else quiet + 1
            await asyncio.sleep(0.05)


async def _count(database: Database, condition: sa.ColumnElement[bool]) -> int:
    async with database.begin() as connection:
        return await connection.scalar(sa.select(sa.func.count()).where(condition)) or 0


async def _load(arena: Arena, database: Database) -> Load:
    async with database.begin() as connection:
        state = (await connection.execute(_STATE)).one()
    postmaster = psutil.Process(
        int((arena.folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    )
    ours = [each.process.pid for each in arena.workers if each.process is not None and not each.port]
    return Load(
        database=_processor(postmaster) + sum(map(_processor, postmaster.children(recursive=True))),
        workers=sum(_processor(psutil.Process(number)) for number in ours),
        forge=_processor(psutil.Process()),
        idle=psutil.cpu_times().idle,
        commits=int(state.commits),
        log=int(state.log),
    )


def _processor(process: psutil.Process) -> float:
    """Seconds of processor that a process and its ended children used."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


async def run(changes: int, deliveries: int, kills: int, seed: int) -> bool:
    print(f"{changes} changes in {ORGANISATIONS} organisations, {WEBS} web processes, seed {seed}:")
    one = None
    for works in range(1, MOST_WORKS + 1):
        found = await measure(works, changes, seed)
        one = one or found
        print(found.told(one), flush=True)
    if not kills:
        return True
    print("\nEach process killed and started again in turn, while people work:")
    outcome = await play(replace(RUNS["D"], deliveries=deliveries, kills=kills), seed)
    print(outcome.told())
    return not outcome.judgement.wrong


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--changes", type=int, default=240)
    asked.add_argument("--deliveries", type=int, default=2_000)
    asked.add_argument("--kills", type=int, default=10)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    return 0 if asyncio.run(run(given.changes, given.deliveries, given.kills, given.seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
