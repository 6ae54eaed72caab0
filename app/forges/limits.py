"""When to call and when to wait: pacing, a forge's limits, and a forge that is down.

A `Gate` stands before each installation's calls: it spaces writes, and stays shut as long as the forge
asked for ("Best practices for using the REST API", "Rate limits for the REST API"). A `Breaker` stands
before the host: while the forge is down, one probe in thirty seconds is enough to see it come back.
Both measure durations on the monotonic clock, so setting the host's clock opens no gate.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from handlers.ports import Throttled, Unavailable

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that an answer named, and how many seconds it says to wait.

    `primary`: the hour's requests are used up, nothing may be called. `secondary`: the forge said how long
    to be gentle. `vague`: it said no more than "slow down".
    """

    kind: Literal["primary", "secondary", "vague"]
    seconds: float = 0.0


class Gate:
    """One installation's budget in this process.

    `pause`: seconds between two writes that make content, and between reads while the forge asks to be
    gentle; 0 switches both off. `hourly`: how many writes an hour may see.
    """

    def __init__(
        self,
        *,
        pause: float = 1.0,
        hourly: int = 400,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._pause = pause
        self._hourly = hourly
        self._now = monotonic
        self._sleep = sleep
        self._shut_until = 0.0
        self._no_writes_until = 0.0
        self._next_write = 0.0
        self._next_read = 0.0
        self._writes: deque[float] = deque()
        self._vague = 0
        self._probing = False

    @asynccontextmanager
    async def entry(self, *, write: bool) -> AsyncIterator[None]:
        """Wait for this call's turn; `Throttled` where the gate is shut."""
        probe = await self._admit(write)
        try:
            yield
        finally:
            if probe:
                self._probing = False

    def hit(self, limit: Limit) -> Throttled:
        """Shut the gate as the forge asked; the error says until when (our clock, UTC)."""
        now = self._now()
        if limit.kind == "secondary":
            seconds = limit.seconds * 1.1
            self._no_writes_until = max(self._no_writes_until, now + seconds)
        elif limit.kind == "primary":
            seconds = limit.seconds
            self._shut_until = max(self._shut_until, now + seconds)
        else:
            if now >= self._shut_until:
                self._vague += 1
                self._shut_until = now + min(60 * 2 ** (self._vague - 1), 3600)
            seconds = self._shut_until - now
        return self._throttled(f"the forge's {limit.kind} limit", seconds)

    def passed(self) -> None:
        """A call went through: the forge no longer says "slow down"."""
        self._vague = 0

    async def _admit(self, write: bool) -> bool:
        while True:
            self._refuse_if_shut(write)
            wait = self._wait(write)
            if wait <= 0:
                break
            await self._sleep(wait)
        now = self._now()
        if write:
            self._next_write = now + self._pause
            self._writes.append(now)
        elif now < self._no_writes_until:
            self._next_read = now + self._pause
        if self._vague:
            self._probing = True
            return True
        return False

    def _refuse_if_shut(self, write: bool) -> None:
        now = self._now()
        if now < self._shut_until:
            raise self._throttled("a limit of the forge", self._shut_until - now)
        if self._vague and self._probing:
            raise self._throttled("another call tries whether the forge takes calls again", 5)
        if not write:
            return
        if now < self._no_writes_until:
            raise self._throttled("a limit of the forge on writes", self._no_writes_until - now)
        while self._writes and self._writes[0] <= now - 3600:
            self._writes.popleft()
        if len(self._writes) >= self._hourly:
            raise self._throttled("our own limit on writes an hour", self._writes[0] + 3600 - now)

    def _wait(self, write: bool) -> float:
        now = self._now()
        if write:
            return self._next_write - now
        return self._next_read - now if now < self._no_writes_until else 0.0

    def _throttled(self, why: str, seconds: float) -> Throttled:
        return Throttled(f"waiting for {why}", datetime.now(UTC) + timedelta(seconds=seconds))


class Breaker:
    """Opens after five failures of the host in a row; then one probe every thirty seconds."""

    def __init__(
        self, *, failures: int = 5, seconds: float = 30.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._allowed = failures
        self._seconds = seconds
        self._now = monotonic
        self._failed = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are being held back."""
        return self._failed >= self._allowed

    def check(self) -> None:
        """Let a call through, or raise `Unavailable` without one: nothing was sent."""
        if not self.is_open:
            return
        now = self._now()
        if now < self._open_until:
            raise Unavailable("the forge has been failing; it is tried again shortly")
        self._open_until = now + self._seconds

    def failed(self) -> None:
        """The host gave no usable answer."""
        self._failed += 1
        if self._failed >= self._allowed:
            self._open_until = self._now() + self._seconds

    def worked(self) -> None:
        """The host answered, whatever it said."""
        self._failed = 0
