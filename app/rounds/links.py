"""Asks other sites whether the pages that guidelines link to are still there.

Whoever writes a guideline decides what is called, so it is called with care: `http` and `https` alone, no
credentials, public addresses alone, and the address that was looked at is the one that is connected to.
A redirect is judged anew, and one to another site counts as an answer: nobody allowed us to go there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from app import logs
from app.rounds.schedule import Round
from app.settings import PromiseClock
from app.store import links
from app.store.chores import Chore
from app.store.database import Database
from app.store.links import Found, Outcome

log = logs.get(__name__)

SECONDS = 10.0
"""For all that is asked about one link together."""

MOST_REDIRECTS = 3
MOST_AT_ONCE = 4
MOST_ADDRESSES = 3
"""So many addresses of one site are tried."""

_PORTS = {"http": 80, "https": 443}
_HEADERS = {"User-Agent": "usher", "Accept": "*/*"}
_GONE = (404, 410)
_CARRIERS = tuple(
    ipaddress.ip_network(each)
    for each in ("::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
"""IPv6 addresses that carry an IPv4 address in them, which may lead into any network (RFC 6890)."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Unwelcome(Exception):
    """An address that we do not call; says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking: why the page is not there, empty where it is; and whether anybody answered at all."""

    reason: str
    heard: bool


async def resolve(host: str, port: int) -> Sequence[str]:
    """The IP addresses behind a name, those of IPv4 first, since not every network has the other."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted({str(place[0]) for *_, place in found}, key=lambda each: (":" in each, each))


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites that may be called. `inside` are hosts of the operator's own network, at whatever address.

    `trust`: whose certificates are believed; those of `SSL_CERT_FILE` where that is set, as for the forges.
    """

    inside: frozenset[str] = frozenset()
    seconds: float = SECONDS
    resolve: Resolve = resolve
    trust: ssl.SSLContext = field(default_factory=httpx2.create_ssl_context)

    async def ask(self, address: str) -> Answer:
        """Whether the page is there. Raises `Unwelcome`.

        `HEAD` first; where that is refused `GET`, whose body is not read. Whatever a site says of us, such as
        that we must sign in, is an answer.
        """
        try:
            async with (
                asyncio.timeout(self.seconds),
                httpx2.AsyncClient(verify=self.trust, trust_env=False, timeout=self.seconds) as client,
            ):
                status = await self._follow(client, "HEAD", address)
                if status >= 400:
                    status = await self._follow(client, "GET", address)
        except TimeoutError:
            return Answer(f"no answer within {self.seconds:g} s", heard=False)
        except (httpx2.HTTPError, OSError) as error:
            return Answer(type(error).__name__, heard=False)
        return Answer(f"status {status}" if status in _GONE or status >= 500 else "", heard=True)

    async def _follow(self, client: httpx2.AsyncClient, method: str, address: str) -> int:
        """The status of the last page of the same site to which the redirects lead."""
        host, status = _host(address), 0
        for _ in range(MOST_REDIRECTS + 1):
            status, there = await self._request(client, method, address)
            if not there or _host(there) != host:
                break
            address = there
        return status

    async def _request(self, client: httpx2.AsyncClient, method: str, address: str) -> tuple[int, str]:
        """The status of one answer, and where it redirects to."""
        try:
            url = httpx2.URL(address)
        except httpx2.InvalidURL:
            raise Unwelcome("is no address of a web page") from None
        # The name is what a certificate is held against; the address is what was looked at.
        headers = {**_HEADERS, "Host": url.netloc.decode("ascii")}
        about = {"sni_hostname": url.raw_host.decode("ascii")}
        *others, last = await self._addresses(url)
        for at in (*others, last):
            named = url.copy_with(host=at)
            try:
                async with client.stream(method, named, headers=headers, extensions=about) as answer:
                    there = answer.headers.get("location", "") if answer.is_redirect else ""
                    return answer.status_code, _joined(address, there) if there else ""
            except httpx2.ConnectError:
                if at == last:
                    raise
        raise AssertionError("the last address answers or raises")

    async def _addresses(self, url: httpx2.URL) -> Sequence[str]:
        """The IP addresses to connect to, one at least."""
        if url.scheme not in _PORTS or not url.host or url.userinfo:
            raise Unwelcome("is no plain address of a web page")
        inside = url.host.lower() in self.inside
        port = url.port or _PORTS[url.scheme]
        if not inside and port not in _PORTS.values():
            raise Unwelcome(f"is at port {port}, not 80 or 443")
        try:
            found = await self.resolve(url.host, port)
        except UnicodeError:
            raise Unwelcome("is no name that a site can have") from None
        if not inside and not all(map(is_public, found)):
            raise Unwelcome("is not at a public address")
        return found[:MOST_ADDRESSES]


def _joined(address: str, there: str) -> str:
    """Where a redirect leads; empty where that is no address, since a site may write there what it likes."""
    try:
        return urljoin(address, there)
    except ValueError:
        return ""


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_public(address: str) -> bool:
    """Whether this IP address is one of the internet's: not loopback, private, link-local or the like."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    carries = known.version == 6 and any(known in each for each in _CARRIERS)
    return known.is_global and not known.is_multicast and not carries


def ask_sites(database: Database, sites: Sites, clock: PromiseClock, gather: timedelta) -> Round:
    """The round that asks: about each link once a day, of a few at once.

    Where nobody answers it is us who are cut off: then nothing is said of any link, and operators are told, once.
    """

    async def do(chore: Chore) -> Mapping[str, Any]:
        wanted = await links.waiting(database, clock.now())
        room = asyncio.Semaphore(MOST_AT_ONCE)

        async def ask(address: str) -> Answer | str:
            async with room:
                try:
                    return await sites.ask(address)
                except Unwelcome as why:
                    log.info("a link is not asked about", address=address, reason=str(why))
                    return str(why)

        addresses = list(dict.fromkeys(each.address for each in wanted))
        told = dict(zip(addresses, await asyncio.gather(*map(ask, addresses)), strict=True))
        answers = {address: each for address, each in told.items() if isinstance(each, Answer)}
        cut_off = bool(chore.note.get("cut_off"))
        if answers:
            heard = any(each.heard for each in answers.values())
            now_cut_off = not heard and not await links.heard_lately(database, clock.now())
            if now_cut_off and not cut_off:
                log.warning("no other site answers; links are not judged until one does", asked=len(answers))
            cut_off = now_cut_off
        found = {
            address: Found(each.reason if isinstance(each, Answer) else each, _outcome(each, cut_off))
            for address, each in told.items()
        }
        await links.note(database, wanted, found, clock.now(), gather)
        silent = sum(bool(each.reason) for each in answers.values())
        soon = len(wanted) == links.MOST_AT_A_TIME
        return {"asked": len(answers), "silent": silent, "soon": soon, "cut_off": cut_off}

    return Round("links", timedelta(minutes=10), do)


def _outcome(told: Answer | str, cut_off: bool) -> Outcome:
    if isinstance(told, str):
        return "unasked"
    if cut_off:
        return "unknown"
    return "failed" if told.reason else "there"
