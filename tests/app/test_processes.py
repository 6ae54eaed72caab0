"""Whole processes, as an operator runs them: started, stopped, killed at bad moments, started again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from app.crash_points import POINTS
from app.forges.limits import START_WITHIN
from app.forges.sandbox import Sandbox
from app.forges.sandbox.world import Change
from app.store.database import connect
from app.store.tables import delivery, due, effect
from tests.stories import MONDAY_NINE, SECRET, Shop, said, subject_of

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Process:
    """One `usher` command with its own environment."""

    process: asyncio.subprocess.Process
    url: str

    async def ready(self) -> None:
        async with httpx2.AsyncClient() as client, asyncio.timeout(30):
            while True:
                if self.process.returncode is not None:
                    raise AssertionError(await self.output())
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def output(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()

    async def freezes(self) -> float:
        """Wait until it has frozen at the point that it was started with; returns when, on the monotonic clock."""
        async with asyncio.timeout(30):
            while not _is_frozen(self.process.pid):
                await asyncio.sleep(0.05)
        return time.monotonic()

    async def kill(self) -> None:
        """As a machine that loses power would."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode


def _is_frozen(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None


@asynccontextmanager
async def running(
    forge: Sandbox,
    address: str,
    folder: Path,
    *command: str,
    code: Path | None = None,
    stderr: int = asyncio.subprocess.PIPE,
    is_told: bool = True,
    **settings: object,
) -> AsyncIterator[Process]:
    """An `usher` process that is connected to the sandbox forge; it is gone afterwards in any case.

    `code` is the folder with another version's code, where it is not to be ours. `is_told`: what happens on the
    forge is delivered to it.
    """
    port = free_port()
    clock = folder / "clock"
    clock.write_text(MONDAY_NINE.isoformat())
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "USHER_DATABASE_URL": address,
        "USHER_DATA_DIR": str(folder),
        "USHER_SPOOL_DIR": str(folder / "spool"),
        "USHER_PORT": str(port),
        "USHER_LINGER_SECONDS": "0",
        "USHER_METRICS_ADDRESS": "",
        "USHER_GITHUB_API_URL": forge.url,
        "USHER_GITHUB_APP_ID": str(forge.app_id),
        "USHER_GITHUB_PRIVATE_KEY": forge.private_key,
        "USHER_GITHUB_WEBHOOK_SECRETS": SECRET,
        "USHER_GITHUB_WRITE_SECONDS": "0",
        "USHER_GITHUB_WRITES_PER_HOUR": "1000000",
        "USHER_GITHUB_READS_PER_MINUTE": "1000000",
        "USHER_CLOCK": f"file:{clock}",
        "USHER_SWEEP_SECONDS": "0.2",
        "USHER_NEW_INSTALLATIONS": "live",
        **{f"USHER_{name.upper()}": str(value) for name, value in settings.items()},
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", *command, cwd=code, env=environment, stderr=stderr
    )
    started = Process(process, f"http://127.0.0.1:{port}")
    try:
        if command[0] == "serve":
            await started.ready()
        if command[0] == "serve" and is_told:
            forge.webhook_url = f"{started.url}/webhooks/github"
        yield started
    finally:
        await started.kill()


async def until_asked(change: Change) -> None:
    async with asyncio.timeout(60):
        while not (change.asked and said(change)):
            await asyncio.sleep(0.05)


async def all_read(address: str) -> None:
    """Wait until every delivery, those of Usher's own acts included, was read and settled."""
    database = connect(address)
    unread = sa.select(sa.func.count()).select_from(delivery).where(delivery.c.state == "new")
    behind = sa.select(sa.func.count()).select_from(due).where(due.c.generation > due.c.settled_generation)
    async with asyncio.timeout(60):
        while True:
            async with database.begin() as connection:
                if not await connection.scalar(unread) and not await connection.scalar(behind):
                    break
            await asyncio.sleep(0.05)
    await database.close()


async def once(address: str, change: Change) -> None:
    """Everything happened exactly once, on the forge and in the books."""
    assert change.asked == {"erin"}
    assert len(said(change)) == 1
    assert len([event for event in change.history if event.kind == "review_requested"]) == 1
    database = connect(address)
    async with database.begin() as connection:
        own = sa.select(effect).where(effect.c.subject == subject_of(change))
        effects = [(row.kind, row.state) for row in await connection.execute(own)]
    await database.close()
    assert sorted(effects) == [("ask", "done"), ("sticky", "done")]


async def test_killed_between_the_answer_and_the_work_nothing_is_lost(
    world: Shop, address: str, tmp_path: Path
) -> None:
    """The forge was told 202, and the process dies before it read what it had accepted."""
    async with running(world.forge, address, tmp_path, "serve", "--no-worker") as receiving:
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await world.forge.idle()
        assert {sent.status_code for sent in world.forge.deliveries} == {202}
        await receiving.kill()
    assert change.asked == set()
    async with running(world.forge, address, tmp_path, "serve"):
        await until_asked(change)
        await world.forge.idle()
        await all_read(address)
    await once(address, change)


async def test_killed_after_reading_and_before_settling_nothing_is_lost(
    world: Shop, address: str, tmp_path: Path
) -> None:
    async with running(world.forge, address, tmp_path, "serve", gather_seconds=2) as first:
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await world.forge.idle()
        database = connect(address)
        async with asyncio.timeout(20):
            while True:
                async with database.begin() as connection:
                    if await connection.scalar(sa.select(sa.func.count()).select_from(due)):
                        break
                await asyncio.sleep(0.02)
        await database.close()
        await first.kill()
    assert change.asked == set()
    async with running(world.forge, address, tmp_path, "serve"):
        await until_asked(change)
        await world.forge.idle()
        await all_read(address)
    await once(address, change)


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_nothing_is_lost_and_nothing_happens_twice(
    world: Shop, address: str, tmp_path: Path, point: str
) -> None:
    """The process dies at a named point, another starts, and everything has happened exactly once."""
    quick = {"heartbeat_seconds": 0.3, "uncertain_seconds": 1}
    async with running(world.forge, address, tmp_path, "serve", crash_at=point, **quick) as first:
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        async with asyncio.timeout(20):
            await first.process.communicate()
        assert first.process.returncode == -signal.SIGKILL
    async with running(world.forge, address, tmp_path, "serve", **quick):
        # What was never acknowledged is listed as failed by the forge.
        for sent in [each for each in world.forge.deliveries if each.status_code != 202]:
            world.forge.courier.redeliver(sent)
        await until_asked(change)
        await world.forge.idle()
        await all_read(address)
    await once(address, change)


WOKEN = {"effect.sending:2:freeze": 1, "effect.leaving:2:freeze": 2}
"""Where a worker freezes before its second write, the comment; and how many there are when it has woken up."""


@pytest.mark.parametrize("point", WOKEN)
async def test_a_worker_that_wakes_after_another_did_its_work_leaves_one_effect(
    world: Shop, address: str, tmp_path: Path, point: str
) -> None:
    """Before the last look at its turn, its late write is refused. Behind it the write goes out: a twin, taken back."""
    quick = {"heartbeat_seconds": 1, "uncertain_seconds": 1, "log_level": "info"}
    async with (
        running(world.forge, address, tmp_path, "serve", "--no-worker"),
        running(world.forge, address, tmp_path, "work", crash_at=point, **quick) as first,
    ):
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        frozen_at = await first.freezes()
        assert (change.asked, said(change)) == ({"erin"}, [])
        async with running(world.forge, address, tmp_path, "work", **quick) as second:
            await until_asked(change)
            await world.forge.idle()
            await all_read(address)
            await asyncio.sleep(max(0.0, frozen_at + START_WITHIN + 0.1 - time.monotonic()))
            first.process.send_signal(signal.SIGCONT)
            first.process.terminate()
            log = await first.output()
            await first.process.wait()
            assert "overtaken" in log
            assert "Job was not found" not in log
            assert len(said(change)) == WOKEN[point]
            await world.forge.idle()
            if WOKEN[point] > 1:
                await heal_now(address, change)
                await all_read(address)
            assert second.process.returncode is None
    await once(address, change)


async def heal_now(address: str, change: Change) -> None:
    """As if the five minutes were over after which Usher looks again for what was in doubt."""
    database = connect(address)
    doubtful = effect.c.subject == subject_of(change), effect.c.heal_at.is_not(None)
    async with database.begin() as connection:
        found = await connection.execute(sa.update(effect).where(*doubtful).values(heal_at=sa.func.now()))
        assert found.rowcount == 1
        again = sa.update(due).where(due.c.subject == subject_of(change))
        await connection.execute(again.values(generation=due.c.generation + 1))
    await database.close()


async def test_web_and_worker_can_be_split(world: Shop, address: str, tmp_path: Path) -> None:
    async with (
        running(world.forge, address, tmp_path, "serve", "--no-worker"),
        running(world.forge, address, tmp_path, "work"),
    ):
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await until_asked(change)
        await world.forge.idle()
        await all_read(address)
    await once(address, change)


async def test_a_sweep_by_hand_does_all_that_waits(world: Shop, address: str, tmp_path: Path) -> None:
    async with running(world.forge, address, tmp_path, "serve", "--no-worker"):
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await world.forge.idle()
        async with running(world.forge, address, tmp_path, "sweep") as sweep:
            await sweep.process.communicate()
            assert sweep.process.returncode == 0
        assert change.asked == {"erin"}


async def test_asked_to_stop_it_stops_soon_and_cleanly(world: Shop, address: str, tmp_path: Path) -> None:
    async with running(world.forge, address, tmp_path, "serve") as process, asyncio.timeout(10):
        assert await process.stop() == 0


async def test_an_old_schema_is_refused_in_a_sentence(world: Shop, postgres: str, tmp_path: Path) -> None:
    from tests.conftest import new_database

    empty = new_database(postgres, "template0")
    async with running(world.forge, empty, tmp_path, "work") as process:
        said_by_it = await process.output()
        await process.process.wait()
    assert process.process.returncode == 2
    assert "Run `usher migrate`" in said_by_it
    assert "Traceback" not in said_by_it


async def test_secrets_never_reach_the_log(world: Shop, address: str, tmp_path: Path) -> None:
    """Everything is logged, also failures, and none of the keys and tokens is in it."""
    async with running(world.forge, address, tmp_path, "serve", log_level="debug") as process:
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        await until_asked(change)
        world.forge.suspend("shop")
        world.ana.pushes(change, "docs/guide.md")
        await world.forge.idle()
        await asyncio.sleep(1)
        process.process.terminate()
        log = await process.output()
    assert "settled" in log
    key = "".join(world.forge.private_key.split())[40:80]
    assert key not in "".join(log.split())
    assert SECRET not in log
    assert not re.search(r"gh[a-z]_[A-Za-z0-9._-]{20,}", log)
    assert not re.search(r"eyJ[\w-]{20,}", log)
