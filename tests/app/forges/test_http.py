"""One exchange with a forge: to its own address only, in bounded time and size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from app.forges import http
from app.forges.http import Answer, Wire
from handlers.ports import Unavailable, Unsure
from tests.app.forges.raw_server import OK, server, sized


@asynccontextmanager
async def wire(base: str, **settings: float) -> AsyncIterator[Callable[..., object]]:
    made = Wire(base, **settings)

    async def exchange(method: str = "GET", url: str | None = None, **more: object) -> Answer:
        return await made.exchange(method, url or f"{base}/x", headers={"x-test": "1"}, **more)

    yield exchange
    await made.aclose()


@pytest.mark.parametrize(
    "base",
    [
        "http://forge.example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "api.github.com",
        "https://user:secret@forge.example.com",
        "https://forge.example.com/?x=1",
        "",
    ],
)
def test_a_forges_address_is_https_or_this_machine(base):
    with pytest.raises(ValueError):
        Wire(base)


@pytest.mark.parametrize(
    "base",
    [
        "https://api.github.com",
        "https://h/api/v3/",
        "http://127.0.0.1:80",
        "http://localhost:1",
        "http://[::1]:1",
    ],
)
async def test_good_addresses_are_taken(base):
    await Wire(base).aclose()


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://forge.example.com/api/v3/x", True),
        ("https://forge.example.com:443/api/v3/x", True),
        ("https://FORGE.example.com/api/v3/x", True),
        ("https://forge.example.com/api/v33/x", False),
        ("https://forge.example.com/other", False),
        ("http://forge.example.com/api/v3/x", False),
        ("https://forge.example.com:8443/api/v3/x", False),
        ("https://forge.example.com.evil.org/api/v3/x", False),
        ("https://evil.org/https://forge.example.com/api/v3/x", False),
        ("https://forge.example.com@evil.org/api/v3/x", False),
        ("https://forge.example.com/api/v3/../../admin", False),
        ("https://forge.example.com/api/v3/%2e%2e/admin", False),
        ("//evil.org/api/v3/x", False),
        ("https://forge.example.com:99999/api/v3/x", False),
        ("https://[/api/v3/x", False),
        ("", False),
    ],
)
async def test_a_token_goes_to_the_forges_own_address_only(url, ours):
    made = Wire("https://forge.example.com/api/v3")
    assert made.is_ours(url) is ours
    await made.aclose()


async def test_an_address_of_somebody_else_is_never_called():
    async with server() as (theirs, asked), wire("http://127.0.0.1:1") as exchange:
        with pytest.raises(Unavailable, match="refused to call"):
            await exchange("POST", f"{theirs}/x")
        assert asked == []


async def test_an_answer_is_read_whole_with_its_header_fields_in_lower_case():
    async with server(sized(b'{"a": 1}', b"X-Thing: Some\r\n")) as (base, asked), wire(base) as exchange:
        answer = await exchange()
        assert (answer.status, answer.json(), answer.headers["x-thing"]) == (200, {"a": 1}, "Some")
        assert b"x-test: 1" in asked[0].lower()


async def test_a_redirect_is_handed_back_and_never_followed():
    moved = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:9/x\r\nContent-Length: 0\r\n\r\n"
    async with server(moved) as (base, asked), wire(base) as exchange:
        assert (await exchange()).status == 301
        assert len(asked) == 1


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ('<BASE/x?page=2>; rel="next", <BASE/x?page=9>; rel="last"', "/x?page=2"),
        ('</x?page=2>; rel="next"', "/x?page=2"),
        ('<BASE/x?page=1>; rel="prev"', None),
        ("nonsense", None),
        ("", None),
    ],
)
async def test_the_next_page_is_found(link, following):
    async with server(sized(b"[]", f"Link: {link}\r\n".encode())) as (base, _asked), wire(base) as exchange:
        assert (await exchange()).next == (base + following if following else None)


@pytest.mark.parametrize(
    "link",
    [
        '<https://[/x>; rel="next"',
        '<BASE@evil.org/x>; rel="next"',
        '<http://127.0.0.1:9/x>; rel="next"',
        '<https://evil.org/x>; rel="next"',
        '<//evil.org/x>; rel="next"',
    ],
)
async def test_a_page_that_lies_elsewhere_is_an_error(link):
    async with server(sized(b"[]", f"Link: {link}\r\n".encode())) as (base, _asked), wire(base) as exchange:
        with pytest.raises(Unavailable, match="away from"):
            await exchange()


@pytest.mark.parametrize(("method", "error"), [("GET", Unavailable), ("POST", Unsure), ("DELETE", Unsure)])
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"SSH-2.0-OpenSSH\r\n",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
    ids=["nothing", "cut off", "cut chunk", "another protocol", "not gzip"],
)
async def test_half_an_answer_is_none(method, error, answer):
    async with server(answer) as (base, _asked), wire(base) as exchange:
        with pytest.raises(error):
            await exchange(method)


async def test_an_answer_without_end_is_cut_at_ten_megabytes():
    body = b"x" * (http.LARGEST_ANSWER + 1)
    async with server(sized(body), sized(body)) as (base, _asked), wire(base) as exchange:
        with pytest.raises(Unavailable, match="10 MB"):
            await exchange()
        with pytest.raises(Unsure, match="10 MB"):
            await exchange("POST")


@pytest.mark.parametrize(("method", "error"), [("GET", Unavailable), ("PATCH", Unsure)])
async def test_a_forge_that_keeps_silent_is_waited_for_only_so_long(method, error):
    silence = server(b"HTTP/1.1 200 OK\r\n", hold=0.2)
    async with silence as (base, _), wire(base, read_seconds=0.05, write_seconds=0.05) as exchange:
        with pytest.raises(error, match="no answer within"):
            await exchange(method)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_where_nobody_listens_nothing_was_sent(method):
    async with wire("http://127.0.0.1:1") as exchange:
        with pytest.raises(Unavailable, match="no connection"):
            await exchange(method)


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<p>"), ("", b"{}"), ("application/json", b"{"), ("application/json", b"[" * 9999)],
)
def test_only_json_is_json(kind, body):
    with pytest.raises(ValueError):
        Answer(200, {"content-type": kind}, body).json()


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/x+json"]
)
def test_json_has_several_names(kind):
    assert Answer(200, {"content-type": kind}, b"[1]").json() == [1]
    assert Answer(204, {"content-type": kind}).json() is None
