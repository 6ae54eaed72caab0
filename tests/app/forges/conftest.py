"""GitHub's client against a sandbox forge over real HTTP; each request is held to GitHub's description."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any

import pytest

from app.forges.github.adapter import GitHub, GitHubClient
from app.forges.limits import Pace
from app.forges.sandbox import Sandbox
from policies.facts import Change, RepositoryRef
from tests.contract.checker import Contract


@cache
def contract() -> Contract:
    return Contract()


@pytest.fixture
async def forge() -> AsyncIterator[Sandbox]:
    """An empty forge. At the end every request that was sent must be one that GitHub's description allows."""
    async with Sandbox() as sandbox:
        yield sandbox
        await sandbox.idle()
    exchanges = sandbox.ledger.exchanges
    assert exchanges
    problems = [contract().check_request(each.method, each.path, each.query, each.body) for each in exchanges]
    assert [problem for found in problems for problem in found] == []


class Naps:
    """Waits a hundredth of what was asked for, and remembers what was."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(seconds / 100)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def make_client(forge: Sandbox, naps: Naps) -> AsyncIterator[Callable[..., GitHubClient]]:
    """Clients of the forge, closed at the end. Writes do not pause unless a test wants them to."""
    made: list[GitHubClient] = []

    def make(**settings: Any) -> GitHubClient:
        client = GitHubClient(
            **{
                "api_url": forge.url,
                "app_id": forge.app_id,
                "private_key": forge.private_key,
                "pace": Pace(0),
                "sleep": naps,
                **settings,
            }
        )
        made.append(client)
        return client

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(make_client: Callable[..., GitHubClient]) -> GitHubClient:
    return make_client()


class Shop:
    """An organisation: ana is a member, ben and carla own `pay/` in `shop/api`, and the App is installed."""

    def __init__(self, forge: Sandbox) -> None:
        self.forge = forge
        forge.organisation("shop")
        self.ana, self.ben, self.carla = (
            forge.person(login, member_of="shop") for login in ("ana", "ben", "carla")
        )
        self.owner = forge.person("olga", member_of="shop", owner=True)
        forge.team("shop/pay", members=[self.ben, self.carla])
        self.api = forge.repository(
            "shop/api",
            files={
                ".github/CODEOWNERS": "/pay/ @shop/pay\n",
                "pay/a.py": "one\ntwo\n",
                "docs/a.md": "words\n",
            },
            teams={"shop/pay": "write"},
        )
        self.ref = RepositoryRef(self.api.id, "shop/api")
        self.installation = forge.installation("shop").id

    def calls(self) -> list[str]:
        """What was called since the last look, as `GET /repos/shop/api/pulls/1 200`."""
        exchanges = self.forge.ledger.exchanges
        said = [f"{each.method} {each.path} {each.status}" for each in exchanges[self._seen :]]
        self._seen = len(exchanges)
        return said

    _seen = 0


@pytest.fixture
def shop(forge: Sandbox) -> Shop:
    return Shop(forge)


@pytest.fixture
def github(client: GitHubClient, shop: Shop) -> GitHub:
    return GitHub(client, shop.installation)


@pytest.fixture
async def change(github: GitHub, shop: Shop) -> Change:
    """ana's change of `pay/a.py`."""
    opened = shop.ana.opens(shop.api, touching="pay/a.py", title="Pay by card")
    await github.change(shop.ref, opened.number)  # GitHub begins to find out whether it can be merged
    found = await github.change(shop.ref, opened.number)
    shop.calls()
    return found
