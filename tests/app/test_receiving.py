"""Receiving: a sealed delivery is stored once and then acknowledged; everything else is refused, unread."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
import sqlalchemy as sa

from app.forges.signature import github_signature
from app.store.inbox import take
from app.store.tables import delivery
from app.web.hooks import MOST_BYTES
from app.web.strangers import MOST
from tests.app.receiving import NEW, OLD, Receiving, head, raw, receiving


@pytest.fixture
async def hook(address: str) -> AsyncIterator[Receiving]:
    async with receiving(address) as started:
        yield started


async def test_a_sealed_delivery_is_stored_as_it_came_and_acknowledged(hook: Receiving) -> None:
    body = json.dumps({"zen": "Keep it logically awesome.", "pad": "x" * 5000}).encode()
    answer = await hook.post(body, x_github_delivery="guid-1", x_github_hook_id="77")
    assert answer.status_code == 202
    [row] = await take(hook.database)
    assert (row.delivery_id, row.event, row.body) == ("guid-1", "ping", body)


async def test_no_header_that_could_hold_a_secret_is_stored(hook: Receiving) -> None:
    await hook.post(authorization="Bearer ghs_should_not_be_kept", cookie="a=b", x_github_hook_id="77")
    async with hook.database.begin() as connection:
        [headers] = (await connection.execute(sa.select(delivery.c.headers))).scalars()
    assert set(headers) <= {"x-github-event", "x-github-delivery", "x-github-hook-id", "user-agent"}


async def test_while_a_secret_is_replaced_both_are_valid(hook: Receiving) -> None:
    assert (await hook.post(secret=NEW)).status_code == 202
    assert (await hook.post(secret=OLD)).status_code == 202


async def test_one_delivery_posted_five_times_at_once_is_stored_once(hook: Receiving) -> None:
    answers = await asyncio.gather(*(hook.post(b'{"a":1}', x_github_delivery="again") for _ in range(5)))
    assert [answer.status_code for answer in answers] == [202] * 5
    assert await hook.stored() == 1


async def test_many_deliveries_at_once_are_all_stored(hook: Receiving) -> None:
    answers = await asyncio.gather(*(hook.post(b'{"n":%d}' % n) for n in range(200)))
    assert {answer.status_code for answer in answers} == {202}
    assert await hook.stored() == 200


REFUSED = {
    "a wrong signature": (401, {"x_hub_signature_256": "sha256=" + "0" * 64}),
    "no signature": (401, {"x_hub_signature_256": ""}),
    "a signature in capitals": (401, {"x_hub_signature_256": "sha256=" + "A" * 64}),
    "only the old kind of signature": (
        401,
        {"x_hub_signature_256": "", "x_hub_signature": "sha1=" + "0" * 40},
    ),
    "a body that is a form": (415, {"content_type": "application/x-www-form-urlencoded"}),
    "a compressed body": (415, {"content_encoding": "gzip"}),
    "no event": (400, {"x_github_event": ""}),
    "an event that is no word": (400, {"x_github_event": "push; drop table"}),
    "no delivery id": (400, {"x_github_delivery": ""}),
    "a delivery id that is too long": (400, {"x_github_delivery": "x" * 129}),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_refused(hook: Receiving, case: str) -> None:
    status, headers = REFUSED[case]
    assert (await hook.post(**headers)).status_code == status
    assert await hook.stored() == 0


async def test_a_body_that_was_changed_on_the_way_is_refused(hook: Receiving) -> None:
    answer = await hook.post(b'{"a":2}', x_hub_signature_256=github_signature(NEW, b'{"a":1}'))
    assert (answer.status_code, await hook.stored()) == (401, 0)


async def test_whoever_keeps_sending_wrong_seals_is_told_to_wait(hook: Receiving) -> None:
    """The bar is by address, so it holds for what would be right, too; the forge's own addresses are exempt."""
    wrong = {"x_hub_signature_256": "sha256=" + "0" * 64}
    answers = [(await hook.post(**wrong)).status_code for _ in range(MOST)]
    assert set(answers) == {401}
    barred = await hook.post()
    assert (barred.status_code, barred.headers["retry-after"]) == (429, "60")
    assert await hook.stored() == 0


async def test_only_post_is_taken_there(hook: Receiving) -> None:
    assert (await hook.client.get(hook.url)).status_code == 405
    assert (await hook.client.post(hook.url + "/other")).status_code == 404
    assert (await hook.client.post(hook.url + "/other/one")).status_code == 404


async def test_a_declared_length_over_25_mb_is_refused_unread(hook: Receiving) -> None:
    line = await raw(hook, head(b"Content-Length: %d" % (MOST_BYTES + 1)))
    assert b"413" in line


async def test_an_undeclared_body_is_cut_at_25_mb(hook: Receiving) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(27):
            yield b"x" * 1_048_576

    headers = {
        "content-type": "application/json",
        "x-github-event": "ping",
        "x-github-delivery": "big",
        "x-hub-signature-256": "sha256=" + "0" * 64,
    }
    # Where the answer comes while the client still sends, the client may see the connection end instead.
    with contextlib.suppress(httpx2.WriteError, httpx2.ReadError):
        answer = await hook.client.post(hook.url, content=endless(), headers=headers)
        assert answer.status_code == 413
    assert await hook.stored() == 0


async def test_a_header_that_must_be_single_and_comes_twice_is_refused(hook: Receiving) -> None:
    line = await raw(hook, head(b"Content-Length: 2", b"X-GitHub-Delivery: two") + b"{}")
    assert b"400" in line


async def test_a_body_that_never_ends_is_given_up(address: str) -> None:
    async with receiving(address, deadline=0.2) as hook:
        assert b"408" in await raw(hook, head(b"Content-Length: 10") + b"{")


async def test_what_cannot_be_stored_is_not_acknowledged(address: str) -> None:
    """The forge then lists the delivery as failed, and it is not lost."""
    nowhere = address.replace("/test_", "/missing_")
    async with receiving(address, stored_in=nowhere, spool_bytes=0) as hook:
        answer = await hook.post()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
