"""What one tenant may still call: pure bookkeeping, whether it is kept in memory or in a row for all replicas.

All instants are seconds on one clock, whichever it is: the monotonic one of a process, or the database's.
"Best practices for using the REST API" and "Rate limits for the REST API" of GitHub say what is counted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

LONGEST_WAIT = 10.0
"""A call whose turn comes later than this many seconds is not waited for: its subject gives way to others."""

_PROBE = 30.0  # seconds that a call gets which tries whether the forge takes calls again


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a tenant may call. `pause`: seconds between two writes that make content, and between
    reads while the forge asks to be gentle; 0 for a forge of one's own. GitHub's own limits are 80 writes
    a minute and 500 an hour.
    """

    pause: float = 1.0
    writes_per_hour: int = 400
    reads_per_minute: int = 600


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that an answer named, and how many seconds it says to wait.

    `primary`: the hour's requests are used up, nothing may be called. `secondary`: the forge said how long
    to be gentle. `vague`: it said no more than "slow down". `suspended`: the tenant locked us out.
    """

    kind: Literal["primary", "secondary", "vague", "suspended"]
    seconds: float = 0.0


class Shut(Exception):
    """Nothing may be called for `seconds`."""

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.seconds = seconds


@dataclass(slots=True)
class Budget:
    """How things stand with one tenant's calls. `minutes` counts the last hour's: [minute, reads, writes]."""

    shut_until: float = 0.0
    why: str = ""
    no_writes_until: float = 0.0
    next_write: float = 0.0
    next_read: float = 0.0
    vague: int = 0
    doubtful: bool = False  # one call has to try first whether the forge takes calls again
    probe_until: float = 0.0
    left: int | None = None
    of: int | None = None
    minutes: list[list[int]] = field(default_factory=list)

    @classmethod
    def made(cls, kept: dict[str, Any]) -> Self:
        """From what `kept` gave; a field that another version knew is passed over."""
        return cls(**{name: value for name, value in kept.items() if name in cls.__slots__})

    def kept(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @property
    def share_left(self) -> float:
        """Which part of the hour's requests is left, 1.0 where the forge told none."""
        return 1.0 if self.left is None or not self.of else self.left / self.of

    def take(self, now: float, pace: Pace, *, write: bool) -> float:
        """Take one call's turn: 0.0, or the seconds after which to ask again. `Shut` where it is too long."""
        self._refuse_if_shut(now, pace, write)
        if (wait := self._wait(now, pace, write)) > 0:
            if wait > LONGEST_WAIT:
                raise Shut("our own pace", wait)
            return wait
        if write:
            self.next_write = now + pace.pause
        elif now < self.no_writes_until:
            self.next_read = now + pace.pause
        if self.doubtful:
            self.probe_until = now + _PROBE
        self._count(now, write)
        return 0.0

    def hit(self, limit: Limit, now: float) -> float:
        """The forge named a limit: shut as it asked; returns for how many seconds."""
        match limit.kind:
            case "secondary":
                self.no_writes_until = max(self.no_writes_until, now + limit.seconds * 1.1)
                return limit.seconds * 1.1
            case "primary":
                self._shut(now + limit.seconds, "the forge's hourly limit")
                return limit.seconds
            case "suspended":
                self._shut(now + 3600, "the installation is suspended")
                self.doubtful, self.probe_until = True, 0.0
                return 3600.0
            case "vague":
                if now >= self.shut_until:  # not an answer to a call that was under way already
                    self.vague += 1
                    self._shut(now + min(60 * 2 ** (self.vague - 1), 3600), "the forge asked to slow down")
                self.doubtful, self.probe_until = True, 0.0
                return self.shut_until - now

    def passed(self) -> None:
        """A call went through: the forge takes calls."""
        self.vague, self.doubtful, self.probe_until = 0, False, 0.0

    def _shut(self, until: float, why: str) -> None:
        if until > self.shut_until:
            self.shut_until, self.why = until, why

    def _refuse_if_shut(self, now: float, pace: Pace, write: bool) -> None:
        if now < self.shut_until:
            raise Shut(self.why, self.shut_until - now)
        if self.doubtful and now < self.probe_until:
            raise Shut("another call tries whether the forge takes calls again", 5)
        if not write:
            return
        if now < self.no_writes_until:
            raise Shut("a limit of the forge on writes", self.no_writes_until - now)
        lately = [(minute, writes) for minute, _, writes in self.minutes if minute > now // 60 - 60]
        if sum(writes for _, writes in lately) >= pace.writes_per_hour:
            oldest = min(minute for minute, writes in lately if writes)
            raise Shut("our own limit on writes an hour", (oldest + 60) * 60 - now)

    def _wait(self, now: float, pace: Pace, write: bool) -> float:
        if write:
            return self.next_write - now
        reads = {minute: reads for minute, reads, _ in self.minutes}
        minute, passed = divmod(now, 60)
        lately = reads.get(int(minute), 0) + reads.get(int(minute) - 1, 0) * (1 - passed / 60)
        if lately >= pace.reads_per_minute:
            return 1.0
        return self.next_read - now if now < self.no_writes_until else 0.0

    def _count(self, now: float, write: bool) -> None:
        minute = int(now // 60)
        if not self.minutes or self.minutes[-1][0] != minute:
            self.minutes = [each for each in self.minutes if each[0] > minute - 60] + [[minute, 0, 0]]
        self.minutes[-1][2 if write else 1] += 1
