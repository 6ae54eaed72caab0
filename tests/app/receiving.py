"""A server that only receives, for tests of what it takes and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import sqlalchemy as sa

from app import serving
from app.forges.signature import github_signature
from app.receiving.intake import Intake
from app.receiving.spool import Spool
from app.store.database import Database, connect
from app.store.tables import delivery
from app.web.github_hook import GitHubSender
from app.web.guard import Guard
from app.web.hooks import Hook, Lobby
from app.web.site import Site
from app.web.strangers import Strangers

NEW, OLD = "the-new-secret-is-long-enough", "the-old-secret-is-long-enough"


@dataclass
class Receiving:
    """A running server that only receives."""

    url: str
    database: Database
    client: httpx2.AsyncClient
    intake: Intake

    async def post(self, body: bytes = b"{}", secret: str = NEW, **headers: str) -> httpx2.Response:
        sealed = {
            "content-type": "application/json",
            "x-github-event": "ping",
            "x-github-delivery": str(uuid.uuid4()),
            "x-hub-signature-256": github_signature(secret, body),
        }
        wanted = {**sealed, **{name.replace("_", "-"): value for name, value in headers.items()}}
        kept = {name: value for name, value in wanted.items() if value != ""}
        return await self.client.post(self.url, content=body, headers=kept)

    async def stored(self) -> int:
        async with self.database.begin() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(delivery)) or 0


@contextlib.asynccontextmanager
async def receiving(
    address: str,
    *,
    stored_in: str = "",
    deadline: float = 9.0,
    guard: type[Guard] = Guard,
    spool_in: Path | None = None,
    spool_bytes: int = 2**31,
    strangers: Strangers | None = None,
) -> AsyncIterator[Receiving]:
    """A server with nothing behind it but the inbox and the spool."""

    async def nothing(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    stop = asyncio.Event()
    listener = serving.listen("127.0.0.1", 0)
    async with httpx2.AsyncClient(timeout=30) as client, contextlib.AsyncExitStack() as stack:
        folder = spool_in or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="usher-spool-")))
        spool = Spool(folder / "spool", most_bytes=spool_bytes)
        intake = await stack.enter_async_context(Intake(stored_in or address, spool, lambda: None).open())
        lobby = Lobby(put=intake.put, stored=lambda: None, strangers=strangers or Strangers())
        door = Hook(GitHubSender(lambda: [NEW, OLD]), lobby, deadline=deadline)
        database = connect(address)
        site = Site({"/webhooks/github": door}, nothing)
        running = asyncio.create_task(serving.answer(site, stop, listener, guard))
        try:
            yield Receiving(f"{serving.address_of(listener)}/webhooks/github", database, client, intake)
        finally:
            stop.set()
            await running
            await database.close()


def head(length: bytes, *more: bytes) -> bytes:
    """The head of a delivery whose seal is well formed and wrong."""
    lines = [
        b"POST /webhooks/github HTTP/1.1",
        b"Host: usher",
        b"Content-Type: application/json",
        b"X-GitHub-Event: ping",
        b"X-GitHub-Delivery: one",
        b"X-Hub-Signature-256: sha256=" + b"0" * 64,
        length,
        *more,
    ]
    return b"\r\n".join(line for line in lines if line) + b"\r\n\r\n"


@contextlib.asynccontextmanager
async def line_to(hook: Receiving) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection."""
    url = httpx2.URL(hook.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def raw(hook: Receiving, data: bytes) -> bytes:
    """Send bytes as they are; the first line of the answer, empty where the connection ends without one."""
    async with line_to(hook) as (reader, writer):
        writer.write(data)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        try:
            return await reader.readline()
        except ConnectionError:
            return b""
