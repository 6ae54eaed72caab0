"""Receiving from GitLab: the hook's name says how it proves itself, and nobody chooses the weaker way."""

from __future__ import annotations

import base64
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from app.forges.gitlab.hooks import HookName, secret_token, signing_token
from app.store.database import Database, connect
from app.store.inbox import Inbox
from app.store.tables import delivery
from app.web.gitlab_hook import GitLabSender
from app.web.hooks import Hook, Lobby
from app.web.site import Site
from app.web.strangers import Strangers

OLD_MASTER, NEW_MASTER = b"the-old-master-key-of-32-bytes-or-more", b"the-new-master-key-of-32-bytes-or-more"
SIGNED, PLAIN = HookName("s", 77, "0" * 16), HookName("p", 77, "0" * 16)
BY_HAND = "whsec_" + base64.b64encode(b"a key that somebody chose by hand").decode()


class Receiving:
    """A site that only receives, and what it stored."""

    def __init__(self, client: httpx2.AsyncClient, database: Database) -> None:
        self.client, self.database = client, database

    async def post(self, hook: object = "", body: bytes = b"{}", **headers: str) -> httpx2.Response:
        sent = {"content-type": "application/json", "x-gitlab-event": "Merge Request Hook"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/webhooks/gitlab/{hook}" if hook else "/webhooks/gitlab"
        kept = {name: value for name, value in sent.items() if value}
        return await self.client.post(path, content=body, headers=kept)

    async def signed(
        self,
        hook: object,
        token: str,
        body: bytes = b"{}",
        *,
        at: datetime | None = None,
        also: str = "",
        **headers: str,
    ) -> httpx2.Response:
        """As GitLab signs it: by Standard Webhooks' own library."""
        at, message = at or datetime.now(UTC), str(uuid.uuid4())
        seal = Webhook(token).sign(message, at, body.decode())
        signature = f"{also} {seal}".strip()
        proof = {
            "webhook_id": message,
            "webhook_timestamp": str(int(at.timestamp())),
            "webhook_signature": signature,
        }
        return await self.post(hook, body, **{**proof, **headers})

    async def rows(self) -> list[tuple[str, str, str]]:
        columns = (delivery.c.hook, delivery.c.delivery_id, delivery.c.scheme)
        async with self.database.begin() as connection:
            return [
                tuple(row) for row in await connection.execute(sa.select(*columns).order_by(delivery.c.id))
            ]


@contextlib.asynccontextmanager
async def receiving(
    address: str,
    *,
    master: Sequence[bytes] = (NEW_MASTER, OLD_MASTER),
    signing: Sequence[str] = (),
    plain: Sequence[str] = (),
) -> AsyncIterator[Receiving]:
    async def nothing(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    sender = GitLabSender(master, signing_tokens=signing, secret_tokens=plain, clock=time.time)
    async with Inbox(address).open() as inbox:

        async def put(incoming):
            return "new" if await inbox.put(incoming) else "duplicate"

        lobby = Lobby(put=put, stored=lambda: None, strangers=Strangers())
        site = Site({"/webhooks/gitlab": Hook(sender, lobby)}, nothing)
        transport = httpx2.ASGITransport(app=site)
        database = connect(address)
        async with httpx2.AsyncClient(transport=transport, base_url="http://usher") as client:
            try:
                yield Receiving(client, database)
            finally:
                await database.close()


@pytest.fixture
async def door(address: str) -> AsyncIterator[Receiving]:
    async with receiving(address) as started:
        yield started


@pytest.mark.parametrize("master", [NEW_MASTER, OLD_MASTER])
async def test_a_signed_delivery_is_taken_under_the_new_and_the_old_master_key(door, master):
    answer = await door.signed(SIGNED, signing_token(master, SIGNED), b'{"a": "\xc3\xa4"}')
    assert answer.status_code == 202
    [(hook, _, scheme)] = await door.rows()
    assert (hook, scheme) == (str(SIGNED), "standard-webhooks")


async def test_any_of_several_signatures_may_fit(door):
    """While a signing token is replaced, GitLab may sign with both; versions we do not know are passed over."""
    also = f"v2,AAAA v1a,xx v1,{base64.b64encode(bytes(32)).decode()}"
    assert (await door.signed(SIGNED, signing_token(NEW_MASTER, SIGNED), also=also)).status_code == 202


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_signature": ""},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": "v2," + base64.b64encode(bytes(32)).decode()},
        {"webhook_timestamp": ""},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "1e9"},
        {"x_gitlab_token": secret_token(NEW_MASTER, SIGNED), "webhook_signature": ""},
    ],
    ids=["none", "too short", "another version", "no time", "no number", "another number", "plain instead"],
)
async def test_a_hook_that_signs_takes_nothing_else(door, wrong):
    token = signing_token(NEW_MASTER, SIGNED)
    assert (await door.signed(SIGNED, token, **wrong)).status_code == 401
    assert await door.rows() == []


async def test_a_signature_of_another_body_key_or_hook_is_refused(door):
    other = HookName("s", 78, "0" * 16)
    assert (await door.signed(SIGNED, signing_token(NEW_MASTER, other))).status_code == 401
    assert (await door.signed(SIGNED, BY_HAND)).status_code == 401
    seal = Webhook(signing_token(NEW_MASTER, SIGNED)).sign("m1", datetime.now(UTC), "{}")
    now = str(int(time.time()))
    told = {"webhook_id": "m1", "webhook_timestamp": now, "webhook_signature": seal}
    assert (await door.post(SIGNED, b'{"x":1}', **told)).status_code == 401
    assert await door.rows() == []


@pytest.mark.parametrize(("away", "status"), [(280, 202), (-280, 202), (320, 401), (-320, 401)])
async def test_a_signed_delivery_is_good_for_five_minutes(door, away, status):
    at = datetime.now(UTC) + timedelta(seconds=away)
    assert (await door.signed(SIGNED, signing_token(NEW_MASTER, SIGNED), at=at)).status_code == status


@pytest.mark.parametrize("master", [NEW_MASTER, OLD_MASTER])
async def test_a_plain_hook_shows_its_token(door, master):
    token = secret_token(master, PLAIN)
    assert (await door.post(PLAIN, x_gitlab_token=token, idempotency_key="k1")).status_code == 202
    assert await door.rows() == [(str(PLAIN), "k1", "token")]


async def test_a_wrong_or_missing_token_is_refused_without_reading_the_body(door):
    for token in ("", "wrong", secret_token(NEW_MASTER, SIGNED)):
        assert (await door.post(PLAIN, b"x" * 100_000, x_gitlab_token=token)).status_code == 401
    assert await door.rows() == []


async def test_a_delivery_that_is_sent_again_is_stored_once(door):
    token = secret_token(NEW_MASTER, PLAIN)
    for _ in range(2):
        assert (
            await door.post(PLAIN, b'{"a":1}', x_gitlab_token=token, idempotency_key="k1")
        ).status_code == 202
    assert len(await door.rows()) == 1


async def test_an_old_gitlab_names_no_delivery_so_its_bytes_do(door):
    """The event's own number is no key: hooks that cause each other share it."""
    token = secret_token(NEW_MASTER, PLAIN)
    for body in (b'{"a":1}', b'{"a":1}', b'{"a":2}'):
        sent = await door.post(PLAIN, body, x_gitlab_token=token, x_gitlab_event_uuid="the-same")
        assert sent.status_code == 202
    assert len({name for _, name, _ in await door.rows()}) == 2


async def test_a_group_hook_and_a_project_hook_both_count(door):
    """Two ids of one event: both are stored, and the facts that follow are the same."""
    first, second = PLAIN, HookName("p", 77, "1" * 16)
    for hook in (first, second):
        token = secret_token(NEW_MASTER, hook)
        assert (await door.post(hook, x_gitlab_token=token, idempotency_key="k1")).status_code == 202
    assert len(await door.rows()) == 2


@pytest.mark.parametrize(
    "hook", ["x-77-" + "0" * 16, "s-77-short", "s-077-" + "0" * 16, "s-77-" + "0" * 16 + "/x", "%2e%2e"]
)
async def test_other_paths_are_no_hooks(door, hook):
    assert (await door.post(hook, x_gitlab_token="x" * 32)).status_code == 404


async def test_the_bare_path_is_closed_until_a_secret_is_set(door):
    assert (await door.post("", x_gitlab_token="x" * 32)).status_code == 503


async def test_a_hook_made_by_hand_signs_or_shows_a_token_as_the_settings_say(address):
    async with receiving(address, plain=["first-token-of-16+", "second-token-of-16+"]) as door:
        for token in ("first-token-of-16+", "second-token-of-16+"):
            assert (await door.post("", x_gitlab_token=token, idempotency_key=token[:6])).status_code == 202
        assert (await door.post("", x_gitlab_token="third-token-of-16+")).status_code == 401
    async with receiving(address, signing=[BY_HAND], plain=["first-token-of-16+"]) as door:
        assert (await door.signed("", BY_HAND)).status_code == 202
        unsigned = await door.post("", x_gitlab_token="first-token-of-16+", webhook_id="m1")
        assert unsigned.status_code == 401


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 10_000, b"not json"])
async def test_whatever_an_authentic_delivery_holds_it_is_taken(door, body):
    """GitLab switches a hook off after refusals, so what a body says is for later."""
    token = secret_token(NEW_MASTER, PLAIN)
    answer = await door.post(
        PLAIN, body, x_gitlab_token=token, x_gitlab_event="Tomorrow's Hook", idempotency_key="k"
    )
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x_gitlab_event": ""}, 400),
        ({"idempotency_key": "k" * 129}, 400),
        ({"content_type": "text/plain"}, 415),
    ],
)
async def test_what_names_no_delivery_is_refused(door, headers, status):
    told = {"x_gitlab_token": secret_token(NEW_MASTER, PLAIN), **headers}
    assert (await door.post(PLAIN, **told)).status_code == status


def test_names_of_hooks_are_new_each_time_and_nothing_else_is_one():
    first, second = HookName.new("s", 77), HookName.new("s", 77)
    assert first != second
    assert HookName.parse(str(first)) == first
    assert HookName.parse("s-0-" + "0" * 16) is None
    assert signing_token(NEW_MASTER, first) != signing_token(NEW_MASTER, second)
    assert len(base64.b64decode(signing_token(NEW_MASTER, first).removeprefix("whsec_"))) == 32
