"""What is done at intervals, once over all processes: asking for missed deliveries, comparing, tidying.

Each round is a chore in the database: whoever comes first when its time has come does it. One that fails
is tried again soon, and says why on the operations page.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app import logs
from app.store import chores
from app.store.chores import Chore
from app.store.database import Database

log = logs.get(__name__)

LOOK_EVERY = 5.0
"""Seconds between two looks whether a round's time has come."""

_JITTER = 0.1
_SOON = timedelta(minutes=1)
"""After a round that failed, or that says it could not do all."""

Do = Callable[[Chore], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Round:
    """`do` gets what its last run noted, and returns what the next one needs; `soon` in it: there is more to do.

    `at_start`: do it when a process starts, too, unless it succeeded within that time.
    """

    name: str
    every: timedelta
    do: Do
    lease: timedelta = timedelta(minutes=10)
    at_start: timedelta | None = None


class Rounds:
    """All rounds of a process."""

    def __init__(self, database: Database, rounds: Sequence[Round]) -> None:
        self._database, self._rounds = database, tuple(rounds)
        self._hurried: set[str] = set()
        self._said_at = float("-inf")

    async def run(self) -> None:
        """Make rounds for ever, each by itself.

        A long one keeps no other waiting, least of all the one that says that Usher lives: without it an outage is
        noted that was none, and promises are excused.
        """
        await asyncio.gather(*(self._make_for_ever(each) for each in self._rounds))

    async def _make_for_ever(self, each: Round) -> None:
        while True:
            try:
                await self._make(each)
            except Exception as error:  # the database is away; the next look may find it
                self._say(each, error)
            await asyncio.sleep(LOOK_EVERY * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311

    def _say(self, each: Round, error: Exception) -> None:
        """Once for all rounds: what keeps one from being made keeps the others, too."""
        now = asyncio.get_running_loop().time()
        if now - self._said_at > LOOK_EVERY:
            self._said_at = now
            log.warning("a round could not be made", round=each.name, reason=repr(error))

    async def look(self) -> int:
        """Make every round whose time has come, one after the other; returns how many were made."""
        return sum([await self._make(each) for each in self._rounds])

    async def _make(self, each: Round) -> bool:
        async with self._database.begin() as connection:
            if each.at_start is not None and each.name not in self._hurried:
                await chores.hurry(connection, each.name, each.at_start)
            chore = await chores.take(connection, each.name, each.lease)
        self._hurried.add(each.name)
        if chore is None:
            return False
        soon = min(each.every, _SOON)
        try:
            async with asyncio.timeout(each.lease.total_seconds() * 0.9):
                note = await each.do(chore)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            log.warning("a round failed", round=each.name, reason=reason)
            async with self._database.begin() as connection:
                await chores.failed(connection, each.name, soon, reason)
            return True
        async with self._database.begin() as connection:
            spread = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - so that not all come at once
            again_in = soon if note.get("soon") else each.every
            await chores.done(connection, each.name, again_in * spread, note)
        log.debug(
            "round made", round=each.name, **{name: value for name, value in note.items() if name != "asked"}
        )
        return True
