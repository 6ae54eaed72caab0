"""People sign in to an application through their GitLab, which learns who they are and what they may read."""

from __future__ import annotations

import base64
import hashlib
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox
from tests.sandbox.gitlab.conftest import Caller

BACK = "https://usher.example/login/gitlab/back"
VERIFIER = "a verifier that nobody else has seen"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def asked(forge: GitLabSandbox, **more: str) -> dict[str, str]:
    return {
        "client_id": forge.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "state": "a-state",
        "scope": "read_api",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | more


async def code(forge: GitLabSandbox, client: httpx2.AsyncClient, who: str) -> str:
    answer = await client.get("/oauth/authorize", params=asked(forge, login_hint=who))
    assert answer.status_code == 302
    back = urlsplit(answer.headers["location"])
    assert parse_qs(back.query)["state"] == ["a-state"]
    return parse_qs(back.query)["code"][0]


async def exchanged(forge: GitLabSandbox, client: httpx2.AsyncClient, **given: str) -> httpx2.Response:
    body: dict[str, Any] = {
        "client_id": forge.client_id,
        "client_secret": forge.client_secret,
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    return await client.post("/oauth/token", data=body | given)


async def test_somebody_says_yes_and_is_known_by_their_own_token(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    page = await client.get("/oauth/authorize", params=asked(forge))
    assert page.headers["content-type"].startswith("text/html")
    assert "login_hint=ana" in page.text
    answer = await exchanged(forge, client, code=await code(forge, client, "ana"))
    assert (answer.json()["token_type"], answer.json()["scope"]) == ("Bearer", "read_api")
    ana = Caller(client, answer.json()["access_token"])
    assert (await ana("GET /user")).json()["username"] == "ana"
    assert (await ana("POST /projects/shop%2Fapi/issues", {"title": "x"})).status_code == 403


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"code": "wrong"}, 400, "invalid_grant"),
        ({"code_verifier": "wrong"}, 400, "invalid_grant"),
        ({"redirect_uri": "https://elsewhere.example"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_a_code_is_given_to_nobody_else(
    forge: GitLabSandbox,
    client: httpx2.AsyncClient,
    shop: SimpleNamespace,
    given: dict[str, str],
    status: int,
    error: str,
) -> None:
    good = await code(forge, client, "ana")
    answer = await exchanged(forge, client, **({"code": good} | given))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_a_code_is_good_once_and_for_ten_minutes(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    first, second = await code(forge, client, "ana"), await code(forge, client, "ana")
    assert [(await exchanged(forge, client, code=first)).status_code for _ in range(2)] == [200, 400]
    forge.wall.later("11m")
    assert (await exchanged(forge, client, code=second)).status_code == 400


async def test_the_next_token_is_given_once_and_ends_those_before(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    first = (await exchanged(forge, client, code=await code(forge, client, "ana"))).json()
    assert first["expires_in"] == 7200
    forge.wall.later("2h")
    assert (await Caller(client, first["access_token"])("GET /user")).status_code == 401
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await exchanged(forge, client, **again)).json()
    assert (await Caller(client, second["access_token"])("GET /user")).json()["username"] == "ana"
    used = await exchanged(forge, client, **again)
    assert (used.status_code, used.json()["error"]) == (400, "invalid_grant")
    again["refresh_token"] = second["refresh_token"]
    assert (await exchanged(forge, client, **again, client_secret="wrong")).status_code == 401
    assert (await exchanged(forge, client, **again)).status_code == 200
    assert (await Caller(client, second["access_token"])("GET /user")).status_code == 401


async def test_only_known_applications_and_addresses_are_shown_the_page(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    forge.site.callback_urls = (BACK,)
    for wrong, status in (
        ({"client_id": "another"}, 401),
        ({"scope": "everything"}, 401),
        ({"redirect_uri": "https://elsewhere.example"}, 400),
        ({}, 200),
    ):
        answer = await client.get("/oauth/authorize", params=asked(forge, **wrong))
        assert answer.status_code == status


async def test_lists_are_narrowed_to_what_somebody_may_do(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    ben = Caller(client, forge.access_token(shop.ben.account, scopes=["read_api"]).value)
    ana = Caller(client, forge.access_token(shop.ana.account, scopes=["read_api"]).value)
    path = "/groups/shop/projects?include_subgroups=true&min_access_level="
    for who, level, found in ((ben, 30, 1), (ben, 40, 0), (ana, 20, 1), (ana, 30, 0)):
        assert len((await who(f"GET {path}{level}")).json()) == found
    groups = (await ben("GET /groups?min_access_level=30")).json()
    assert [each["full_path"] for each in groups] == ["shop/pay"]
    assert (await ben("GET /groups?min_access_level=high")).status_code == 400
