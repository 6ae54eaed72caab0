"""Deliveries as they came in: stored durably before the answer, each exactly once by its id.

Deliveries that arrive together share a commit: while one is being written, the others gather and go
with the next. Nobody is answered before the commit that holds their delivery.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sa
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.database import Database
from app.store.tables import delivery, delivery_body

BATCH = 64
COMPRESS_ABOVE = 1024

_INSERT = """
WITH incoming AS (
    SELECT * FROM unnest(
        %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[],
        %s::bytea[], %s::int[], %s::text[], %s::text[], %s::bytea[]
    ) AS t (forge, hook, delivery_id, event, headers, body_sha256, body_bytes, scheme, codec, data)
), stored AS (
    INSERT INTO delivery (forge, hook, delivery_id, event, headers, body_sha256, body_bytes, scheme)
    SELECT forge, hook, delivery_id, event, headers, body_sha256, body_bytes, scheme FROM incoming
    ON CONFLICT (forge, hook, delivery_id) DO NOTHING
    RETURNING id, forge, hook, delivery_id
), bodies AS (
    INSERT INTO delivery_body (delivery, codec, data)
    SELECT stored.id, incoming.codec, incoming.data
    FROM stored JOIN incoming USING (forge, hook, delivery_id)
)
SELECT forge, hook, delivery_id FROM stored
"""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An authenticated delivery. `headers` holds allowed fields only, never a signature or token."""

    forge: str
    delivery_id: str
    event: str
    headers: Mapping[str, str]
    body: bytes
    body_sha256: bytes
    scheme: str
    hook: str = ""

    @property
    def identity(self) -> tuple[str, str, str]:
        return (self.forge, self.hook, self.delivery_id)


class Inbox:
    """Where deliveries are put. One per process; `open()` it around the server's life."""

    def __init__(self, conninfo: str) -> None:
        self._pool = AsyncConnectionPool(
            conninfo,
            min_size=1,
            max_size=2,
            timeout=2.0,
            open=False,
            kwargs={"autocommit": True, "application_name": "usher-inbox"},
        )
        self._waiting: list[tuple[Incoming, asyncio.Future[bool]]] = []
        self._there_is_work = asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Inbox]:
        async with self._pool:
            writer = asyncio.create_task(self._write_for_ever(), name="inbox writer")
            try:
                yield self
            finally:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)

    async def put(self, incoming: Incoming) -> Literal["new", "duplicate"]:
        """Store a delivery; returns, once it is committed, whether it was new or there already.

        Raises what psycopg raises where it could not be stored: then it must not be acknowledged.
        """
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((incoming, stored))
        self._there_is_work.set()
        return "new" if await stored else "duplicate"

    async def _write_for_ever(self) -> None:
        while True:
            await self._there_is_work.wait()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._there_is_work.clear()
            try:
                new = await self._insert({each.identity: each for each, _ in batch})
            except Exception as error:
                for _, stored in batch:
                    if not stored.done():
                        stored.set_exception(error)
                continue
            for each, stored in batch:
                if not stored.done():
                    stored.set_result(each.identity in new)
                new.discard(each.identity)

    async def _insert(self, batch: Mapping[Any, Incoming]) -> set[tuple[str, str, str]]:
        rows = list(batch.values())
        packed = [_pack(row.body) for row in rows]
        columns: list[list[Any]] = [
            [row.forge for row in rows],
            [row.hook for row in rows],
            [row.delivery_id for row in rows],
            [row.event for row in rows],
            [Jsonb(dict(row.headers)) for row in rows],
            [row.body_sha256 for row in rows],
            [len(row.body) for row in rows],
            [row.scheme for row in rows],
            [codec for codec, _ in packed],
            [data for _, data in packed],
        ]
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_INSERT, columns)
            return {(row[0], row[1], row[2]) for row in await cursor.fetchall()}


def _pack(body: bytes) -> tuple[str, bytes]:
    return ("zlib", zlib.compress(body, 1)) if len(body) > COMPRESS_ABOVE else ("raw", body)


def _unpack(codec: str, data: bytes) -> bytes:
    return zlib.decompress(data) if codec == "zlib" else data


# --- Taking deliveries out again ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stored:
    """A delivery on its way to be read; `attempts` counts this one."""

    id: int
    forge: str
    delivery_id: str
    event: str
    attempts: int
    body: bytes


async def take(database: Database, limit: int = 200) -> list[Stored]:
    """Up to `limit` unread deliveries, oldest first, lent for half a minute.

    The attempt is counted and committed before anything is parsed, so that a body that kills the
    process cannot do it for ever.
    """
    wanted = (
        sa.select(delivery.c.id)
        .where(delivery.c.state == "new", delivery.c.next_at <= sa.func.now())
        .order_by(delivery.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    lend = (
        sa.update(delivery)
        .where(delivery.c.id.in_(wanted.scalar_subquery()))
        .values(attempts=delivery.c.attempts + 1, next_at=sa.func.now() + timedelta(seconds=30))
        .returning(delivery.c.id)
    )
    async with database.begin() as connection:
        ids = [row.id for row in await connection.execute(lend)]
    if not ids:
        return []
    read = (
        sa.select(
            delivery.c.id,
            delivery.c.forge,
            delivery.c.delivery_id,
            delivery.c.event,
            delivery.c.attempts,
            delivery_body.c.codec,
            delivery_body.c.data,
        )
        .join(delivery_body, delivery_body.c.delivery == delivery.c.id)
        .where(delivery.c.id.in_(ids))
        .order_by(delivery.c.id)
    )
    async with database.begin() as connection:
        return [
            Stored(row.id, row.forge, row.delivery_id, row.event, row.attempts, _unpack(row.codec, row.data))
            for row in await connection.execute(read)
        ]


async def close(
    connection: AsyncConnection,
    row: Stored,
    state: str,
    *,
    tenant_id: int | None = None,
    subject: str | None = None,
    reason: str | None = None,
) -> None:
    """Note the end of a delivery: `done`, `ignored` (with the reason) or `dead`."""
    await connection.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id)
        .values(state=state, tenant_id=tenant_id, subject=subject, reason=reason, done_at=sa.func.now())
    )


async def put_back(connection: AsyncConnection, row: Stored, error: str) -> None:
    """Leave a delivery for a later attempt."""
    wait = timedelta(seconds=10 * 3 ** (row.attempts - 1))
    await connection.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id)
        .values(next_at=sa.func.now() + wait, error=error[:2000])
    )


async def unread(connection: AsyncConnection) -> int:
    """How many deliveries wait to be read."""
    query = sa.select(sa.func.count()).select_from(delivery).where(delivery.c.state == "new")
    return await connection.scalar(query) or 0
