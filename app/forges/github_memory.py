"""What is worth remembering between two looks: owners files, teams, rights, and our own check runs."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from policies.facts import Access, File, Team

K = TypeVar("K")
V = TypeVar("V")

PEOPLE_SECONDS = 300.0


class Remembered(Generic[K, V]):
    """Values by key, each for some seconds; the least recently asked for goes first."""

    def __init__(
        self, most: int, seconds: float = float("inf"), monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._now = monotonic
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """The value, loaded where it is unknown or too old."""
        found = self._values.get(key)
        if found is not None and self._now() < found[0]:
            self._values.move_to_end(key)
            return found[1]
        value = await load()
        self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Remember a value from now on."""
        self._values[key] = (self._now() + self._seconds, value)
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, which: Callable[[K], bool] = lambda _: True) -> None:
        """Drop the values whose key fits."""
        for key in [key for key in self._values if which(key)]:
            del self._values[key]


class Memory:
    """The memory of one client.

    An owners file at a commit never changes. Teams and rights do: they are asked for again after five
    minutes, or at once when a delivery names the team or person (`forget_people`).
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.owners: Remembered[tuple[int, str], File | None] = Remembered(256)
        self.checks: Remembered[tuple[int, str, str], int | None] = Remembered(4096)
        self.teams: Remembered[tuple[int, str], Team | None] = Remembered(2048, PEOPLE_SECONDS, monotonic)
        self.access: Remembered[tuple[int, int, str], Access] = Remembered(16384, PEOPLE_SECONDS, monotonic)

    def forget_people(self, installation: int) -> None:
        """Teams or rights of this installation changed."""
        self.teams.forget(lambda key: key[0] == installation)
        self.access.forget(lambda key: key[0] == installation)
