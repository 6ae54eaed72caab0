"""Whoever keeps sending wrong seals is not listened to for a while; the forge always is."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from app.web.strangers import MOST, SPAN, Strangers


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def request_from(peer: str, forwarded_for: str = "") -> dict[str, Any]:
    headers = [(b"x-forwarded-for", forwarded_for.encode())] if forwarded_for else []
    return {"client": (peer, 4711), "headers": headers}


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def strangers(watch: Watch) -> Strangers:
    return Strangers(proxies=[ip_network("10.0.0.0/8")], excepted=[ip_network("140.82.112.0/20")], now=watch)


def refuse(strangers: Strangers, request: dict[str, Any], times: int = MOST) -> None:
    for _ in range(times):
        strangers.count(request)


def test_sixty_within_a_minute_bar_an_address_for_the_next_minute(strangers: Strangers, watch: Watch) -> None:
    guest = request_from("203.0.113.9")
    refuse(strangers, guest, MOST - 1)
    assert not strangers.is_barred(guest)
    strangers.count(guest)
    assert strangers.is_barred(guest)
    assert not strangers.is_barred(request_from("203.0.113.10"))
    watch.time += SPAN
    assert not strangers.is_barred(guest)


def test_sixty_over_a_longer_time_bar_nobody(strangers: Strangers, watch: Watch) -> None:
    guest = request_from("203.0.113.9")
    for _ in range(2 * MOST):
        strangers.count(guest)
        watch.time += 2
    assert not strangers.is_barred(guest)


CASES = {
    "an address of the forge is never barred": (request_from("140.82.115.3"), False),
    "a proxy is never barred for what it does not tell": (request_from("10.0.0.7"), False),
    "a proxy is not barred for whom it forwards, who is": (request_from("10.0.0.7", "203.0.113.9"), True),
    "behind two proxies the last stranger counts": (
        request_from("10.0.0.7", "198.51.100.1, 203.0.113.9, 10.0.0.8"),
        True,
    ),
    "the forge behind a proxy is never barred": (request_from("10.0.0.7", "140.82.115.3"), False),
    "a stranger cannot pass as somebody else": (request_from("203.0.113.9", "140.82.115.3"), True),
    "a proxy that forwards nonsense is not barred": (request_from("10.0.0.7", "unknown"), False),
    "IPv4 in IPv6 is IPv4": (request_from("::ffff:140.82.115.3"), False),
    "a socket without address": ({"client": None, "headers": []}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_who_is_barred(strangers: Strangers, case: str) -> None:
    request, barred = CASES[case]
    refuse(strangers, request)
    assert strangers.is_barred(request) == barred


def test_one_host_of_ipv6_cannot_hide_among_its_addresses(strangers: Strangers) -> None:
    for number in range(MOST):
        strangers.count(request_from(f"2001:db8::{number:x}"))
    assert strangers.is_barred(request_from("2001:db8::ffff"))
    assert not strangers.is_barred(request_from("2001:db8:0:1::1"))


def test_no_more_than_ten_thousand_addresses_are_remembered(strangers: Strangers) -> None:
    for number in range(10_050):
        strangers.count(request_from(f"2001:db8:{number:x}::1"))
    assert len(strangers._tallies) == 10_000
