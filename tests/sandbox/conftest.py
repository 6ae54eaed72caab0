"""A sandbox forge, somebody who receives its webhooks, and a bot that calls it; all over real HTTP.

Whatever a test does, each answer and each webhook is held to GitHub's own description at its end.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import httpx2
import jwt
import pytest

from app.forges.sandbox import Sandbox
from app.forges.sandbox.courier import certificates
from app.forges.sandbox.server import Server
from tests.contract.checker import Contract
from tests.sandbox.listening import Listener

SECRET = "a secret that only the forge and the receiver know"


@cache
def contract() -> Contract:
    return Contract()


@dataclass
class Received:
    event: str
    guid: str
    headers: Mapping[str, str]
    payload: dict[str, Any]
    signed: bool

    @property
    def action(self) -> str | None:
        return self.payload.get("action")


@dataclass
class Receiver(Listener):
    """Takes webhooks."""

    received: list[Received] = field(default_factory=list)

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        seal = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        self.received.append(
            Received(
                headers["x-github-event"],
                headers["x-github-delivery"],
                headers,
                json.loads(body),
                headers["x-hub-signature-256"] == seal,
            )
        )

    def told(self, event: str, action: str | None = None) -> list[dict[str, Any]]:
        """The payloads of one event."""
        return [
            each.payload
            for each in self.received
            if each.event == event and (action is None or each.action == action)
        ]

    @property
    def events(self) -> list[str]:
        """Event and action of all, in the order of arrival."""
        return [f"{each.event}.{each.action}" if each.action else each.event for each in self.received]

    def forget(self) -> None:
        self.received.clear()


@dataclass
class Bot:
    """Calls the REST face as an App does."""

    forge: Sandbox
    client: httpx2.AsyncClient
    token: str = ""

    def jwt(self, **claims: Any) -> str:
        now = int(time.time())
        whole = {"iss": str(self.forge.app_id), "iat": now - 60, "exp": now + 540} | claims
        return jwt.encode(whole, self.forge.private_key, algorithm="RS256")

    async def as_app(self, request: str, body: Any = None, **claims: Any) -> httpx2.Response:
        """ "GET /app", by JWT."""
        method, _, path = request.partition(" ")
        headers = {"Authorization": f"Bearer {self.jwt(**claims)}"}
        return await self.client.request(method, path, json=body, headers=headers)

    async def mint(self, organisation: str = "shop", **narrowing: Any) -> str:
        """A fresh token, narrowed by `repository_ids` and `permissions`."""
        number = self.forge.installation(organisation).id
        answer = await self.as_app(f"POST /app/installations/{number}/access_tokens", narrowing or None)
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    async def __call__(self, request: str, body: Any = None, **headers: str) -> httpx2.Response:
        """ "GET /repos/shop/api", by an installation token of the whole installation unless told."""
        self.token = self.token or await self.mint()
        method, _, path = request.partition(" ")
        sent = {"Authorization": f"token {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.client.request(method, path, json=body, headers=sent)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = Server(made)
    await server.start()
    made.url = f"{server.url}/webhooks/github"
    yield made
    await server.stop()


@pytest.fixture
async def forge(receiver: Receiver) -> AsyncIterator[Sandbox]:
    """An empty forge. Its answers and webhooks are checked when the test ends."""
    problems: list[str] = []
    async with Sandbox(webhook_url=receiver.url, webhook_secret=SECRET) as sandbox:
        sandbox.on_exchange.append(
            lambda each: problems.extend(
                contract().check_response(each.method, each.path, each.status, each.answer)
                if each.told
                else []
            )
        )
        yield sandbox
        await sandbox.idle()
    for sent in sandbox.deliveries:
        problems += contract().check_webhook(sent.event, sent.payload)
    assert not problems, "\n".join(problems)
    assert all(each.signed for each in receiver.received)


@pytest.fixture
async def bot(forge: Sandbox) -> AsyncIterator[Bot]:
    async with httpx2.AsyncClient(base_url=forge.url, trust_env=False, verify=certificates()) as client:
        yield Bot(forge, client)


@pytest.fixture
async def shop(forge: Sandbox, receiver: Receiver) -> SimpleNamespace:
    """An organisation with a team that owns `pay/` in `shop/api`; ana is a guest there, ben and carla own."""
    organisation = forge.organisation("shop")
    ana, ben, carla = (forge.person(name, member_of="shop") for name in ("ana", "ben", "carla"))
    pay = forge.team("shop/pay", members=[ben, carla])
    api = forge.repository(
        "shop/api",
        files={".github/CODEOWNERS": "pay/ @shop/pay\n", "pay/a.py": "one\ntwo\n", "docs/a.md": "words\n"},
        teams={"shop/pay": "write"},
    )
    await forge.idle()
    receiver.forget()
    return SimpleNamespace(organisation=organisation, ana=ana, ben=ben, carla=carla, pay=pay, api=api)
