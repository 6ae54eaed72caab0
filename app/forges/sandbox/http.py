"""What both faces share of HTTP: a request that was read, an answer, and the way from one to the other."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.courier import Courier, Sent
from app.forges.sandbox.faults import Fault, Faults
from app.forges.sandbox.ledger import Exchange, Ledger
from app.forges.sandbox.world import World

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Answer:
    """A status, a JSON body (None: none at all) and headers beyond those that every answer has."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # instead of JSON
    letter: Sent | None = None  # the answer waits until this webhook was answered
    conclude: Callable[[Sent], tuple[int, Any]] | None = None  # and says what came of it: status and body

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        if self.raw is not None:
            return self.raw
        if self.body is None or self.status in (204, 304):
            return b""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Request:
    """A request as it came in. Its path is kept percent-quoted; names of header fields are small letters."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.method: str = scope["method"]
        self.raw_path: str = scope["raw_path"].decode("ascii")
        self.pairs = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        self.query = dict(self.pairs)
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.content = body

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    def json(self) -> Any:
        """The body as JSON, None where it is empty; a form as its fields. ValueError for anything else."""
        if not self.content:
            return None
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.content.decode(errors="replace")))
        return json.loads(self.content)

    def quietly(self) -> Any:
        """The body for the ledger, where what is no JSON is kept as text."""
        try:
            return self.json()
        except ValueError:
            return self.content.decode(errors="replace")


class Face(ABC):
    """An ASGI application. `on_exchange` hooks are called with every exchange, before the answer leaves."""

    def __init__(
        self, world: World, courier: Courier, ledger: Ledger, faults: Faults, wall: WallClock
    ) -> None:
        self.world = world
        self.courier = courier
        self.ledger = ledger
        self.faults = faults
        self.wall = wall
        self.on_exchange: list[Callable[[Exchange], None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"not spoken here: {scope['type']}")
        request = Request(scope, await _read(receive))
        fault = self.faults.of(request.method, request.path) or Fault()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        bag = self.courier.bag()
        try:
            with bag:
                exchange, answer = self.exchange(request, fault)
            if answer.letter is not None and answer.conclude is not None:
                await self.courier.answered(answer.letter)
                status, body = answer.conclude(answer.letter)
                answer = Answer(status, raw=Answer(status, body).content)
                exchange = replace(exchange, status=status, answer=body)
            self.ledger.keep(exchange)
            for hook in self.on_exchange:
                hook(exchange)
            if fault.cut:
                await scope["extensions"]["cut"]()
            else:
                await _reply(send, answer, exchange.headers)
        finally:
            self.courier.empty(bag)

    @abstractmethod
    def exchange(self, request: Request, fault: Fault) -> tuple[Exchange, Answer]:
        """What happened, for the ledger; and what the caller is shown of it."""


def matched(pattern: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    """What the braces of a pattern stand for, None where it does not fit. A last `{+name}` spans slashes."""
    params: dict[str, str] = {}
    for at, piece in enumerate(pattern):
        if piece.startswith("{+"):
            params[piece[2:-1]] = unquote("/".join(given[at:]))
            return params
        if at >= len(given):
            return None
        if piece.startswith("{"):
            if not given[at]:
                return None
            params[piece[1:-1]] = unquote(given[at])
        elif piece != given[at]:
            return None
    return params if len(pattern) == len(given) else None


def http_date(at: datetime) -> str:
    """A time as HTTP headers write it."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


async def _read(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _reply(send: Send, answer: Answer, headers: Mapping[str, str]) -> None:
    body = answer.raw or b""
    listed = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if answer.status not in (204, 304):
        listed.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": listed})
    await send({"type": "http.response.body", "body": body})
