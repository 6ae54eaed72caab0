"""Keeps each delivery safe before it is acknowledged: in the inbox, or on disk while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import psycopg

from app import logs
from app.crash_points import reached
from app.receiving.spool import Spool, Spooled, SpoolFull
from app.store import inbox
from app.store.database import told_of
from app.store.inbox import Inbox, Incoming, NotStored

log = logs.get(__name__)

PAUSE = 1.0
"""Seconds between two looks whether the database takes again what was spooled."""

LOOK_EVERY = 10
"""So many pauses between two looks for files that another process left."""

_AT_ONCE = 64
_AT_ONCE_BYTES = 16 * 1024**2


class NotDurable(Exception):
    """Neither the inbox nor the spool could keep a delivery: it must not be acknowledged."""


class Intake:
    """The inbox with the spool behind it. `open()` it around the server's life.

    `loaded` is called after deliveries went from the spool to the inbox.
    """

    def __init__(self, conninfo: str, spool: Spool, loaded: Callable[[], None]) -> None:
        self._conninfo, self._loaded = conninfo, loaded
        self.spool = spool
        self.inbox = Inbox(conninfo)
        self._said_full = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Intake]:
        await asyncio.to_thread(self.spool.open)
        try:
            async with self.inbox.open():
                loading = asyncio.create_task(self._load_for_ever(), name="spool loader")
                try:
                    yield self
                finally:
                    loading.cancel()
                    await asyncio.gather(loading, return_exceptions=True)
        finally:
            await asyncio.to_thread(self.spool.close)

    async def put(self, incoming: Incoming) -> Literal["new", "duplicate", "spooled"]:
        """Keep a delivery; it is durable once this returns. NotDurable where it could not be kept."""
        reached("hook.verified")
        try:
            return await self.inbox.put(incoming)
        except NotStored:
            pass
        try:
            await self.spool.put(incoming)
        except (SpoolFull, OSError) as error:
            if not self._said_full:
                self._said_full = True
                log.error("deliveries cannot be kept anywhere and are refused", reason=str(error))  # noqa: TRY400
            raise NotDurable(str(error)) from error
        self._said_full = False
        return "spooled"

    @property
    def can_store(self) -> bool:
        """Whether a delivery that comes now would be kept."""
        return not self.inbox.is_bypassed or self.spool.has_room

    # --- From disk to the database ---------------------------------------------------------------------------

    async def _load_for_ever(self) -> None:
        pauses = 0
        while True:
            if pauses % LOOK_EVERY == 0:
                await asyncio.to_thread(self.spool.look)
            if self.spool.files:
                try:
                    await self.load()
                except (psycopg.Error, OSError) as error:
                    log.info(
                        "the spool waits for the database", files=self.spool.files, reason=told_of(error)
                    )
                except Exception as error:  # whatever it is, nothing may end the loading for good
                    log.exception("spooled deliveries could not be loaded", exc_info=error)
            pauses += 1
            await asyncio.sleep(PAUSE)

    async def load(self) -> int:
        """Bring everything that is spooled to the inbox; returns how much. Raises where the database does not.

        Nothing where another process does it already.
        """
        number = 0
        async with await psycopg.AsyncConnection.connect(
            self._conninfo,
            application_name="usher-spool",
            connect_timeout=5,
            options="-c statement_timeout=10s -c lock_timeout=5s -c timezone=UTC",
            autocommit=True,
        ) as connection:
            # Held until the connection is closed, so that nobody reads a file between its commit and its end.
            name = f"usher:spool:{self.spool.volume}"
            cursor = await connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
            if await cursor.fetchone() == (True,):
                while (moved := await self._load_some(connection)) is not None:
                    number += moved
        if number:
            log.info("spooled deliveries were brought to the inbox", deliveries=number)
        return number

    async def _load_some(self, connection: psycopg.AsyncConnection[Any]) -> int | None:
        """How many went to the inbox; None where nothing waits any more."""
        read = await asyncio.to_thread(self.spool.read, _AT_ONCE, _AT_ONCE_BYTES)
        if not read:
            return None
        moved = await self._insert(connection, read)
        await asyncio.to_thread(self.spool.remove, read)
        self._loaded()
        return moved

    async def _insert(self, connection: psycopg.AsyncConnection[Any], read: Sequence[Spooled]) -> int:
        """Insert them together; one that the database cannot hold is found, and set aside. Returns how many it took."""
        try:
            await inbox.insert(
                connection, [each.incoming for each in read], [each.received_at for each in read]
            )
        except psycopg.DataError as error:
            if len(read) == 1:
                await asyncio.to_thread(self.spool.set_aside, read[0].path, told_of(error))
                return 0
            return sum([await self._insert(connection, [each]) for each in read])
        return len(read)
