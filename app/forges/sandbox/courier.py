"""Carries webhooks: signed, one after another, after the answer; and like the forge it never tries twice."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx2

from app.forges.sandbox.clock import WallClock

TIMEOUT = 10.0  # seconds (Best practices for using webhooks: respond within 10 seconds)
_FIRST_ID = 1_800_000_000_001
LISTED = timedelta(days=3)  # how long a delivery can be looked up (Viewing webhook deliveries)


@cache
def certificates() -> ssl.SSLContext:
    """Read once for each process, since reading them takes longer than all the rest of a forge's start."""
    return ssl.create_default_context()


@dataclass(slots=True)
class Letter:
    """A webhook before it is sent. `headers` are all but its seal.

    `hook` and `url`: which of several hooks it is for, and where that leads; None where the forge has one.
    """

    event: str
    action: str | None
    payload: dict[str, Any]
    headers: dict[str, str]
    installation: int | None = None
    repository: int | None = None
    guid: str = ""
    hook: int | None = None
    url: str | None = None
    trigger: str = ""  # why this hook hears of it, in GitLab's word

    @property
    def body(self) -> bytes:
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(slots=True)
class Sent:
    """One attempt to deliver a letter. `status` is in the forge's words: "OK" or what went wrong."""

    id: int
    letter: Letter
    at: datetime  # real time
    redelivery: bool
    status: str = "pending"
    status_code: int = 0
    duration: float = 0.0
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response: str = ""

    @property
    def guid(self) -> str:
        return self.letter.guid

    @property
    def event(self) -> str:
        return self.letter.event

    @property
    def action(self) -> str | None:
        return self.letter.action

    @property
    def payload(self) -> dict[str, Any]:
        return self.letter.payload


class Bag:
    """Letters posted inside `with bag:` wait in it until the courier empties it."""

    def __init__(self, courier: Courier) -> None:
        self.letters: list[Letter] = []
        self._courier = courier
        self._outer: Bag | None = None

    def __enter__(self) -> None:
        self._outer = self._courier.hold(self)

    def __exit__(self, *_: object) -> None:
        self._courier.hold(self._outer)


class Courier:
    """Letters go in at `post`, one task carries them; `idle()` waits until all were answered.

    `unordered`, `duplicates` and `losses` are what networks do; all chance comes from the seed.
    """

    def __init__(self, wall: WallClock, seal: Callable[[Letter, bytes], dict[str, str]], seed: int) -> None:
        self.url: str | None = None
        self._seal = seal  # letter and body → the headers that prove where it comes from
        self.on_answer: list[Callable[[Sent], None]] = []  # called once a letter was answered, or failed
        self.unordered = False
        self.duplicates = 0.0  # chance that a letter is delivered a second time
        self.losses = 0.0  # chance that a letter gets no connection
        self.parallel = 1
        self.sent: list[Sent] = []
        self._wall = wall
        self._random = random.Random(seed)  # noqa: S311 - chance in a test, not a secret
        self._waiting: deque[Sent] = deque()
        self._bag: Bag | None = None
        self._lose = 0
        self._forget = 0
        self._under_way = 0
        self._bags = 0
        self._changed = asyncio.Event()
        self._carriers: list[asyncio.Task[None]] = []
        self._client: httpx2.AsyncClient | None = None

    async def start(self) -> None:
        self._client = httpx2.AsyncClient(
            timeout=TIMEOUT, trust_env=False, follow_redirects=False, verify=certificates()
        )
        self._add_carriers()

    async def stop(self) -> None:
        for task in self._carriers:
            task.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    # --- What may go wrong ----------------------------------------------------------------------------

    def lose(self, count: int = 1) -> None:
        """The next letters find no connection: listed by the forge as failed."""
        self._lose += count

    def forget(self, count: int = 1) -> None:
        """The next letters are never written, and so never listed."""
        self._forget += count

    # --- Posting --------------------------------------------------------------------------------------

    def send(self, letter: Letter) -> Sent:
        """Send a letter whatever bag is held open, and say under which number."""
        letter.guid = letter.guid or self._guid()
        return self._enqueue(letter, redelivery=True)

    def post(self, letter: Letter) -> None:
        """Take a letter; it leaves at once, unless a bag is held open."""
        if (letter.url or self.url) is None:
            return
        if self._forget:
            self._forget -= 1
            return
        letter.guid = letter.guid or self._guid()
        if self._bag is not None:
            self._bag.letters.append(letter)
        else:
            self._enqueue(letter)

    def bag(self) -> Bag:
        """For the letters of one request: they leave when the bag is emptied, after the answer is out."""
        self._bags += 1
        return Bag(self)

    def hold(self, bag: Bag | None) -> Bag | None:
        """Put letters into this bag from now on, None for none; returns the one used so far."""
        before, self._bag = self._bag, bag
        return before

    def empty(self, bag: Bag) -> None:
        """Let the letters of a bag go."""
        self._bags -= 1
        for letter in bag.letters:
            self._enqueue(letter)
        self._changed.set()

    def redeliver(self, sent: Sent) -> Sent:
        """Send a letter again, under its own GUID."""
        return self._enqueue(sent.letter, redelivery=True)

    def listed(self, newest: int | None = None) -> Iterator[Sent]:
        """The attempts that the forge still shows, newest first: from that number on, where one is given."""
        oldest = self._wall.now() - LISTED
        start = len(self.sent) - 1 if newest is None else min(newest - _FIRST_ID, len(self.sent) - 1)
        for place in range(start, -1, -1):
            each = self.sent[place]
            if each.at < oldest:
                return
            if each.status != "pending":
                yield each

    async def answered(self, sent: Sent) -> None:
        """Return once this letter was answered, or failed."""
        while sent.status == "pending":
            self._changed.clear()
            await self._changed.wait()

    async def idle(self) -> None:
        """Return once every letter was sent and answered, those included that an answer caused."""
        while self._waiting or self._under_way or self._bags:
            self._changed.clear()
            await self._changed.wait()

    def _guid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    # --- Carrying -------------------------------------------------------------------------------------

    def _enqueue(self, letter: Letter, *, redelivery: bool = False) -> Sent:
        again = not redelivery and self._random.random() < self.duplicates
        for _ in range(2 if again else 1):
            sent = Sent(_FIRST_ID + len(self.sent), letter, self._wall.now(), redelivery)
            self.sent.append(sent)
            self._waiting.append(sent)
        self._changed.set()
        self._add_carriers()
        return sent

    def _add_carriers(self) -> None:
        while self._client is not None and len(self._carriers) < self.parallel:
            self._carriers.append(asyncio.get_running_loop().create_task(self._carry()))

    async def _carry(self) -> None:
        while True:
            while not self._waiting:
                self._changed.clear()
                await self._changed.wait()
            at = self._random.randrange(len(self._waiting)) if self.unordered else 0
            sent = self._waiting[at]
            del self._waiting[at]
            self._under_way += 1
            try:
                await self._deliver(sent)
                for listener in self.on_answer:
                    listener(sent)
            finally:
                self._under_way -= 1
                self._changed.set()

    async def _deliver(self, sent: Sent) -> None:
        lost = self._random.random() < self.losses
        if self._lose or lost:
            self._lose -= 0 if lost else 1
            sent.status, sent.status_code = "failed to connect to host", 502
            return
        body = sent.letter.body
        sent.request_headers = {**sent.letter.headers, **self._seal(sent.letter, body)}
        started = asyncio.get_running_loop().time()
        url = sent.letter.url or self.url
        if self._client is None or url is None:
            raise RuntimeError("the courier was not started")
        try:
            answer = await self._client.post(url, content=body, headers=sent.request_headers)
        except httpx2.TimeoutException:
            sent.status, sent.status_code = "timed out", 504
        except (httpx2.TransportError, httpx2.InvalidURL):
            sent.status, sent.status_code = "failed to connect to host", 502
        else:
            sent.status = "OK" if answer.is_success else f"Invalid HTTP Response: {answer.status_code}"
            sent.status_code = answer.status_code
            sent.response_headers = dict(answer.headers)
            sent.response = answer.text[:1_000]
        sent.duration = round(asyncio.get_running_loop().time() - started, 2)
