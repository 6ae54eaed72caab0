"""How a process takes its leave: balancers are told first, and nobody finds a closed door."""

from __future__ import annotations

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.health import READY

_CLOSE = (b"connection", b"close")


class Leaving:
    """A site that, once `stop` is set, says at `/readyz` that it goes, and after each answer ends the connection.

    All else is answered as before: who asks now has not heard of it yet.
    """

    def __init__(self, site: ASGIApp, stop: asyncio.Event) -> None:
        self._site, self._stop = site, stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._stop.is_set():
            await self._site(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [each for each in message["headers"] if each[0].lower() != _CLOSE[0]]
                message = {**message, "headers": [*others, _CLOSE]}
            await send(message)

        goes = scope["type"] == "http" and scope["path"] == READY
        site = PlainTextResponse("This process is about to end.\n", 503) if goes else self._site
        await site(scope, receive, send_last)
