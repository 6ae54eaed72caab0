"""Requests that no forge sends: each is ended by a rule, and good deliveries go through beside them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.web.guard import Guard
from tests.app.receiving import NEW, Receiving, head, line_to, raw, receiving


class Hasty(Guard):
    """The same rules with less patience, so that a test need not wait."""

    head_seconds = 0.5
    request_seconds = 0.6
    answer_seconds = 1.0
    idle_seconds = 0.7
    most_connections = 20


@pytest.fixture
async def hook(address: str) -> AsyncIterator[Receiving]:
    async with receiving(address, guard=Hasty) as started:
        yield started


REQUEST = head(b"Content-Length: 2") + b"{}"
FRAMED_WRONGLY = {
    "a length and chunks": head(b"Content-Length: 2", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunks and a length": head(b"Transfer-Encoding: chunked", b"Content-Length: 2") + b"0\r\n\r\n",
    "two lengths": head(b"Content-Length: 2", b"Content-Length: 3") + b"{}",
    "two equal lengths": head(b"Content-Length: 2", b"Content-Length: 2") + b"{}",
    "two lengths in one": head(b"Content-Length: 2, 2") + b"{}",
    "a signed length": head(b"Content-Length: +2") + b"{}",
    "a length below nothing": head(b"Content-Length: -1") + b"{}",
    "a length that overflows": head(b"Content-Length: 99999999999999999999999") + b"{}",
    "an unknown transfer encoding": head(b"Transfer-Encoding: xchunked") + b"{}",
    "chunked that is not last": head(b"Transfer-Encoding: chunked, gzip") + b"{}",
    "a chunk length that is none": head(b"Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n",
    "a space before the colon": head(b"Content-Length : 2") + b"{}",
    "a folded field": head(b"X-One: 1\r\n  two", b"Content-Length: 2") + b"{}",
    "a bare line feed": head(b"Content-Length: 2").replace(b"\r\n", b"\n") + b"{}",
    "a zero byte in a field": head(b"X-One: a\0b", b"Content-Length: 2") + b"{}",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n" * 4,
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a path that is no text": b"POST /webhooks/\xff HTTP/1.1\r\nHost: usher\r\n\r\n",
}


@pytest.mark.parametrize("case", FRAMED_WRONGLY)
async def test_a_request_whose_end_can_be_read_in_two_ways_is_refused(hook: Receiving, case: str) -> None:
    """Otherwise a proxy and we may disagree where the next one begins."""
    assert b" 400 " in await raw(hook, FRAMED_WRONGLY[case])
    assert await hook.stored() == 0


LARGE = {
    "one field of 40 KB": head(b"X-Large: " + b"x" * 40_000, b"Content-Length: 2") + b"{}",
    "many fields of 40 KB in all": head(*(b"X-%d: " % n + b"x" * 1000 for n in range(40))) + b"{}",
    "a hundred and one fields": head(*(b"X-%d: 1" % n for n in range(96))) + b"{}",
    "an address of 40 KB": b"POST /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: usher\r\n\r\n",
    "a field without end": b"POST / HTTP/1.1\r\nX-Large: " + b"x" * 400_000,
}


@pytest.mark.parametrize("case", LARGE)
async def test_a_large_head_is_refused(hook: Receiving, case: str) -> None:
    # Where much is still on its way, the connection may end before the answer was read.
    assert (await raw(hook, LARGE[case]) or b" 431 ").count(b" 431 ") == 1
    assert (await hook.post()).status_code == 202


async def test_a_head_of_a_hundred_fields_is_taken(hook: Receiving) -> None:
    fields = [b"X-%d: 1" % n for n in range(100 - head(b"Content-Length: 2").count(b": "))]
    assert b" 401 " in await raw(hook, head(b"Content-Length: 2", *fields) + b"{}")


async def drip(hook: Receiving, data: bytes, at_once: bytes = b"") -> bytes:
    """Send byte by byte, and never stop; the first line of the answer."""
    async with line_to(hook) as (reader, writer):

        async def send() -> None:
            with contextlib.suppress(ConnectionError):
                writer.write(at_once)
                for byte in data:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.1)

        sending = asyncio.create_task(send())
        try:
            return await asyncio.wait_for(reader.readline(), 10)
        except ConnectionError:
            return b""
        finally:
            sending.cancel()


async def test_a_head_that_comes_byte_by_byte_is_given_up(hook: Receiving) -> None:
    assert b" 408 " in await drip(hook, REQUEST)


async def test_a_body_that_comes_byte_by_byte_is_given_up(address: str) -> None:
    async with receiving(address, guard=Hasty, deadline=0.4) as hook:
        assert b" 408 " in await drip(hook, b" " * 100, at_once=head(b"Content-Length: 100"))


async def test_a_body_for_any_other_path_is_given_up_too(hook: Receiving) -> None:
    async with line_to(hook) as (reader, writer):
        writer.write(b"POST /other HTTP/1.1\r\nHost: usher\r\nContent-Length: 100\r\n\r\n")
        assert b" 404 " in await reader.readline()
        async with asyncio.timeout(5):
            await reader.read()  # ends, because the connection is ended


@pytest.mark.parametrize("said", [b"", b"\r\n", b"\r\n\r\n\r\n"])
async def test_a_connection_that_says_nothing_is_ended(hook: Receiving, said: bytes) -> None:
    async with line_to(hook) as (reader, writer), asyncio.timeout(5):
        writer.write(said)
        assert await reader.read() == b""


async def test_a_quiet_connection_stays_open_between_requests_for_a_while(hook: Receiving) -> None:
    async with line_to(hook) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET /other HTTP/1.1\r\nHost: usher\r\n\r\n")
            assert b" 404 " in await reader.readuntil(b"\r\n\r\n")
            assert await reader.readuntil(b"0\r\n\r\n")
            await asyncio.sleep(0.2)
        async with asyncio.timeout(5):
            assert await reader.read() == b""


async def test_whoever_does_not_take_the_answers_is_cut_off(hook: Receiving) -> None:
    """Otherwise a few who ask and never read would hold all connections."""
    url = httpx2.URL(hook.url)
    ask = b"GET /" + b"x" * 1000 + b" HTTP/1.1\r\nHost: usher\r\n\r\n"

    def ask_without_end() -> None:
        with socket.create_connection((url.host, url.port), timeout=20) as line:
            while True:  # until the answers fit nowhere any more, and a second later it ends
                line.sendall(ask * 50)

    with pytest.raises(ConnectionError):
        await asyncio.to_thread(ask_without_end)
    assert (await hook.post()).status_code == 202


async def test_whoever_holds_connections_open_pushes_out_their_own(hook: Receiving) -> None:
    async with contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(line_to(hook)) for _ in range(3 * Hasty.most_connections)]
        for _, writer in lines:
            writer.write(b"POST / HTTP/1.1\r\n")
        assert (await hook.post()).status_code == 202


async def test_where_all_connections_have_something_to_say_a_new_one_must_wait(hook: Receiving) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(Hasty.most_connections):
            _, writer = await stack.enter_async_context(line_to(hook))
            writer.write(head(b"Content-Length: 100"))
        await asyncio.sleep(0.1)
        assert b" 503 " in await raw(hook, REQUEST)


async def test_a_field_behind_the_body_is_no_header(hook: Receiving) -> None:
    """The seal that comes as a trailer was not there when the head was looked at."""
    unsealed = head(b"Transfer-Encoding: chunked").replace(b"X-Hub-Signature-256: sha256=", b"X-Nothing: ")
    sealed = b"2\r\n{}\r\n0\r\nX-Hub-Signature-256: sha256=" + b"0" * 64 + b"\r\n\r\n"
    assert b" 401 " in await raw(hook, unsealed + sealed)


async def test_two_requests_in_one_breath_are_both_answered(hook: Receiving) -> None:
    ask = b"GET /other HTTP/1.1\r\nHost: usher\r\n\r\n"
    async with line_to(hook) as (reader, writer):
        writer.write(ask + ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert (await asyncio.wait_for(reader.read(), 5)).count(b" 404 ") == 2


async def test_good_deliveries_go_through_beside_all_of_these(hook: Receiving) -> None:
    async def disturb() -> None:
        await asyncio.gather(*(raw(hook, data) for data in [*FRAMED_WRONGLY.values(), *LARGE.values()]))

    disturbing = asyncio.create_task(disturb())
    answers = await asyncio.gather(*(hook.post(b'{"n":%d}' % n, NEW) for n in range(10)))
    await disturbing
    assert {answer.status_code for answer in answers} == {202}
