"""Somebody who takes webhooks over HTTP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Listener(ABC):
    """An ASGI application. `status` is what it answers, whatever comes."""

    status: int = 202
    url: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.take({name.decode(): value.decode() for name, value in scope["headers"]}, body)
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"thanks"})

    @abstractmethod
    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Something came; names of header fields are small letters."""
