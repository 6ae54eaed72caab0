"""Notes when no worker of Usher ran: an answer that fell due meanwhile is excused, since nobody was told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.rounds.schedule import Round
from app.settings import PromiseClock
from app.store import outages
from app.store.chores import Chore
from app.store.database import Database

EVERY = timedelta(minutes=1)
NOTICED = timedelta(minutes=15)
"""A shorter silence is no outage: reminders and deadlines are hours apart."""


def _wall() -> datetime:
    return datetime.now(UTC)


def note_outages(
    database: Database,
    clock: PromiseClock,
    *,
    wall: Callable[[], datetime] = _wall,
    every: timedelta = EVERY,
) -> Round:
    """The round that says that Usher lives, and notices that it did not for a while.

    How long it was is measured on the machine's clock; from when to when it was is told by the clock of promises.
    """

    async def live(chore: Chore) -> Mapping[str, Any]:
        now, promised = wall(), clock.now()
        if "wall" in chore.note:
            silent = now - datetime.fromisoformat(chore.note["wall"])
            since = datetime.fromisoformat(chore.note["promised"])
            if silent > NOTICED and since < promised:
                async with database.begin() as connection:
                    await outages.note(connection, since, promised)
        return {"wall": now.isoformat(), "promised": promised.isoformat()}

    return Round("alive", every, live)
