"""When to call and when to wait: pacing, a forge's limits, and a forge that is down. For any forge.

A `Gate` stands before each tenant's calls: it spaces writes, and stays shut as long as the forge asked
for. A `Breaker` stands before the host: while the forge is down, or too slow for one account, one probe in
thirty seconds is enough to see it come back. `LocalGate` counts in this process; `app/store/budgets.py` has
one for all replicas.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.crash_points import reached
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


ONLY = 0
"""The account of a client that has one."""

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
        reached("effect.leaving")


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
    """Opens after five failures in a row; then one probe every thirty seconds.

    Failures of one account alone hold back that account, which may be slow by itself; once two fail and nobody
    gets through, it is the host. An account is whatever number its calls are made under.
    """

    def __init__(
        self, *, failures: int = 5, seconds: float = 30.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._allowed = failures
        self._seconds = seconds
        self._now = monotonic
        self._accounts: dict[int, _Line] = {}
        self._host = _Line()

    @property
    def is_open(self) -> bool:
        """Whether any calls are being held back."""
        return self._holds_all or any(self._holds(each) for each in self._accounts.values())

    def look(self, account: int = ONLY) -> None:
        """Raise `Throttled` where a call would be held back now; nobody's try is used up."""
        if (wait := max((each.open_until - self._now() for each in self._lines(account)), default=0.0)) > 0:
            raise throttled("the forge, which has been failing", wait)

    def check(self, account: int = ONLY) -> None:
        """Let this one call through, as the one that tries where there is need; or raise as `look` does."""
        self.look(account)
        for each in self._lines(account):
            each.open_until = self._now() + self._seconds

    def _lines(self, account: int) -> list[_Line]:
        """Those by which calls of this account are held back, or tried one by one."""
        lines = [self._host] if self._holds_all else []
        if (own := self._accounts.get(account)) is not None and self._holds(own):
            lines.append(own)
        return lines

    def failed(self, account: int = ONLY) -> None:
        """The host gave no usable answer."""
        for line in (self._host, self._accounts.setdefault(account, _Line())):
            line.failed += 1
            line.open_until = self._now() + self._seconds

    def worked(self, account: int = ONLY) -> None:
        """The host answered, whatever it said."""
        if self._holds_all:
            self._accounts.clear()
        self._accounts.pop(account, None)
        self._host = _Line()

    @property
    def _holds_all(self) -> bool:
        return self._holds(self._host) and len(self._accounts) > 1

    def _holds(self, line: _Line) -> bool:
        return line.failed >= self._allowed


@dataclass(slots=True)
class _Line:
    """Failures in a row, and until when nothing is tried where there were enough of them."""

    failed: int = 0
    open_until: float = 0.0
