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
        self._hurried = False

    async def run(self) -> None:
        """Make rounds for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:  # the database is away; the next look may find it
                log.warning("no round could be made", reason=repr(error))
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> int:
        """Make every round whose time has come; returns how many were made."""
        if not self._hurried:
            async with self._database.begin() as connection:
                for each in self._rounds:
                    if each.at_start is not None:
                        await chores.hurry(connection, each.name, each.at_start)
            self._hurried = True
        return sum([await self._make(each) for each in self._rounds])

    async def _make(self, each: Round) -> bool:
        async with self._database.begin() as connection:
            chore = await chores.take(connection, each.name, each.lease)
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
