"""Where webhooks arrive: check the bytes, store the delivery, answer.

Plain ASGI, because nothing is parsed here. A delivery is answered 202 only once it is durable; what it
says is read later, by the drain. The first check that fails answers:

    404, 405  another path or method          413  more than 25 MB, declared or sent
    429       too many wrong seals            401  the seal is missing, malformed or wrong
    400       a header missing or twice       408  the body did not arrive in time
    415       not plain JSON                  503  it could not be stored; the forge lists it as failed,
                                                   and it is fetched later

One `Hook` serves one forge. What differs between forges is a `Sender`: which header fields there are, and
how a body is sealed.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from starlette.types import Receive, Scope, Send

from app import logs, metrics
from app.receiving.intake import NotDurable
from app.store.inbox import Incoming
from app.web.strangers import Strangers

log = logs.get(__name__)

MOST_BYTES = 26_214_400
"""GitHub and GitLab send no more than 25 MB."""

MOST_HELD = 10 * MOST_BYTES
"""Bytes of bodies in memory at once, over all requests: who has no secret must not be able to fill it."""

DEADLINE = 9.0
"""Seconds from the first byte of a request; both forges give up after ten."""

EVENT = re.compile(rb"[\x21-\x7e]{1,64}")
IDENTITY = re.compile(rb"[\x21-\x7e]{1,128}")

Headers = Mapping[bytes, bytes]
Put = Literal["new", "duplicate", "spooled"]


class Refusal(Exception):
    """A request that is not accepted: the status, and a word for the metrics that names no secret."""

    def __init__(self, status: int, result: str, said: str) -> None:
        super().__init__(said)
        self.status, self.result, self.said = status, result, said


class Seal(Protocol):
    """The proof of one body, fed piece by piece as it arrives."""

    @property
    def scheme(self) -> str:
        """How it was proven, as the inbox notes it: `hmac-sha256`, …"""
        ...

    def update(self, piece: bytes) -> None: ...

    def fits(self) -> bool:
        """Whether one of the secrets sealed exactly these bytes; as slow for a wrong seal as for a right one."""
        ...


class Sender(Protocol):
    """What is particular to a forge. The order of the calls is the order of the checks."""

    forge: str
    once: frozenset[bytes]
    """Fields that must not come twice, besides the length and type that every request has."""
    kept: tuple[bytes, ...]
    """Fields that are stored with the delivery: none that could hold a credential."""

    def serves(self, hook: str) -> bool:
        """Whether there is such a hook: the rest of the path, empty for the bare one. Else 404."""
        ...

    def is_ready(self, hook: str) -> bool:
        """Whether a secret is known by which this hook's deliveries can be checked. Else 503."""
        ...

    def identity(self, headers: Headers, hook: str) -> tuple[str | None, str]:
        """(delivery id, event); None for the id makes it the SHA-256 of the body. Raises `Refusal` 400."""
        ...

    def seal(self, headers: Headers, hook: str) -> Seal:
        """The proof that this body needs. Raises `Refusal` 401 where no body could be right."""
        ...


@dataclass(slots=True)
class Lobby:
    """What all doors share: where deliveries are put, who is told, who is barred, and the bytes held now."""

    put: Callable[[Incoming], Awaitable[Put]]
    stored: Callable[[], None]
    strangers: Strangers
    held: int = 0


class Hook:
    """`POST /webhooks/<forge>` and `POST /webhooks/<forge>/<hook>`."""

    def __init__(self, sender: Sender, lobby: Lobby, *, deadline: float = DEADLINE) -> None:
        self._sender, self._lobby, self._deadline = sender, lobby, deadline
        self._path = f"/webhooks/{sender.forge}"
        # Looked up once: a label costs more than to count.
        self._took = metrics.webhook_ack_seconds.labels(sender.forge)
        self._sizes = metrics.webhook_body_bytes.labels(sender.forge)
        self._answers = {
            result: metrics.webhook_requests.labels(sender.forge, result)
            for result in ("new", "duplicate", "spooled")
        }
        self._once = sender.once | {b"content-length", b"content-type", b"content-encoding"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        extra: list[tuple[bytes, bytes]] = []
        letter = _Letter(receive, self._lobby)
        try:
            async with asyncio.timeout_at(scope.get("usher.began", _now()) + self._deadline):
                result: str = await self._receive(scope, letter)
            status, said = 202, "stored"
        except Refusal as refusal:
            status, result, said = refusal.status, refusal.result, refusal.said
        except TimeoutError:
            status, result, said = 408, "timeout", "the request took too long"
        except NotDurable:
            status, result, said = 503, "unavailable", "try again later"
        except Exception as error:
            log.exception("a delivery could not be stored", exc_info=error)
            status, result, said = 503, "unavailable", "try again later"
        finally:
            letter.drop()
        counter = self._answers.get(result) or metrics.webhook_requests.labels(self._sender.forge, result)
        counter.inc()
        self._took.observe(time.perf_counter() - began)
        if status == 401:
            self._lobby.strangers.count(scope)
        if status in (429, 503):
            extra.append((b"retry-after", b"60"))
        if status == 405:
            extra.append((b"allow", b"POST"))
        if not letter.is_read:
            extra.append((b"connection", b"close"))  # the rest of the body is never read
        if status == 202 and not extra:
            await send(_TAKEN)
            await send(_TAKEN_BODY)
        else:
            await _answer(send, status, said, extra)
        if result == "new":
            self._lobby.stored()

    async def _receive(self, scope: Scope, letter: _Letter) -> Put:
        sender = self._sender
        hook = scope["path"].removeprefix(self._path).removeprefix("/")
        if not sender.serves(hook):
            raise Refusal(404, "path", "there is no such hook")
        if scope["method"] != "POST":
            raise Refusal(405, "method", "POST only")
        if self._lobby.strangers.is_barred(scope):
            raise Refusal(429, "barred", "too many wrong signatures; try again in a minute")
        if not sender.is_ready(hook):
            raise Refusal(503, "not_configured", f"{sender.forge} is not set up here")
        headers = self._headers(scope)
        delivery_id, event = sender.identity(headers, hook)
        _check_content(headers)
        seal = sender.seal(headers, hook)
        body = await letter.read(seal)
        self._sizes.observe(len(body))
        if not seal.fits():
            raise Refusal(401, "signature", "the signature does not fit")
        sha256 = hashlib.sha256(body)
        put = await self._lobby.put(
            Incoming(
                forge=sender.forge,
                hook=hook,
                delivery_id=delivery_id or sha256.hexdigest(),
                event=event,
                headers={
                    name.decode("ascii"): headers[name].decode("latin-1")[:256]
                    for name in sender.kept
                    if name in headers
                },
                body=body,
                body_sha256=sha256.digest(),
                scheme=seal.scheme,
            )
        )
        if put == "duplicate":
            metrics.inbox_duplicates.labels(sender.forge).inc()
        return put

    def _headers(self, scope: Scope) -> dict[bytes, bytes]:
        """Header fields by name. One that must be single and comes twice is refused: which is meant?"""
        found: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in found and name in self._once:
                raise Refusal(400, "headers", f"{name.decode('ascii')} came more than once")
            found[name] = value
        return found


class _Letter:
    """The body of one request while it arrives."""

    def __init__(self, receive: Receive, lobby: Lobby) -> None:
        self._receive, self._lobby = receive, lobby
        self._size = 0
        self.is_read = False

    async def read(self, seal: Seal) -> bytes:
        """All of it, fed to the seal piece by piece."""
        pieces: list[bytes] = []
        while not self.is_read:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, "disconnected", "the sender went away")
            piece = message.get("body", b"")
            self._size += len(piece)
            self._lobby.held += len(piece)
            if self._size > MOST_BYTES:
                raise Refusal(413, "too_large", "more than 25 MB")
            if self._lobby.held > MOST_HELD:
                raise Refusal(503, "crowded", "too much at once; try again later")
            seal.update(piece)
            pieces.append(piece)
            self.is_read = not message.get("more_body", False)
        return b"".join(pieces)

    def drop(self) -> None:
        """The body is stored or refused: its memory is free."""
        self._lobby.held -= self._size


def _check_content(headers: Headers) -> None:
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind != b"application/json" or headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refusal(415, "content_type", "the hook must send application/json")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise Refusal(400, "headers", "Content-Length is not a number")
    if len(length) > 20 or int(length) > MOST_BYTES:
        raise Refusal(413, "too_large", "more than 25 MB")


def _now() -> float:
    return asyncio.get_running_loop().time()


_TAKEN_BODY = {"type": "http.response.body", "body": b"stored\n"}
_TAKEN = {
    "type": "http.response.start",
    "status": 202,
    "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"7")],
}


async def _answer(send: Send, status: int, said: str, extra: list[tuple[bytes, bytes]]) -> None:
    body = said.encode() + b"\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *extra]})
    await send({"type": "http.response.body", "body": body})
