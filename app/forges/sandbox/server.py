"""A face on a loopback port: uvicorn's protocol without its signal handling and its timers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState


class _Protocol(HttpToolsProtocol):
    """Lets the application cut the connection, as networks do: `scope["extensions"]["cut"]`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: Any = self.scope
        scope["extensions"] = {"cut": self._cut}

    async def _cut(self) -> None:
        self.transport.abort()
        await asyncio.sleep(0)  # connection_lost comes in the loop's next round
        await asyncio.sleep(0)


class Server:
    """Serves one ASGI application from `start` to `stop`."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        # The protocol is named because asyncio turns delayed sending off only where it knows that this is TCP.
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.socket.bind(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        host, port = self.socket.getsockname()
        return f"http://{host}:{port}"

    async def start(self) -> None:
        config = uvicorn.Config(
            self._app, ws="none", lifespan="off", log_config=None, access_log=False, timeout_keep_alive=60
        )
        config.load()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Protocol(config, self._state, {}), sock=self.socket, backlog=512
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        for connection in list(self._state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
