"""When to call and when to wait: pacing, a forge's limits, and a forge that is down. For any forge.

A `Gate` stands before each tenant's calls: it spaces writes, and stays shut as long as the forge asked
for. A `Breaker` stands before the host: while the forge is down, one probe in thirty seconds is enough to
see it come back. `LocalGate` counts in this process; `app/store/budgets.py` has one for all replicas.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.forges.budget import Budget, Limit, Pace, Shut
from handlers.ports import Late, Throttled

__all__ = ["Breaker", "Gate", "Gates", "Limit", "LocalGate", "Pace", "Sleep", "Turn", "throttled"]

Sleep = Callable[[float], Awaitable[None]]


class Gate(Protocol):
    """Stands before the calls of one tenant."""

    async def turn(self, *, write: bool) -> None:
        """Wait for this call's turn; `Throttled` where the gate is shut, or the turn is far away."""
        ...

    async def hit(self, limit: Limit) -> Throttled:
        """The forge named a limit: shut the gate; the error says until when."""
        ...

    async def passed(self) -> None:
        """A call went through: the forge no longer says "slow down"."""
        ...

    def told(self, left: int, of: int) -> None:
        """The forge says how many requests of how many are left in this hour."""
        ...

    def share_left(self) -> float:
        """Which part of the hour's requests is left, 1.0 where the forge told none."""
        ...


Gates = Callable[[int], Gate]
"""The gate of an installation (GitLab: of a hook); always the same one."""


START_WITHIN = 5.0
"""Seconds from a write's turn to its start. Whoever looks later whether it happened counts on it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A write may go out now. `at` is on the monotonic clock of its client."""

    at: float

    def check(self, now: float) -> None:
        """`Late` where too much time has passed since: the process was frozen, or the database slow."""
        if now - self.at > START_WITHIN:
            raise Late("a write missed its turn")


class LocalGate:
    """One tenant's budget in this process, on the monotonic clock: setting the host's clock opens no gate."""

    def __init__(
        self,
        pace: Pace | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._pace = pace or Pace()
        self._now = monotonic
        self._sleep = sleep
        self._budget = Budget()

    async def turn(self, *, write: bool) -> None:
        try:
            while (wait := self._budget.take(self._now(), self._pace, write=write)) > 0:
                await self._sleep(wait)
        except Shut as shut:
            raise throttled(str(shut), shut.seconds) from None

    async def hit(self, limit: Limit) -> Throttled:
        return throttled(f"the forge's {limit.kind} limit", self._budget.hit(limit, self._now()))

    async def passed(self) -> None:
        self._budget.passed()

    def told(self, left: int, of: int) -> None:
        self._budget.left, self._budget.of = left, of

    def share_left(self) -> float:
        return self._budget.share_left


def throttled(why: str, seconds: float) -> Throttled:
    """The error that says until when (our clock, UTC) to wait."""
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
        """Let a call through, or raise `Throttled` without one: nothing was sent, and nobody's try is used up."""
        if not self.is_open:
            return
        now = self._now()
        if now < self._open_until:
            raise throttled("the forge, which has been failing", self._open_until - now)
        self._open_until = now + self._seconds

    def failed(self) -> None:
        """The host gave no usable answer."""
        self._failed += 1
        if self._failed >= self._allowed:
            self._open_until = self._now() + self._seconds

    def worked(self) -> None:
        """The host answered, whatever it said."""
        self._failed = 0
