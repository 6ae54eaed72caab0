"""One exchange with a forge over HTTP: with its own address only, in bounded time and size.

A token travels with every request. So requests go to the configured origin and nowhere else, redirects
are never followed by themselves, and a `Link` to another place is not followed at all.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx2
from pydantic_core import from_json

from handlers.ports import ForgeError, Unavailable, Unsure

READ_SECONDS = 30.0
WRITE_SECONDS = 20.0
CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 10 * 1024 * 1024

_NOTHING_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


@dataclass(frozen=True)
class Answer:
    """What came back: the status, header fields by lower-case name, the body, the URL of the next page."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    next: str | None = None

    def json(self) -> Any:
        """The body as JSON values, None where it is empty; ValueError where it is anything else."""
        return self._values

    @property
    def unreadable(self) -> str | None:
        """Why the body is not JSON, None where it is or is empty."""
        try:
            self.json()
        except ValueError as error:
            return str(error)[:200]
        return None

    @property
    def is_usable(self) -> bool:
        """Whether the forge itself answered, be it with a refusal: not a failing host, not a proxy's page."""
        return self.status < 500 and (self.status >= 300 or self.unreadable is None)

    @property
    def is_of_another(self) -> bool:
        """Whether something before the forge refused in its place (a gateway's page): forges say no in JSON."""
        return self.status in (403, 404, 410, 451) and self.unreadable is not None

    @cached_property
    def _values(self) -> Any:
        if not self.body:
            return None
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise ValueError(f"an answer of type {kind or 'unknown'}, not JSON")
        return from_json(self.body, allow_inf_nan=False)


class Wire:
    """Connections to one forge, whose address is `base`: `https`, or `http` to this machine itself."""

    def __init__(
        self,
        base: str,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        parts = urlsplit(base)
        if not parts.hostname or parts.scheme not in ("https", "http") or parts.username or parts.query:
            raise ValueError(f"not the address of a forge: {base!r}")
        local = _is_loopback(parts.hostname)
        if parts.scheme == "http" and not local:
            raise ValueError(f"plain http is for this machine only; use https for {parts.hostname}")
        self.base = base.rstrip("/")
        self._origin = _origin(base)
        self._root = urlsplit(self.base).path + "/"
        self._seconds = {True: read_seconds, False: write_seconds}
        self._client = httpx2.AsyncClient(
            transport=transport,
            follow_redirects=False,
            trust_env=not local,
            limits=httpx2.Limits(max_connections=64, max_keepalive_connections=32),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def is_ours(self, url: str) -> bool:
        """Whether the URL lies at the forge's address: same scheme, host and port, below the same path."""
        try:
            path, origin = httpx2.URL(url).path, _origin(url)  # as it will be called: dots taken away
        except httpx2.InvalidURL:
            return False
        return origin == self._origin and path.startswith(self._root) and ".." not in path.split("/")

    async def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes | None = None
    ) -> Answer:
        """Send one request and read its answer whole, whatever its status.

        Raises `Unavailable` where nothing was sent or the request was a GET, else `Unsure`: connection
        cut, 30 s (GET) or 20 s over, more than 10 MB.
        """
        if not self.is_ours(url):
            raise Unavailable(f"refused to call an address that is not {self._origin}")
        seconds = self._seconds[method == "GET"]
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(method, url, headers, content, seconds)
        except _NOTHING_SENT as error:
            raise Unavailable(f"no connection to {self._origin}: {type(error).__name__}") from error
        except TimeoutError as error:
            raise doubt(method, f"no answer within {seconds:g} s") from error
        except httpx2.HTTPError as error:
            raise doubt(method, f"the connection broke: {type(error).__name__}") from error

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, seconds: float
    ) -> Answer:
        limits = httpx2.Timeout(seconds, connect=CONNECT_SECONDS)
        async with self._client.stream(
            method, url, headers=dict(headers), content=content, timeout=limits
        ) as got:
            body = bytearray()
            async for piece in got.aiter_bytes():
                body += piece
                if len(body) > LARGEST_ANSWER:
                    raise doubt(method, "the answer is larger than 10 MB")
            fields = {name.lower(): value for name, value in got.headers.items()}
            return Answer(got.status_code, fields, bytes(body), self._next(url, got))

    def _next(self, url: str, got: httpx2.Response) -> str | None:
        link = got.links.get("next")
        if link is None:
            return None
        try:
            target = str(httpx2.URL(url).join(link["url"]))
        except httpx2.InvalidURL:
            target = ""
        if not self.is_ours(target):
            raise doubt(got.request.method, f"refused to follow a link away from {self._origin}")
        return target


def doubt(method: str, message: str) -> ForgeError:
    """The error for a request without a clear answer: a read changed nothing, a write may have."""
    return Unavailable(message) if method == "GET" else Unsure(message)


def _origin(url: str) -> str:
    parts = httpx2.URL(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{parts.host}:{port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
