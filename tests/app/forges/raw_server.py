"""A few lines of server that send exactly the bytes which no well-behaved forge would."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def server(*answers: bytes, hold: float = 0.0) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answers each connection's one request with these bytes, in turn; yields its URL and what was asked.

    `BASE` in an answer stands for the server's own address. What was asked ends with the request's body.
    """
    asked: list[bytes] = []
    waiting = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        asked.append(head + await reader.readexactly(int(length[1]) if length else 0))
        writer.write(waiting.pop(0).replace(b"BASE", base.encode()))
        if hold:
            await asyncio.sleep(hold)
        writer.close()

    made = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}"
    try:
        yield base, asked
    finally:
        made.close()


def sized(body: bytes, headers: bytes = b"") -> bytes:
    return OK + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def said(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> bytes:
    """An answer with this JSON, or with this text as HTML."""
    kind, content = ("text/html", body) if isinstance(body, str) else ("application/json", json.dumps(body))
    fields = {"Content-Type": kind, "Connection": "close", **(headers or {}), "Content-Length": len(content)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} x\r\n{lines}\r\n{content}".encode()
