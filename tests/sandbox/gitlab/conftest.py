"""The sandbox as a GitLab, somebody who receives its webhooks, and a bot that calls it; all over real HTTP.

Whatever a test does, each answer and each webhook is held to the GitLab contract at its end.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from standardwebhooks import Webhook

from app.forges.sandbox import GitLabSandbox, Person
from app.forges.sandbox.courier import certificates
from app.forges.sandbox.edition import Tier
from app.forges.sandbox.ledger import Exchange
from app.forges.sandbox.server import Server
from tests.contract.gitlab import GitLabContract
from tests.sandbox.listening import Listener


@cache
def contract() -> GitLabContract:
    return GitLabContract()


SECRET = "a secret that only the forge and the receiver know"


@dataclass
class Received:
    kind: str
    headers: Mapping[str, str]
    payload: dict[str, Any]
    body: bytes

    @property
    def attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = self.payload.get("object_attributes", {})
        return found

    @property
    def action(self) -> str | None:
        return self.attributes.get("action") or (
            self.payload.get("event_name") if "object_kind" not in self.payload else None
        )


@dataclass
class Receiver(Listener):
    """Takes webhooks."""

    received: list[Received] = field(default_factory=list)

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        payload = json.loads(body)
        kind = payload.get("object_kind") or payload.get("event_name")
        self.received.append(Received(kind, headers, payload, body))

    def told(self, kind: str, action: str | None = None) -> list[dict[str, Any]]:
        """The payloads of one kind."""
        return [
            each.payload
            for each in self.received
            if each.kind == kind and (action is None or each.action == action)
        ]

    @property
    def events(self) -> list[str]:
        """Kind and action of all, in the order of arrival."""
        return [
            each.kind if each.action in (None, each.kind) else f"{each.kind}.{each.action}"
            for each in self.received
        ]

    def forget(self) -> None:
        self.received.clear()


@dataclass
class Caller:
    """Calls the REST face with somebody's token."""

    client: httpx2.AsyncClient
    token: str

    async def __call__(self, request: str, body: Any = None, **headers: str) -> httpx2.Response:
        """ "GET /projects/shop%2Fapi"."""
        method, _, path = request.partition(" ")
        sent = {"PRIVATE-TOKEN": self.token} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.client.request(method, f"/api/v4{path}", json=body, headers=sent)


@pytest.fixture
def tier() -> Tier:
    return "premium"


@pytest.fixture
def version() -> tuple[int, int]:
    return (19, 2)


@pytest.fixture
def prefix() -> str:
    return ""


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = Server(made)
    await server.start()
    made.url = f"{server.url}/webhooks/gitlab/1"
    yield made
    await server.stop()


@pytest.fixture
async def forge(
    receiver: Receiver, tier: Tier, version: tuple[int, int], prefix: str
) -> AsyncIterator[GitLabSandbox]:
    """An empty GitLab. Its answers and webhooks are checked when the test ends."""
    problems: list[str] = []

    def hold(each: Exchange) -> None:
        if each.told:
            problems.extend(contract().check_response(each.method, each.path, each.status, each.answer))

    async with GitLabSandbox(receiver.url, SECRET, tier=tier, version=version, prefix=prefix) as sandbox:
        sandbox.on_exchange.append(hold)
        yield sandbox
        await sandbox.idle()
    for sent in sandbox.deliveries:
        problems += contract().check_webhook(sent.event, sent.payload)
    assert not problems, "\n".join(problems)
    for each in receiver.received:
        if each.headers.get("webhook-signature"):
            assert sandbox.signing_token is not None
            at = datetime.fromtimestamp(int(each.headers["webhook-timestamp"]), UTC)
            signed = Webhook(sandbox.signing_token).sign(each.headers["webhook-id"], at, each.body.decode())
            assert each.headers["webhook-signature"] == signed
        assert each.headers["x-gitlab-token"] == SECRET


@pytest.fixture
async def client(forge: GitLabSandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=forge.url, trust_env=False, verify=certificates()) as made:
        yield made


@pytest.fixture
def bot(forge: GitLabSandbox, client: httpx2.AsyncClient) -> Caller:
    return Caller(client, forge.token)


def caller(forge: GitLabSandbox, client: httpx2.AsyncClient, who: Person) -> Caller:
    """Somebody with a token of their own."""
    return Caller(client, forge.access_token(who.account).value)


@pytest.fixture
async def shop(forge: GitLabSandbox, receiver: Receiver) -> SimpleNamespace:
    """A group with a subgroup that owns `pay/` in `shop/api`; ana is a guest there, ben and carla own."""
    group = forge.organisation("shop")
    ana, ben, carla = (forge.person(name, member_of="shop") for name in ("ana", "ben", "carla"))
    pay = forge.team("shop/pay", members=[ben, carla])
    api = forge.repository(
        "shop/api",
        files={"CODEOWNERS": "/pay/ @shop/pay\n", "pay/a.py": "one\ntwo\n", "docs/a.md": "words\n"},
        teams={"shop/pay": "write"},
    )
    await forge.idle()
    receiver.forget()
    return SimpleNamespace(group=group, ana=ana, ben=ben, carla=carla, pay=pay, api=api)
