"""A rolling deployment: web processes are replaced one after another while deliveries keep coming."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app import serving
from app.store.database import connect
from app.store.tables import delivery
from tests.app.test_processes import Process, running
from tests.stories import Shop

pytestmark = pytest.mark.slow

ASKS_EVERY = 0.1
"""Seconds between two looks of the balancer at each process."""

LINGER = 0.6
PACE = 0.03
"""Seconds between two things that people do."""


class Balancer:
    """Sends each delivery to the next process that says it is ready, over connections that it keeps; never twice."""

    def __init__(self) -> None:
        self.behind: list[Process] = []
        self._ready: list[str] = []
        self._turn = 0
        self._client = httpx2.AsyncClient(timeout=10)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self._turn += 1
        try:
            url = self._ready[self._turn % len(self._ready)]
            got = await self._client.post(f"{url}{scope['path']}", content=body, headers=request.headers.raw)
        except (httpx2.TransportError, ZeroDivisionError) as error:
            await Response(f"no answer: {error!r}", 502)(scope, receive, send)
            return
        await Response(got.content, got.status_code)(scope, receive, send)

    async def watch(self) -> None:
        """Ask every process again and again whether it is ready."""
        while True:
            self._ready = [each.url for each in self.behind if await self._is_ready(each.url)]
            await asyncio.sleep(ASKS_EVERY)

    async def _is_ready(self, url: str) -> bool:
        with contextlib.suppress(httpx2.TransportError):
            return (await self._client.get(f"{url}/readyz")).status_code == 200
        return False

    async def until(self, *processes: Process) -> None:
        """Wait until just these are sent to."""
        self.behind = list(processes)
        async with asyncio.timeout(20):
            while set(self._ready) != {each.url for each in processes}:
                await asyncio.sleep(0.02)

    async def aclose(self) -> None:
        await self._client.aclose()


@asynccontextmanager
async def balancing(world: Shop) -> AsyncIterator[Balancer]:
    """A balancer at which the forge delivers."""
    balancer, stop = Balancer(), asyncio.Event()
    listener = serving.listen("127.0.0.1", 0)
    world.forge.webhook_url = f"{serving.address_of(listener)}/webhooks/github"
    answering = asyncio.create_task(serving.answer(balancer, stop, listener))
    watching = asyncio.create_task(balancer.watch())
    try:
        yield balancer
    finally:
        watching.cancel()
        stop.set()
        await answering
        await balancer.aclose()


async def test_replaced_one_after_another_behind_a_balancer_nothing_is_refused(
    world: Shop, address: str, tmp_path: Path
) -> None:
    """Each process gets SIGTERM, and its successor starts once it is gone: every delivery is answered 202, and kept."""

    async def started(stack: AsyncExitStack) -> Process:
        return await stack.enter_async_context(
            running(
                world.forge,
                address,
                tmp_path,
                "serve",
                "--no-worker",
                is_told=False,
                linger_seconds=LINGER,
            )
        )

    async def people_work() -> None:
        while True:
            world.ana.pushes(change, "docs/guide.md")
            await asyncio.sleep(PACE)

    world.forge.courier.parallel = 4
    async with AsyncExitStack() as stack, balancing(world) as balancer:
        first, second = await asyncio.gather(started(stack), started(stack))
        await balancer.until(first, second)
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        working = asyncio.create_task(people_work())
        await asyncio.sleep(0.3)
        before, after = len(world.forge.deliveries), []
        for leaving, staying in ((first, second), (second, None)):
            assert await leaving.stop() == 0
            came = await started(stack)
            await balancer.until(*after, came, *([staying] if staying else []))
            after.append(came)
        working.cancel()
        await world.forge.idle()
    sent = world.forge.deliveries
    assert len(sent) > before + 60
    assert {(each.status_code, each.response.strip()) for each in sent} == {(202, "stored")}
    database = connect(address)
    async with database.begin() as connection:
        kept = set((await connection.execute(sa.select(delivery.c.delivery_id))).scalars())
    await database.close()
    assert kept == {each.guid for each in sent}


async def test_whoever_asks_twice_or_sits_before_it_waits_for_no_balancer(
    world: Shop, address: str, tmp_path: Path
) -> None:
    """Ctrl-C ends it at once; so does a second SIGTERM. Meanwhile it says that it goes, and still answers."""
    lingering = ("serve", "--no-worker")
    async with (
        running(world.forge, address, tmp_path, *lingering, linger_seconds=60) as one,
        running(world.forge, address, tmp_path, *lingering, linger_seconds=60) as other,
        httpx2.AsyncClient() as client,
        asyncio.timeout(20),
    ):
        one.process.terminate()
        while (ready := await client.get(f"{one.url}/readyz")).status_code == 200:
            await asyncio.sleep(0.02)
        assert (ready.status_code, ready.text) == (503, "This process is about to end.\n")
        alive = await client.get(f"{one.url}/livez")
        assert (alive.status_code, alive.headers["connection"]) == (200, "close")
        assert await one.stop() == 0
        other.process.send_signal(signal.SIGINT)
        assert await other.process.wait() == 0
