"""Carries connections between networks that see each other only through sockets in a folder.

    python -m tests.chaos.relay tcp:8080:unix:/folder/forge.sock unix:/folder/web.sock:tcp:9000

Each argument listens at its first half and connects to its second for whoever comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def listen(at: str, to: str) -> asyncio.Server:
    """Take connections at one end, `tcp:PORT` or `unix:PATH`, and carry each to the other."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await _connect(to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))

    kind, _, place = at.partition(":")
    if kind == "unix":
        return await asyncio.start_unix_server(carry, place)
    return await asyncio.start_server(carry, "127.0.0.1", int(place))


async def _connect(to: str) -> Ends:
    kind, _, place = to.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(place)
    return await asyncio.open_connection("127.0.0.1", int(place))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def main() -> None:
    for each in sys.argv[1:]:
        kind, place, to = each.split(":", 2)
        await listen(f"{kind}:{place}", to)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
