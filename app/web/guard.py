"""What a connection may cost: how long a head may take, how large it may be, and how many there may be.

uvicorn with httptools has no deadline and no limit of a head's size. `Guard` is its protocol with both.
It answers 408, 431 and 503 by itself, before the application sees anything; `watch` ends what is overdue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app import metrics

_WATCH = 0.25
_SAID = {
    408: b"the request took too long\n",
    431: b"the head of the request is too large\n",
    503: b"too many connections; try again later\n",
}


class Guard(HttpToolsProtocol):
    """One connection. Give it to uvicorn as `http=Guard`, and its connections to `watch`."""

    head_seconds = 5.0
    """For a head, from its first byte; and for the first byte, from the connection."""

    request_seconds = 10.0
    """For a request with its body. Webhooks have a second less, by their door, which can say more."""

    answer_seconds = 30.0
    """For the work on an answer, and until the other side took it."""

    idle_seconds = 65.0
    """Between two requests: longer than a reverse proxy keeps its connections, so that it closes them, not we."""

    most_head = 32_768
    """Bytes of request line and header fields."""

    most_fields = 100
    most_connections = 512

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._ended = False
        self._in_head = self._in_body = False
        self._head = self._fields = self._begun_bytes = 0
        self._since = self.loop.time()  # of what it does now
        self._first = True
        if len(self.connections) > self.most_connections and not self._make_room():
            self.end(503, "connections")

    # --- What it does now -----------------------------------------------------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Whether nothing of a request is under way that we could lose: no head is complete."""
        return self._in_head or not (self._in_body or self._is_answering)

    @property
    def waits_since(self) -> float:
        return self._since

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def end_if_overdue(self, now: float) -> None:
        """End the connection where what it does now takes too long."""
        spent = now - self._since
        if self._in_head:
            if spent > self.head_seconds:
                self.end(408, "slow_head")
        elif self._in_body:
            if spent > self.request_seconds:
                self.end(408, "slow_body")
        elif self._is_answering:
            if spent > self.answer_seconds:
                metrics.connections_refused.labels("slow_reader").inc()
                self.transport.abort()
        elif spent > (self.head_seconds if self._first else self.idle_seconds):
            self.transport.close()

    def end(self, status: int, reason: str) -> None:
        """Answer, unless an answer is under way, and close."""
        metrics.connections_refused.labels(reason).inc()
        self._ended = True
        if not (self._is_answering and self.cycle.response_started):
            said = _SAID[status]
            self.transport.write(
                STATUS_LINE[status]
                + b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
                + (b"retry-after: 60\r\n" if status == 503 else b"")
                + b"content-length: %d\r\n\r\n" % len(said)
                + said
            )
        self.transport.close()

    def _make_room(self) -> bool:
        """End the connection that waits longest without a whole head; False where none does.

        So whoever only holds connections open pushes out their own, and not those who have something to say.
        """
        waiting = [each for each in _guards(self.connections) if each is not self and each.is_waiting]
        if not waiting:
            return False
        metrics.connections_refused.labels("crowded_out").inc()
        longest = min(waiting, key=lambda each: each.waits_since)
        self.connections.discard(longest)
        longest._ended = True
        longest.transport.abort()
        return True

    # --- What arrives ---------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head:
            self._begun_bytes += len(data)
            if self._begun_bytes > self.most_head:
                self.end(431, "large_head")

    def send_400_response(self, msg: str) -> None:
        metrics.connections_refused.labels("malformed").inc()
        self._ended = True
        super().send_400_response(msg)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._first = True, False
        self._head = self._fields = self._begun_bytes = 0
        self._since = self.loop.time()
        cast("dict[str, Any]", self.scope)["usher.began"] = self._since

    def on_url(self, url: bytes) -> None:
        self._head += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer: it must not pass for a header field that was there when we looked
        self._head += len(name) + len(value) + 4
        self._fields += 1
        if self._head <= self.most_head and self._fields <= self.most_fields:
            # As uvicorn does; a call less for each field of each request.
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        if self._ended:
            return
        if self._head > self.most_head or self._fields > self.most_fields:
            self.end(431, "large_head")
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._ended:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._since = self.loop.time()
        if not self._ended:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        if not self._in_head and not self._in_body:
            self._since = self.loop.time()
        super().on_response_complete()


def _guards(connections: Iterable[Any]) -> Iterator[Guard]:
    return (each for each in tuple(connections) if isinstance(each, Guard))


async def watch(connections: Iterable[Any]) -> None:
    """End every connection that is overdue, for as long as the server runs."""
    while True:
        await asyncio.sleep(_WATCH)
        now = asyncio.get_running_loop().time()
        for each in _guards(connections):
            each.end_if_overdue(now)
