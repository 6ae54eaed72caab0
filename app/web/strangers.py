"""Who sends too many requests with a wrong seal, and is not listened to for a while."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import Scope

MOST = 60
"""Wrong seals from one address within `SPAN` that are taken for mistakes."""

SPAN = 60.0
"""Seconds."""

_REMEMBERED = 10_000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(slots=True)
class _Tally:
    since: float
    number: int = 0
    barred_until: float = 0.0


class Strangers:
    """Counts wrong seals for each address; sixty within a minute bar it for the next.

    `proxies` speak for others: whom they forwarded is counted (the last `X-Forwarded-For` that is no proxy
    itself), never they. `excepted` are addresses of the forges, which are never barred: an operator's wrong
    secret must not cost the deliveries that come after it is mended. IPv6 counts by /64, which is what one
    host gets.
    """

    def __init__(
        self,
        *,
        proxies: Sequence[Network] = (),
        excepted: Sequence[Network] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._proxies, self._excepted, self._now = tuple(proxies), tuple(excepted), now
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()

    def is_barred(self, scope: Scope) -> bool:
        """Whether a request need not be looked at. Costs nothing while nobody sends wrong seals."""
        if not self._tallies:
            return False
        tally = self._tallies.get(self._who(scope) or "")
        return tally is not None and self._now() < tally.barred_until

    def count(self, scope: Scope) -> None:
        """A request had a wrong seal, or none."""
        who = self._who(scope)
        if who is None:
            return
        now = self._now()
        tally = self._tallies.pop(who, None)
        if tally is None or now - tally.since > SPAN:
            tally = _Tally(now)
        tally.number += 1
        if tally.number >= MOST:
            tally = _Tally(now, barred_until=now + SPAN)
        self._tallies[who] = tally
        if len(self._tallies) > _REMEMBERED:
            self._tallies.popitem(last=False)

    def _who(self, scope: Scope) -> str | None:
        """The address that a request is counted for; None where it must not be barred or cannot be told."""
        peer = _address((scope.get("client") or ("", 0))[0])
        if peer is None:
            return None
        if _within(peer, self._proxies):
            peer = self._forwarded(scope)
            if peer is None:
                return None
        if _within(peer, self._excepted):
            return None
        if peer.version == 6:
            return str(ipaddress.ip_network((peer, 64), strict=False))
        return str(peer)

    def _forwarded(self, scope: Scope) -> _Address | None:
        told = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        for each in reversed(b",".join(told).decode("latin-1").split(",")):
            address = _address(each.strip())
            if address is None:
                return None
            if not _within(address, self._proxies):
                return address
        return None


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _within(address: _Address, networks: Sequence[Network]) -> bool:
    return any(address.version == each.version and address in each for each in networks)
