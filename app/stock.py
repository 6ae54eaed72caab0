"""Gauges that are the same for every process: read from the database when somebody looks, and not more often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from prometheus_client import generate_latest

from app import logs, metrics
from app.receiving.intake import Intake
from app.store import operations
from app.store.database import Database
from app.store.operations import Operations

log = logs.get(__name__)

FRESH = 5.0
"""Seconds for which what was read is shown again."""

COUNTED = 60.0
"""Seconds for which the count of all rows is: it reads a whole index."""

PATIENCE = 2.0
"""Seconds; without an answer by then the last values stay."""


class Stock:
    """What lies where. `clock_offset` tells by how many seconds the forge's clock is ahead of ours."""

    def __init__(
        self, database: Database, intake: Intake | None, clock_offset: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._database, self._intake, self._clock_offset = database, intake, clock_offset
        self._read_at = self._counted_at = float("-inf")
        self._reading = asyncio.Lock()
        self.operations: Operations | None = None

    async def metrics(self) -> bytes:
        """Everything that is counted, in Prometheus' text format; the gauges as fresh as they can be."""
        await self.refresh()
        return generate_latest(metrics.registry)

    async def refresh(self) -> bool:
        """Read anew what is old; False where the database did not answer in time."""
        self._show_this_process()
        async with self._reading:
            if time.monotonic() - self._read_at < FRESH:
                return True
            try:
                async with asyncio.timeout(PATIENCE):
                    self.operations = await operations.read(self._database)
                    if time.monotonic() - self._counted_at > COUNTED:
                        for state, number in (await operations.states(self._database)).items():
                            metrics.inbox_rows.labels(state).set(number)
                        self._counted_at = time.monotonic()
            except Exception as error:  # whatever keeps the database away: old values are better than none
                log.info("the gauges cannot be read anew", reason=repr(error))
                return False
            self._read_at = time.monotonic()
        self._show(self.operations)
        return True

    def _show_this_process(self) -> None:
        if self._intake is not None:
            metrics.spool_files.set(self._intake.spool.files)
            metrics.spool_bytes.set(self._intake.spool.bytes)
        metrics.clock_offset_seconds.set(self._clock_offset())

    @staticmethod
    def _show(found: Operations) -> None:
        metrics.inbox_rows.labels("new").set(found.unread)
        metrics.inbox_oldest_seconds.set(found.oldest_unread)
        metrics.due_oldest_seconds.set(found.due_oldest)
        metrics.effects_uncertain.set(found.uncertain)
        metrics.switch_active.set(found.switches)
        metrics.dead_letters.clear()
        for (table, reason), number in found.dead.items():
            metrics.dead_letters.labels(table, reason).set(number)
