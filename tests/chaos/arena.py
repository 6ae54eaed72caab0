"""Where chaos happens: a forge, a PostgreSQL and Usher's processes, each of which may be killed at any time."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from app.forges.sandbox import Sandbox
from tests.chaos.network import Network
from tests.servers import Server

MONDAY_NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
BREATH = 5.0
"""Seconds between two processes that are killed in turn."""


@dataclass
class Worker:
    """One process of Usher that is started again whenever it ends."""

    name: str
    command: tuple[str, ...]
    settings: dict[str, str]
    port: int = 0
    process: asyncio.subprocess.Process | None = None
    deaths: int = 0
    is_up: bool = False
    network: Network | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/github"

    def kill(self) -> None:
        """As a machine that loses power would."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()


@dataclass
class Arena:
    """Everything that runs. `seed` decides which crash points the processes are started with."""

    forge: Sandbox
    server: Server
    folder: Path
    seed: int
    workers: list[Worker] = field(default_factory=list)
    points: tuple[str, ...] = ()
    apart: bool = False
    """Each process in a network of its own."""
    kills: int = 0
    crashes: dict[str, int] = field(default_factory=dict)
    database_deaths: int = 0
    _keepers: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False
    _killed_at: float = 0.0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    # --- Usher's processes ------------------------------------------------------------------------------

    def settings(self, port: int) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "USHER_DATABASE_URL": self.server.address,
            "USHER_DATA_DIR": str(self.folder / "usher"),
            "USHER_SPOOL_DIR": str(self.folder / "spool"),
            "USHER_PORT": str(port),
            "USHER_LINGER_SECONDS": "0",
            "USHER_GITHUB_API_URL": self.forge.url,
            "USHER_GITHUB_APP_ID": str(self.forge.app_id),
            "USHER_GITHUB_PRIVATE_KEY": self.forge.private_key,
            "USHER_GITHUB_WEBHOOK_SECRETS": self.forge.webhook_secret,
            "USHER_GITHUB_WRITE_SECONDS": "0",
            "USHER_GITHUB_WRITES_PER_HOUR": "1000000",
            "USHER_GITHUB_READS_PER_MINUTE": "1000000",
            "USHER_CLOCK": f"file:{self.folder / 'clock'}",
            "USHER_RUNAWAY_WRITES": "1000000",  # a day is over in minutes
            "USHER_SWEEP_SECONDS": "0.5",
            "USHER_GATHER_SECONDS": "0.2",
            "USHER_UNCERTAIN_SECONDS": "3",
            "USHER_NEW_INSTALLATIONS": "live",
            "USHER_METRICS_ADDRESS": "",
            "USHER_LOG_LEVEL": "error",
        }

    async def start(self, *, webs: int, works: int) -> None:
        """Start so many more processes of each kind, and keep them running."""
        running = len(self.workers)
        for number in range(webs):
            port = _free_port()
            self.workers.append(
                Worker(f"web{number}", ("serve", "--no-worker"), self.settings(port), port=port)
            )
        for number in range(works):
            self.workers.append(Worker(f"work{number}", ("work",), self.settings(0)))
        for each in self.workers[running:]:
            if self.apart:
                name = f"usher-{os.getpid()}-{each.name}"
                forge = urlsplit(self.forge.url).port or 0
                each.network = Network(name, self.folder, forge, each.port)
                await each.network.open()
            self._keepers.append(asyncio.create_task(self._keep(each)))
        await self.ready()

    async def ready(self) -> None:
        """Wait until every web process takes connections."""
        async with asyncio.timeout(120):
            while not all(each.is_up for each in self.workers if each.port):
                await asyncio.sleep(0.1)

    async def _watch(self, worker: Worker) -> None:
        """Note when the process takes connections, as a load balancer's health check does."""
        while worker.process is not None and worker.process.returncode is None and not worker.is_up:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", worker.port)
                writer.write(b"GET /livez HTTP/1.1\r\nHost: usher\r\nConnection: close\r\n\r\n")
                answered = await reader.read(1)
                writer.close()
            except OSError:
                answered = b""
            worker.is_up = bool(answered)
            if not worker.is_up:
                await asyncio.sleep(0.1)

    async def _keep(self, worker: Worker) -> None:
        while not self._stopping:
            point = self._chance.choice(self.points) if self.points and self._chance.random() < 0.5 else None
            extra = {"USHER_CRASH_AT": f"{point}:{self._chance.randint(1, 12)}"} if point else {}
            with (self.folder / f"{worker.name}.log").open("ab") as log:
                worker.process = await asyncio.create_subprocess_exec(
                    *(worker.network.prefix if worker.network else ()),
                    sys.executable,
                    "-m",
                    "app.cli",
                    *worker.command,
                    env={**worker.settings, **extra},
                    stdout=log,
                    stderr=log,
                )
            watch = asyncio.create_task(self._watch(worker))
            code = await worker.process.wait()
            watch.cancel()
            worker.is_up = False
            worker.deaths += 1
            if point and code == -signal.SIGKILL:
                self.crashes[point] = self.crashes.get(point, 0) + 1

    def kill_one(self) -> None:
        """Kill a process, whichever chance picks."""
        running = [each for each in self.workers if each.process and each.process.returncode is None]
        if running:
            self._chance.choice(running).kill()
            self.kills += 1

    def kill_next(self) -> bool:
        """Kill the process whose turn it is, once the one before has had time to come back and every web process
        answers, as whoever restarts one after the other would. Returns whether it did.
        """
        answer = all(each.is_up for each in self.workers if each.port)
        if not answer or time.monotonic() - self._killed_at < BREATH:
            return False
        self.workers[self.kills % len(self.workers)].kill()
        self.kills += 1
        self._killed_at = time.monotonic()
        return True

    def a_door(self) -> str:
        """Where the next delivery goes: to any web process that a load balancer takes for healthy."""
        webs = [each for each in self.workers if each.port]
        return self._chance.choice([each for each in webs if each.is_up] or webs).url

    def calm(self) -> None:
        """No process that starts from now on dies by itself."""
        self.points = ()

    async def stop(self) -> None:
        """End every process, gently."""
        self._stopping = True
        for each in self.workers:
            if each.process is not None and each.process.returncode is None:
                each.process.terminate()
        await asyncio.gather(*self._keepers)
        for each in self.workers:
            if each.network is not None:
                await each.network.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
