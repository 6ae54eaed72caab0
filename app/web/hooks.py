"""Where webhooks arrive: check the bytes, store the delivery, answer.

Plain ASGI, because nothing is parsed here. A delivery is answered 202 only once it is committed; what it
says is read later, by the drain. The first check that fails answers:

    404, 405  another path or method          413  more than 25 MB, declared or sent
    400       a header missing or twice       401  the signature is missing, malformed or wrong
    415       not plain JSON                  408  the body did not arrive in time
    503       it could not be stored; the forge lists it as failed, and it is fetched later
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Sequence

from starlette.types import Receive, Scope, Send

from app import logs, metrics
from app.forges.signature import GitHubSeal, claimed_digest
from app.store.inbox import Inbox, Incoming

log = logs.get(__name__)

MOST_BYTES = 26_214_400
"""GitHub and GitLab send no more than 25 MB."""

DEADLINE = 9.0
"""Seconds; both forges give up after ten."""

_GITHUB_KEPT = (
    b"x-github-event",
    b"x-github-delivery",
    b"x-github-hook-id",
    b"x-github-hook-installation-target-id",
    b"x-github-hook-installation-target-type",
    b"user-agent",
)
_ONCE = (b"x-github-event", b"x-github-delivery", b"x-hub-signature-256", b"content-length")
_EVENT = re.compile(rb"[\x21-\x7e]{1,64}")
_IDENTITY = re.compile(rb"[\x21-\x7e]{1,128}")


class Refusal(Exception):
    """A request that is not accepted: the status, and a word for the metrics that names no secret."""

    def __init__(self, status: int, result: str, said: str) -> None:
        super().__init__(said)
        self.status, self.result, self.said = status, result, said


class GitHubHook:
    """`POST /webhooks/github`. `stored` is called after each delivery that was new."""

    def __init__(
        self, inbox: Inbox, secrets: Sequence[str], stored: Callable[[], None], *, deadline: float = DEADLINE
    ) -> None:
        self._inbox, self._secrets, self._stored = inbox, tuple(secrets), stored
        self._deadline = deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        extra: list[tuple[bytes, bytes]] = []
        try:
            async with asyncio.timeout(self._deadline):
                new = await self._receive(scope, receive)
            status, result, said = 202, "new" if new else "duplicate", "stored"
        except Refusal as refusal:
            status, result, said = refusal.status, refusal.result, refusal.said
        except TimeoutError:
            status, result, said = 408, "timeout", "the request took too long"
        except Exception as error:
            log.exception("a delivery could not be stored", exc_info=error)
            status, result, said = 503, "unavailable", "try again later"
            extra.append((b"retry-after", b"60"))
        metrics.webhook_requests.labels("github", result).inc()
        metrics.webhook_ack_seconds.labels("github").observe(time.perf_counter() - began)
        if status == 413:
            extra.append((b"connection", b"close"))  # the rest of the body is never read
        await _answer(send, status, said, extra)
        if result == "new":
            self._stored()

    async def _receive(self, scope: Scope, receive: Receive) -> bool:
        if scope["method"] != "POST":
            raise Refusal(405, "method", "POST only")
        if not self._secrets:
            raise Refusal(503, "not_configured", "GitHub is not set up here")
        headers = _headers(scope)
        claimed = _check_headers(headers)
        seal = GitHubSeal(self._secrets)
        body = await _read(receive, seal)
        metrics.webhook_body_bytes.labels("github").inc(len(body))
        if not seal.matches(claimed):
            raise Refusal(401, "signature", "the signature does not fit")
        new = await self._inbox.put(
            Incoming(
                forge="github",
                delivery_id=headers[b"x-github-delivery"].decode("ascii"),
                event=headers[b"x-github-event"].decode("ascii"),
                headers={
                    name.decode("ascii"): headers[name].decode("latin-1")[:256]
                    for name in _GITHUB_KEPT
                    if name in headers
                },
                body=body,
                body_sha256=hashlib.sha256(body).digest(),
                scheme="hmac-sha256",
            )
        )
        if not new:
            metrics.inbox_duplicates.labels("github").inc()
        return new


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """Header fields by name. One that must be single and comes twice is refused: which is meant?"""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found and name in _ONCE:
            raise Refusal(400, "headers", f"{name.decode('ascii')} came more than once")
        found[name] = value
    return found


def _check_headers(headers: dict[bytes, bytes]) -> bytes:
    """Everything that can be refused before the body is read; returns the digest that the signature claims."""
    if not _EVENT.fullmatch(headers.get(b"x-github-event", b"")):
        raise Refusal(400, "headers", "X-GitHub-Event is missing")
    if not _IDENTITY.fullmatch(headers.get(b"x-github-delivery", b"")):
        raise Refusal(400, "headers", "X-GitHub-Delivery is missing")
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind != b"application/json" or headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refusal(415, "content_type", "the hook must send application/json")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise Refusal(400, "headers", "Content-Length is not a number")
    if int(length) > MOST_BYTES:
        raise Refusal(413, "too_large", "more than 25 MB")
    claimed = claimed_digest(headers.get(b"x-hub-signature-256", b"").decode("latin-1"))
    if claimed is None:
        raise Refusal(401, "signature", "X-Hub-Signature-256 is missing or malformed")
    return claimed


async def _read(receive: Receive, seal: GitHubSeal) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "disconnected", "the sender went away")
        piece = message.get("body", b"")
        size += len(piece)
        if size > MOST_BYTES:
            raise Refusal(413, "too_large", "more than 25 MB")
        seal.update(piece)
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _answer(send: Send, status: int, said: str, extra: list[tuple[bytes, bytes]]) -> None:
    body = said.encode() + b"\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *extra]})
    await send({"type": "http.response.body", "body": body})
