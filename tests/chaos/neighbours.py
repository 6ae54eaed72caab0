"""Run F: one organisation is noisy, another's forge is slow; the others notice nothing.

    make chaos ARGS="--run F"                       five minutes
    make chaos ARGS="--run F --minutes 2 --seed 7"

Guests of six organisations open changes, each waits until Usher has asked somebody and said so, and the next one
opens. That is done three times, for as long each: among themselves; beside an organisation whose forge takes thirty
seconds for every answer; beside one that causes nineteen of twenty deliveries. What an answer takes the six is
compared: no more than twice as long, and a webhook is acknowledged a fifth later at most, or a few milliseconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import httpx2

from app.forges.sandbox import Sandbox
from app.forges.sandbox.faults import Fault
from app.forges.sandbox.world import Change
from app.forges.signature import github_signature
from app.store import schema
from app.store.database import Database, connect
from tests.chaos.arena import MONDAY_NINE, Arena
from tests.chaos.crowd import Crowd, Shop
from tests.chaos.judge import is_calm
from tests.servers import Server

ABOUT = "a noisy organisation, and one whose forge is slow"
MINUTES = 5.0
OTHERS = 6
NOISE = 19
"""Deliveries of the noisy one for each of all others together."""

SLOWNESS = 30.0
"""Seconds that the forge takes for every answer about the slow one."""

MOST_WAIT, MOST_ACK = 2.0, 1.2
"""How many times as long the others may wait for Usher (95 of 100), and a webhook for its answer (median)."""

UNNOTICED = 0.005
"""Seconds; an answer that is later by less is not later: both processors are busy with the noise itself."""

REST, PROBE = 3.0, 0.05
"""Seconds from an answer until a guest opens the next change, and between two webhooks whose answers are timed."""

GIVES_UP = 60.0
"""Seconds after which a change that nobody answered counts as forgotten."""


@dataclass
class Phase:
    """What the others saw for a while. `waits` are from opening a change to Usher's word, `acks` of their webhooks."""

    name: str
    waits: list[float] = field(default_factory=list)
    acks: list[float] = field(default_factory=list)
    deliveries: int = 0
    forgotten: list[str] = field(default_factory=list)

    def told(self) -> str:
        return (
            f"  {self.name:16} {self.deliveries:>7,} deliveries; {len(self.waits)} changes of the others answered: "
            f"p50 {at(self.waits, 0.5):.2f} s, p95 {at(self.waits, 0.95):.2f} s; "
            f"webhooks p50 {at(self.acks, 0.5) * 1e3:.1f} ms, p99 {at(self.acks, 0.99) * 1e3:.0f} ms"
        )


def at(values: list[float], part: float) -> float:
    """The value below which this part of them lies."""
    return sorted(values)[int(len(values) * part)] if values else 0.0


@dataclass
class Outcome:
    """What a run came to."""

    phases: list[Phase]
    wrong: list[str] = field(default_factory=list)

    def told(self) -> str:
        return "\n".join(
            [*(each.told() for each in self.phases), *(f"  WRONG: {each}" for each in self.wrong[:30])]
        )


@dataclass
class Street:
    """Who lives beside whom: the last two organisations of the crowd are the noisy one and the slow one."""

    forge: Sandbox
    crowd: Crowd

    @property
    def others(self) -> list[Shop]:
        return self.crowd.shops[:-2]

    @property
    def noisy(self) -> Shop:
        return self.crowd.shops[-2]

    @property
    def slow(self) -> Shop:
        return self.crowd.shops[-1]

    async def seen(self, name: str, seconds: float) -> Phase:
        """What the others see in so many seconds."""
        phase, ends = Phase(name), time.monotonic() + seconds
        before = len(self.forge.courier.sent)
        probing = asyncio.create_task(self._probe(phase))
        await asyncio.gather(*(self._open_one_after_another(shop, phase, ends) for shop in self.others))
        probing.cancel()
        phase.deliveries = len(self.forge.courier.sent) - before
        return phase

    async def _open_one_after_another(self, shop: Shop, phase: Phase, ends: float) -> None:
        while time.monotonic() < ends:
            change, began = self.crowd.opened_in(shop), time.monotonic()
            while not is_answered(change):
                if time.monotonic() - began > GIVES_UP:
                    phase.forgotten.append(
                        f"{phase.name}: {change.repository.full_name}#{change.number} has no answer"
                    )
                    return
                await asyncio.sleep(0.01)
            phase.waits.append(time.monotonic() - began)
            shop.guest.closes(change)
            await asyncio.sleep(REST)

    async def _probe(self, phase: Phase) -> None:
        """Send pings of the App, which concern nobody, and see how long each takes to be acknowledged."""
        async with httpx2.AsyncClient() as client:
            for number in count():
                body = b'{"zen":"%s %d"}' % (phase.name.encode(), number)
                fields = {
                    "content-type": "application/json",
                    "x-github-event": "ping",
                    "x-github-delivery": f"{phase.name} {number}".replace(" ", "-"),
                    "x-hub-signature-256": github_signature(self.forge.webhook_secret, body),
                }
                began = time.monotonic()
                answer = await client.post(self.forge.webhook_url or "", content=body, headers=fields)
                phase.acks.append(time.monotonic() - began)
                if answer.status_code != 202:
                    phase.forgotten.append(f"{phase.name}: a ping was answered {answer.status_code}")
                await asyncio.sleep(PROBE)

    @asynccontextmanager
    async def noise(self) -> AsyncIterator[None]:
        """Meanwhile the noisy one causes nineteen deliveries for each of the others'."""
        loud, sent, seen = self.noisy.repository.id, self.forge.courier.sent, len(self.forge.courier.sent)
        changes = [self.crowd.opened_in(self.noisy) for _ in range(20)]
        owed = NOISE * len(self.others)

        async def make() -> None:
            nonlocal owed, seen
            for number in count():
                while seen < len(sent):
                    owed += -1 if sent[seen].letter.repository == loud else NOISE
                    seen += 1
                if owed > 0:
                    self.noisy.lead.comments(changes[number % len(changes)], f"Noise, number {number}.")
                await asyncio.sleep(0 if owed > 0 else 0.005)

        making = asyncio.create_task(make())
        try:
            yield
        finally:
            making.cancel()

    @asynccontextmanager
    async def slowness(self, seconds: float) -> AsyncIterator[list[Change]]:
        """Meanwhile the forge takes so long for each answer about the slow one, where more changes wait than a worker
        has hands; yields them.
        """
        self.forge.faults.next(
            Fault(delay=seconds), times=1_000_000, path=f"/{self.slow.repository.full_name}/"
        )
        try:
            yield [self.crowd.opened_in(self.slow) for _ in range(10)]
        finally:
            self.forge.faults.clear()


def is_answered(change: Change) -> bool:
    """Whether Usher asked somebody and said so."""
    return bool(change.asked) and any(each.author == "usher[bot]" for each in change.remarks)


async def play(seed: int, seconds: float, *, others: int = OTHERS, slowness: float = SLOWNESS) -> Outcome:
    """Play it, each part for so many seconds. Judged is here who was forgotten; how long it took, by `long_run`."""
    server = await asyncio.to_thread(Server)
    database = connect(server.address)
    try:
        await schema.migrate(database)
        async with Sandbox(webhook_secret="a-webhook-secret-of-chaos", seed=seed, start=MONDAY_NINE) as forge:
            arena = Arena(forge, server, server.folder, seed)
            (arena.folder / "clock").write_text(MONDAY_NINE.isoformat())
            street = Street(forge, Crowd(forge, seed, organisations=others + 2))
            try:
                await arena.start(webs=1, works=1)
                forge.courier.parallel = 8
                forge.webhook_url = arena.a_door()
                return await _play(street, database, seconds, slowness)
            finally:
                await arena.stop()
    finally:
        await database.close()
        await asyncio.to_thread(server.drop)


async def _play(street: Street, database: Database, seconds: float, slowness: float) -> Outcome:
    await street.seen("to warm up", 0.1)
    quiet = await street.seen("among themselves", seconds)
    async with street.slowness(slowness) as held:
        slow = await street.seen("beside slowness", seconds)
        early = [change for change in held if is_answered(change)]
    async with asyncio.timeout(600):
        while not await is_calm(database):
            await asyncio.sleep(0.3)
    async with street.noise():
        noisy = await street.seen("beside noise", seconds)
    outcome = Outcome(
        [quiet, noisy, slow], [each for phase in (quiet, noisy, slow) for each in phase.forgotten]
    )
    if early and seconds < 3 * slowness:
        outcome.wrong.append(f"{len(early)} changes of the slow one were answered: it was not slow")
    if noisy.deliveries < 10 * quiet.deliveries:
        outcome.wrong.append("the noisy one made no noise")
    return outcome


def long_run(seed: int, minutes: float) -> Outcome:
    """The run of `make chaos`: here it is judged, too, how much longer the others waited."""
    outcome = asyncio.run(play(seed, 60 * minutes / 3))
    quiet, slow, noisy = outcome.phases
    for each in (slow, noisy):
        if at(each.waits, 0.95) > MOST_WAIT * at(quiet.waits, 0.95):
            outcome.wrong.append(f"{each.name} the others waited more than {MOST_WAIT:g} times as long")
    if at(slow.acks, 0.5) > max(MOST_ACK * at(quiet.acks, 0.5), at(quiet.acks, 0.5) + UNNOTICED):
        outcome.wrong.append("beside slowness webhooks were acknowledged later")
    return outcome
