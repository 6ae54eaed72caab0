"""How much one installation may call (Rate limits for the REST API)."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.faults import Faults
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.tokens import AppCaller, Caller, Token


@dataclass(slots=True)
class Allowance:
    """The numbers; `hour` in seconds, shorter where a test runs faster than life."""

    primary: int = 5_000  # requests an hour
    content_a_minute: int = 80  # writes that people are notified of
    content_an_hour: int = 500
    hour: float = 3_600.0


@dataclass(slots=True)
class _Used:
    since: float
    count: int = 0
    content: deque[float] = field(default_factory=deque)


class Limits:
    """Counts requests per installation. A 304 is not counted; content is what makes notifications."""

    def __init__(self, allowance: Allowance, faults: Faults, wall: WallClock) -> None:
        self.allowance = allowance
        self._faults = faults
        self._wall = wall
        self._used: dict[int, _Used] = {}

    def check(self, caller: Caller, *, content: bool, write: bool) -> None:
        """`Problem` 403 where a limit is reached."""
        now = time.monotonic()
        if isinstance(caller, AppCaller):
            return
        used = self._of(caller, now)
        if used.count >= self.allowance.primary or self._faults.exhausted_until > now:
            number = caller.installation.id if isinstance(caller, Token) else 0
            raise Problem(403, f"API rate limit exceeded for installation ID {number}.")
        if write and self._faults.blocked_until > now:
            raise _secondary(self._faults.blocked_until - now)
        if content:
            self._check_content(used, now)

    def count(self, caller: Caller) -> None:
        """One more request of this installation."""
        self._of(caller, time.monotonic()).count += 1

    def count_content(self, caller: Caller) -> None:
        """One more thing that people are notified of."""
        now = time.monotonic()
        self._of(caller, now).content.append(now)

    def headers(self, caller: Caller) -> dict[str, str]:
        """The five `x-ratelimit-` fields."""
        now = time.monotonic()
        used = self._of(caller, now)
        left = max(0, self.allowance.primary - used.count)
        reset = used.since + self.allowance.hour - now
        if self._faults.exhausted_until > now and not isinstance(caller, AppCaller):
            left, reset = 0, self._faults.exhausted_until - now
        at = int(self._wall.now().timestamp() + reset) + 1
        return {
            "x-ratelimit-limit": str(self.allowance.primary),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-used": str(self.allowance.primary - left),
            "x-ratelimit-reset": str(at),
            "x-ratelimit-resource": "core",
        }

    def _of(self, caller: Caller, now: float) -> _Used:
        number = caller.installation.id if isinstance(caller, Token) else 0
        used = self._used.setdefault(number, _Used(now))
        if now - used.since >= self.allowance.hour:
            used.since, used.count = now, 0
        return used

    def _check_content(self, used: _Used, now: float) -> None:
        minute = self.allowance.hour / 60
        while used.content and used.content[0] <= now - self.allowance.hour:
            used.content.popleft()
        if len(used.content) >= self.allowance.content_an_hour:
            raise _secondary(used.content[0] + self.allowance.hour - now)
        recent = [at for at in used.content if at > now - minute]
        if len(recent) >= self.allowance.content_a_minute:
            raise _secondary(recent[0] + minute - now)


def _secondary(seconds: float) -> Problem:
    return Problem(
        403,
        "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
        "Please retry your request again later.",
        headers={"retry-after": str(int(seconds) + 1)},
    )
