"""What goes wrong between a bot and the forge, on request or by seeded chance."""

from __future__ import annotations

import copy
import random
import time
from dataclasses import dataclass, field

from app.forges.sandbox.world import World


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong with a request.

    `status` answers instead of doing; with `after_effect` the effect happens and the answer is lost.
    `cut` drops the connection without an answer. `html` answers with a page, as a proxy does.
    """

    status: int | None = None
    delay: float = 0.0  # seconds
    cut: bool = False
    after_effect: bool = False
    html: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def hides(self) -> bool:
        """Whether the caller does not hear what happened."""
        return self.cut or self.status is not None

    @property
    def happens(self) -> bool:
        """Whether the request has its effect."""
        return self.after_effect or not self.hides


@dataclass(slots=True)
class _Planned:
    fault: Fault
    times: int
    method: str | None
    path: str


class Faults:
    """The plan. Times are real seconds; `now` is a monotonic clock."""

    def __init__(self, seed: int, world: World) -> None:
        self._world = world
        self._random = random.Random(seed)  # noqa: S311 - chance in a test, not a secret
        self._planned: list[_Planned] = []
        self._rate = 0.0
        self._kinds: tuple[Fault, ...] = ()
        self._pictures: list[tuple[float, World]] = []
        self._read_lag = 0.0
        self._stale_lists = 0.0
        self.fresh_token_lag = 0.0  # seconds for which a new token is not yet known (401)
        self.blocked_until = 0.0  # secondary limit: no writes until then
        self.exhausted_until = 0.0  # primary limit: no calls until then

    def next(self, fault: Fault, *, times: int = 1, method: str | None = None, path: str = "") -> None:
        """Let this happen to the next `times` requests of a method whose path contains `path`."""
        self._planned.append(_Planned(fault, times, method, path))

    def sometimes(self, rate: float, *kinds: Fault) -> None:
        """Let one of these happen to each request with this chance; 0 ends it."""
        self._rate, self._kinds = (
            rate,
            kinds
            or (
                Fault(status=502, html=True),
                Fault(status=500),
                Fault(cut=True),
                Fault(cut=True, after_effect=True),
            ),
        )

    def block(self, seconds: float) -> None:
        """A secondary limit: writes answer 403 with `Retry-After` for this long."""
        self.blocked_until = time.monotonic() + seconds

    def exhaust(self, seconds: float) -> None:
        """The primary limit is used up until then."""
        self.exhausted_until = time.monotonic() + seconds

    def clear(self) -> None:
        """Everything is well again."""
        self._planned.clear()
        self._rate = 0.0
        self._read_lag = self._stale_lists = self.fresh_token_lag = 0.0
        self._pictures.clear()
        self.blocked_until = self.exhausted_until = 0.0

    def of(self, method: str, path: str) -> Fault | None:
        """What goes wrong with this request."""
        for planned in self._planned:
            if planned.method in (None, method) and planned.path in path:
                planned.times -= 1
                if planned.times <= 0:
                    self._planned.remove(planned)
                return planned.fault
        if self._kinds and self._random.random() < self._rate:
            return self._random.choice(self._kinds)
        return None

    # --- Read lag -----------------------------------------------------------------------------------

    @property
    def read_lag(self) -> float:
        """Seconds for which reads do not see a change of the world."""
        return self._read_lag

    @read_lag.setter
    def read_lag(self, seconds: float) -> None:
        self._read_lag = seconds
        self.picture()

    @property
    def stale_lists(self) -> float:
        """The same for lists alone."""
        return self._stale_lists

    @stale_lists.setter
    def stale_lists(self, seconds: float) -> None:
        self._stale_lists = seconds
        self.picture()

    def picture(self) -> None:
        """Keep the world as it is now, while reads lag. To be called after each change."""
        lag = max(self._read_lag, self._stale_lists)
        if not lag:
            return
        now = time.monotonic()
        old = [each for each in self._pictures if each[0] <= now - lag]
        self._pictures = [*old[-1:], *(each for each in self._pictures if each[0] > now - lag)]
        self._pictures.append((now, copy.deepcopy(self._world)))

    def seen(self, *, is_list: bool) -> World:
        """The world as a read sees it now: as it was when the lag began, or as it has been since."""
        lag = max(self._read_lag, self._stale_lists if is_list else 0.0)
        if not lag or not self._pictures:
            return self._world
        then = time.monotonic() - lag
        known = [picture for taken, picture in self._pictures if taken <= then]
        return known[-1] if known else self._pictures[0][1]
