"""Deliveries as they came in: stored durably before the answer, each exactly once by its id.

Deliveries that arrive together share a commit: while one is being written, the others gather and go
with the next. Nobody is answered before the commit that holds their delivery. Where the database does not
take them in time, `NotStored` says so soon enough that they can be kept elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import psycopg
import sqlalchemy as sa
from isal import isal_zlib
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from app import logs
from app.crash_points import reached
from app.redaction import redact
from app.store.database import Database, told_of
from app.store.tables import delivery, delivery_body

log = logs.get(__name__)

BATCH = 64
COMPRESS_ABOVE = 1024
WRITERS = 2
GATHER, GATHERED = 0.002, 24
FEW = 4
"""Where many come, so many seconds are waited for so many; who comes alone is written at once."""

CHECKOUT_SECONDS = 0.5
STATEMENT_SECONDS = 1.0
_UNHEARD = 0.1
"""Seconds after which a statement that the server should have ended is given up on this side."""

LONGEST_WAIT = 0.5
"""Seconds that a delivery may wait for its turn to be written."""

FAILURES, BYPASS_SECONDS = 3, 5.0
"""So many failures in a row, and for so long the database is not asked."""

_SESSION = "-c statement_timeout=1s -c lock_timeout=1s -c timezone=UTC"


# What is small goes as one JSON text, which costs a tenth of an array for each column; bodies go as they are.
_INSERT = """
WITH incoming AS (
    SELECT * FROM ROWS FROM (
        json_to_recordset(%b::text::json) AS (
            forge text, hook text, delivery_id text, event text, headers jsonb, body_sha256 bytea,
            body_bytes int, scheme text, received_at timestamptz, codec text
        ),
        unnest(%b::bytea[])
    ) AS t (
        forge, hook, delivery_id, event, headers, body_sha256, body_bytes, scheme, received_at, codec, data
    )
), stored AS (
    INSERT INTO delivery
        (forge, hook, delivery_id, event, headers, body_sha256, body_bytes, scheme, received_at, via)
    SELECT forge, hook, delivery_id, event, headers, body_sha256, body_bytes, scheme,
           coalesce(received_at, now()), CASE WHEN received_at IS NULL THEN 'http' ELSE 'spool' END
    FROM incoming
    ON CONFLICT (forge, hook, delivery_id) DO NOTHING
    RETURNING id, forge, hook, delivery_id
), bodies AS (
    INSERT INTO delivery_body (delivery, codec, data)
    SELECT stored.id, incoming.codec, incoming.data
    FROM stored JOIN incoming USING (forge, hook, delivery_id)
)
SELECT forge, hook, delivery_id FROM stored
"""


class NotStored(Exception):
    """The database did not take a delivery in time. It may yet: its unique key makes a second one harmless."""


Identity = tuple[str, str, str]


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
    def identity(self) -> Identity:
        return (self.forge, self.hook, self.delivery_id)


@dataclass(slots=True)
class _Waiting:
    incoming: Incoming
    since: float
    stored: asyncio.Future[bool]


class Inbox:
    """Where deliveries are put. One per process; `open()` it around the server's life."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._waiting: list[_Waiting] = []
        self._there_is_work = asyncio.Event()
        self._failures = 0
        self._bypassed_until = 0.0
        self._abandoned: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Inbox]:
        writers = [asyncio.create_task(self._write_for_ever(), name="inbox writer") for _ in range(WRITERS)]
        try:
            yield self
        finally:
            for each in [*writers, *self._abandoned]:
                each.cancel()
            await asyncio.gather(*writers, *self._abandoned, return_exceptions=True)

    @property
    def is_bypassed(self) -> bool:
        """Whether the database failed so often that it is left alone for a moment."""
        return asyncio.get_running_loop().time() < self._bypassed_until

    async def put(self, incoming: Incoming) -> Literal["new", "duplicate"]:
        """Store a delivery; returns, once it is committed, whether it was new or there already.

        `NotStored` where that did not happen within two seconds: then it must not be acknowledged.
        """
        if self.is_bypassed:
            raise NotStored("the database is left alone for a moment")
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(_Waiting(incoming, loop.time(), stored))
        self._there_is_work.set()
        return "new" if await stored else "duplicate"

    async def _write_for_ever(self) -> None:
        line = _Line(self._conninfo)
        try:
            busy = False
            while True:
                await self._there_is_work.wait()
                if busy and len(self._waiting) < GATHERED:
                    await asyncio.sleep(GATHER)
                if batch := self._next_batch():
                    busy = len(batch) >= FEW
                    await self._write(line, batch)
        finally:
            await line.close()

    def _next_batch(self) -> list[_Waiting]:
        """Those that wait longest; those behind them that have waited too long are told that they must not."""
        batch, rest = self._waiting[:BATCH], self._waiting[BATCH:]
        oldest = asyncio.get_running_loop().time() - LONGEST_WAIT
        self._waiting = [each for each in rest if each.since >= oldest]
        if len(self._waiting) < len(rest):
            _fail([each for each in rest if each.since < oldest], "the database is too slow")
        if not self._waiting:
            self._there_is_work.clear()
        return batch

    async def _write(self, line: _Line, batch: list[_Waiting]) -> None:
        rows = {each.incoming.identity: each.incoming for each in batch}
        try:
            new = await self._in_time(line, list(rows.values()))
            reached("inbox.committed")
        except Exception as error:
            self._failures += 1
            if self._failures >= FAILURES:
                self._bypassed_until = asyncio.get_running_loop().time() + BYPASS_SECONDS
            reason = told_of(error)
            log.warning("the inbox does not take deliveries", reason=reason, failures=self._failures)
            waiting, self._waiting = self._waiting, []
            _fail([*batch, *waiting], reason)
            return
        self._failures = 0
        for each in batch:
            if not each.stored.done():
                each.stored.set_result(each.incoming.identity in new)
            new.discard(each.incoming.identity)

    async def _in_time(self, line: _Line, rows: list[Incoming]) -> set[Identity]:
        connection = await line.connection()
        writing = asyncio.create_task(insert(connection, rows))
        done, _ = await asyncio.wait({writing}, timeout=STATEMENT_SECONDS + _UNHEARD)
        if done:
            return writing.result()
        # Cancelling would wait for the server, too. It ends by itself, and its connection with it.
        line.leave()
        self._abandoned.add(writing)
        writing.add_done_callback(lambda task: self._forget(task, connection))
        raise TimeoutError("the statement took too long")

    def _forget(self, task: asyncio.Task[Any], connection: psycopg.AsyncConnection[Any]) -> None:
        self._abandoned.discard(task)
        connection.pgconn.finish()
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains


class _Line:
    """One connection of a writer, opened anew after each failure."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._opening: asyncio.Task[psycopg.AsyncConnection[Any]] | None = None

    async def connection(self) -> psycopg.AsyncConnection[Any]:
        """An open connection; TimeoutError after half a second, though a slow one goes on being opened."""
        if self._opening is not None and self._opening.done() and self._is_broken(self._opening):
            self._opening = None
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return await asyncio.wait_for(asyncio.shield(self._opening), CHECKOUT_SECONDS)

    @staticmethod
    def _is_broken(opening: asyncio.Task[psycopg.AsyncConnection[Any]]) -> bool:
        return opening.cancelled() or opening.exception() is not None or opening.result().broken

    async def _open(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            self._conninfo,
            autocommit=True,
            application_name="usher-inbox",
            connect_timeout=5,
            options=_SESSION,
        )

    def leave(self) -> None:
        """Somebody else will close the connection; take another."""
        self._opening = None

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await (await self._opening).close()


def _fail(waiting: list[_Waiting], reason: str) -> None:
    for each in waiting:
        if not each.stored.done():
            each.stored.set_exception(NotStored(reason))


async def insert(
    connection: psycopg.AsyncConnection[Any],
    rows: Sequence[Incoming],
    received_at: Sequence[datetime] | None = None,
) -> set[Identity]:
    """Write deliveries with their bodies in one statement; which were new. No two may have one identity.

    `received_at` is given for those that come from the spool.
    """
    packed = [_pack(row.body) for row in rows]
    about = [
        {
            "forge": row.forge,
            "hook": row.hook,
            "delivery_id": row.delivery_id,
            "event": row.event,
            "headers": dict(row.headers),
            "body_sha256": "\\x" + row.body_sha256.hex(),
            "body_bytes": len(row.body),
            "scheme": row.scheme,
            "received_at": received_at[place].isoformat() if received_at else None,
            "codec": packed[place][0],
        }
        for place, row in enumerate(rows)
    ]
    cursor = await connection.execute(_INSERT, [to_json(about).decode(), [data for _, data in packed]])
    return {(row[0], row[1], row[2]) for row in await cursor.fetchall()}


def _pack(body: bytes) -> tuple[str, bytes]:
    return ("zlib", isal_zlib.compress(body, 1)) if len(body) > COMPRESS_ABOVE else ("raw", body)


def unpack(codec: str, data: bytes) -> bytes:
    """The body as it came."""
    return zlib.decompress(data) if codec == "zlib" else data


# --- Taking deliveries out again ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stored:
    """A delivery on its way to be read; `attempts` counts this one. `age` is in seconds."""

    id: int
    forge: str
    delivery_id: str
    event: str
    attempts: int
    body: bytes
    age: float = 0.0
    hook: str = ""


LENT = timedelta(seconds=40)
"""For so long nobody else takes a delivery that is being read, unless the reader says otherwise."""


async def take(
    database: Database, limit: int = 200, *, again: bool = False, lent: timedelta = LENT
) -> list[Stored]:
    """Up to `limit` unread deliveries, oldest first, lent for so long.

    The attempt is counted and committed before anything is parsed, so that a body that kills the process
    cannot do it for ever. It kills those taken with it, too; so what was taken before (`again`) is taken one
    by one, and only the culprit comes to its third attempt.
    """
    tried = delivery.c.attempts > 0 if again else delivery.c.attempts == 0
    wanted = (
        sa.select(delivery.c.id)
        .where(delivery.c.state == "new", delivery.c.next_at <= sa.func.now(), tried)
        .order_by(delivery.c.id)
        .limit(1 if again else limit)
        .with_for_update(skip_locked=True)
    )
    lend = (
        sa.update(delivery)
        .where(delivery.c.id.in_(wanted.scalar_subquery()))
        .values(attempts=delivery.c.attempts + 1, next_at=sa.func.now() + lent)
        .returning(delivery.c.id)
    )
    async with database.begin() as connection:
        ids = [row.id for row in await connection.execute(lend)]
    if not ids:
        return []
    reached("drain.taken")
    read = (
        sa.select(
            delivery.c.id,
            delivery.c.forge,
            delivery.c.delivery_id,
            delivery.c.event,
            delivery.c.attempts,
            sa.func.extract("epoch", sa.func.now() - delivery.c.received_at).label("age"),
            delivery.c.hook,
            delivery_body.c.codec,
            delivery_body.c.data,
        )
        .join(delivery_body, delivery_body.c.delivery == delivery.c.id)
        .where(delivery.c.id.in_(ids))
        .order_by(delivery.c.id)
    )
    async with database.begin() as connection:
        return [
            Stored(
                row.id,
                row.forge,
                row.delivery_id,
                row.event,
                row.attempts,
                unpack(row.codec, row.data),
                float(row.age),
                row.hook,
            )
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
    error: str | None = None,
) -> None:
    """Note the end of a delivery: `done`, `ignored` (with the reason) or `dead`."""
    ended = {"error": redact(error)[:2000]} if error else {}
    await connection.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id)
        .values(
            state=state, tenant_id=tenant_id, subject=subject, reason=reason, done_at=sa.func.now(), **ended
        )
    )


async def lend_longer(connection: AsyncConnection, rows: Sequence[Stored], lent: timedelta = LENT) -> None:
    """These are still being read."""
    await connection.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_([row.id for row in rows]), delivery.c.state == "new")
        .values(next_at=sa.func.now() + lent)
    )


async def put_back(connection: AsyncConnection, row: Stored, error: str, *, forgiven: bool = False) -> None:
    """Leave a delivery for a later attempt. `forgiven`: it was not its fault, and the attempt does not count."""
    wait = timedelta(seconds=10 if forgiven else 10 * 3 ** (row.attempts - 1))
    await connection.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id, delivery.c.state == "new")
        .values(
            next_at=sa.func.now() + wait,
            error=redact(error)[:2000],
            attempts=delivery.c.attempts - (1 if forgiven else 0),
        )
    )


async def unread(connection: AsyncConnection) -> int:
    """How many deliveries wait to be read."""
    query = sa.select(sa.func.count()).select_from(delivery).where(delivery.c.state == "new")
    return await connection.scalar(query) or 0
