"""How much one user may call (Rate limits), as GitLab.com has it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.faults import Faults
from app.forges.sandbox.gitlab.answers import Problem
from app.forges.sandbox.gitlab.tokens import Caller, Token
from app.forges.sandbox.http import http_date

TOO_MANY = "This endpoint has been requested too many times. Try again later."


@dataclass(slots=True)
class Allowance:
    """The numbers; `minute` in seconds, shorter where a test runs faster than life."""

    requests: int = 2_000  # a minute, authenticated
    notes: int = 60  # a minute and user
    hook_calls: int = 5  # tests and resends, a minute and hook
    minute: float = 60.0


@dataclass(slots=True)
class _Used:
    at: dict[str, deque[float]] = field(default_factory=dict)  # by what is counted


class Limits:
    """Counts per user. A 304 counts like any other answer."""

    def __init__(self, allowance: Allowance, faults: Faults, wall: WallClock) -> None:
        self.allowance = allowance
        self._faults = faults
        self._wall = wall
        self._used: dict[int, _Used] = {}

    def check(self, caller: Caller, *, write: bool) -> None:
        """`Problem` 429 where the requests of this minute are used up."""
        now = time.monotonic()
        if self._faults.exhausted_until > now:
            raise self._throttled(self._faults.exhausted_until - now)
        if write and self._faults.blocked_until > now:
            raise self._throttled(self._faults.blocked_until - now)
        recent = self._recent(caller, "requests", now)
        if len(recent) >= self.allowance.requests:
            raise self._throttled(recent[0] + self.allowance.minute - now)
        recent.append(now)

    def spend(self, caller: Caller, what: str, allowed: int) -> None:
        """One more of these; `Problem` 429 above what is allowed in a minute (Application limits)."""
        now = time.monotonic()
        recent = self._recent(caller, what, now)
        if len(recent) >= allowed:
            raise Problem(429, {"error": TOO_MANY})
        recent.append(now)

    def headers(self, caller: Caller) -> dict[str, str]:
        """The `RateLimit-` fields (User and IP rate limits, response headers)."""
        now = time.monotonic()
        recent = self._recent(caller, "requests", now)
        reset = recent[0] + self.allowance.minute - now if recent else self.allowance.minute
        return self._fields(len(recent), reset)

    def _fields(self, used: int, reset: float) -> dict[str, str]:
        at = int(self._wall.now().timestamp() + reset) + 1
        return {
            "RateLimit-Limit": str(self.allowance.requests),
            "RateLimit-Name": "throttle_authenticated_api",
            "RateLimit-Observed": str(used),
            "RateLimit-Remaining": str(max(0, self.allowance.requests - used)),
            "RateLimit-Reset": str(at),
        }

    def _recent(self, caller: Caller, what: str, now: float) -> deque[float]:
        number = caller.account.id if isinstance(caller, Token) else 0
        recent = self._used.setdefault(number, _Used()).at.setdefault(what, deque())
        while recent and recent[0] <= now - self.allowance.minute:
            recent.popleft()
        return recent

    def _throttled(self, seconds: float) -> Problem:
        fields = self._fields(self.allowance.requests, seconds)
        fields["RateLimit-ResetTime"] = http_date(self._wall.now())
        return Problem(429, "Retry later", headers={"Retry-After": str(int(seconds) + 1), **fields})
