"""Who may call: the App by JWT, an installation by a token that may do what it was asked for."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.forges.sandbox import Sandbox
from tests.sandbox.conftest import Bot

REPOSITORY = "GET /repos/shop/api"


async def test_an_app_is_known_by_its_jwt(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    answer = await bot.as_app("GET /app")
    assert (answer.status_code, answer.json()["slug"], answer.json()["id"]) == (200, "usher", forge.app_id)
    (installation,) = (await bot.as_app("GET /app/installations")).json()
    assert installation["account"]["login"] == "shop"
    assert installation["id"] == forge.installation("shop").id > 0


async def test_an_app_finds_the_installation_of_a_repository(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    """By JWT, private ones too; 404 where it was not given the repository, and where there is none."""
    web = forge.repository("shop/web")
    forge.select("shop", [shop.api])
    found = await bot.as_app(f"{REPOSITORY}/installation")
    assert (found.status_code, found.json()["id"]) == (200, forge.installation("shop").id)
    for name in (web.full_name, "shop/nothing"):
        assert (await bot.as_app(f"GET /repos/{name}/installation")).status_code == 404
    assert (await bot(f"{REPOSITORY}/installation")).status_code == 401


@pytest.mark.parametrize(
    ("claims", "status", "word"),
    [
        ({"exp": 660}, 401, "too far in the future"),
        ({"exp": -1}, 401, "'Expiration time'"),
        ({"iat": 30}, 401, "'Issued at'"),
        ({"exp": 590, "iat": -60}, 200, ""),
    ],
    ids=["longer than ten minutes", "expired", "from the future", "good"],
)
async def test_a_jwt_lives_ten_minutes_and_comes_from_the_past(
    bot: Bot, shop: SimpleNamespace, claims: dict[str, int], status: int, word: str
) -> None:
    now = int(time.time())
    answer = await bot.as_app("GET /app", **{name: now + seconds for name, seconds in claims.items()})
    assert answer.status_code == status
    assert word in answer.text


async def test_a_jwt_is_signed_by_this_app(bot: Bot, shop: SimpleNamespace) -> None:
    assert (await bot.as_app("GET /app", iss="999")).status_code == 404
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    claims = jwt.decode(bot.jwt(), options={"verify_signature": False})
    for forged in (
        jwt.encode(claims, key, algorithm="RS256"),
        jwt.encode(claims, "a" * 64, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
    ):
        answer = await bot.client.get("/app", headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401


async def test_a_token_lives_one_hour(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    """By real time; and it is opaque and long."""
    assert (await bot(REPOSITORY)).status_code == 200
    assert len(bot.token) > 500
    forge.later("1w")
    assert (await bot(REPOSITORY)).status_code == 200
    forge.wall.later("1h")
    assert (await bot(REPOSITORY)).status_code == 401


async def test_unknown_and_revoked_tokens_are_refused(bot: Bot, shop: SimpleNamespace) -> None:
    unknown = await bot(REPOSITORY, Authorization="token ghs_" + "x" * 516)
    assert (unknown.status_code, unknown.json()["message"]) == (401, "Bad credentials")
    assert (await bot("DELETE /installation/token")).status_code == 204
    assert (await bot(REPOSITORY)).status_code == 401


async def test_tokens_die_with_their_installation_and_sleep_while_it_is_suspended(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    assert (await bot(REPOSITORY)).status_code == 200
    number = forge.installation("shop").id
    forge.suspend("shop")
    answer = await bot(REPOSITORY)
    assert (answer.status_code, answer.json()["message"]) == (403, "This installation has been suspended")
    assert (await bot.as_app(f"POST /app/installations/{number}/access_tokens")).status_code == 403
    forge.suspend("shop", on=False)
    assert (await bot(REPOSITORY)).status_code == 200
    forge.uninstall("shop")
    assert (await bot(REPOSITORY)).status_code == 401
    assert (await bot.as_app(f"POST /app/installations/{number}/access_tokens")).status_code == 404


async def test_a_token_for_one_repository_sees_no_other(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    """What it may not see is missing, for reading and writing alike."""
    web = forge.repository("shop/web")
    change = shop.ben.opens(shop.api, "docs/a.md")
    bot.token = await bot.mint(repository_ids=[web.id])
    assert (await bot("GET /repos/shop/web")).status_code == 200
    for hidden in (
        REPOSITORY,
        f"GET /repositories/{shop.api.id}",
        f"GET /repos/shop/api/pulls/{change.number}",
    ):
        assert (await bot(hidden)).status_code == 404, hidden
    comment = f"POST /repos/shop/api/issues/{change.number}/comments"
    assert (await bot(comment, {"body": "Hello"})).status_code == 404
    listed = (await bot("GET /installation/repositories")).json()
    assert [each["full_name"] for each in listed["repositories"]] == ["shop/web"]
    assert (listed["total_count"], listed["repository_selection"]) == (1, "selected")


async def test_a_token_does_what_it_was_asked_for_and_no_more(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    bot.token = await bot.mint(repository_ids=[shop.api.id], permissions={"pull_requests": "read"})
    assert (await bot(f"GET /repos/shop/api/pulls/{change.number}")).status_code == 200
    for request, body, wanted in (
        ("GET /repos/shop/api/contents/docs/a.md", None, "contents=read"),
        (
            f"POST /repos/shop/api/issues/{change.number}/comments",
            {"body": "Hi"},
            "issues=write; pull_requests=write",
        ),
        ("GET /orgs/shop/teams/pay/members", None, "members=read"),
        ("POST /repos/shop/api/check-runs", {"name": "x", "head_sha": change.head}, "checks=write"),
    ):
        answer = await bot(request, body)
        assert (answer.status_code, answer.json()["message"]) == (
            403,
            "Resource not accessible by integration",
        )
        assert answer.headers["x-accepted-github-permissions"] == wanted


@pytest.mark.parametrize(
    "narrowing",
    [
        {"permissions": {"contents": "write"}},
        {"permissions": {"administration": "read"}},
        {"repository_ids": [1]},
        {"repositories": ["unknown"]},
    ],
    ids=str,
)
async def test_nobody_is_given_more_than_the_installation_has(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace, narrowing: dict[str, Any]
) -> None:
    number = forge.installation("shop").id
    answer = await bot.as_app(f"POST /app/installations/{number}/access_tokens", narrowing)
    assert answer.status_code == 422


async def test_permissions_taken_from_the_installation_are_gone_from_its_tokens(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    assert (await bot("GET /repos/shop/api/contents/docs/a.md")).status_code == 200
    forge.permit("shop", {"metadata": "read"})
    assert (await bot("GET /repos/shop/api/contents/docs/a.md")).status_code == 403
    forge.select("shop", [])
    assert (await bot(REPOSITORY)).status_code == 404


async def test_each_kind_of_credentials_has_its_own_doors(bot: Bot, shop: SimpleNamespace) -> None:
    assert (await bot("GET /app")).status_code == 401
    assert (await bot.as_app(REPOSITORY)).status_code in (401, 403, 404)
    assert (await bot.client.get("/app")).status_code == 401
    assert (await bot.client.get("/repos/shop/api")).status_code == 404


async def test_other_organisations_are_hidden(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    forge.organisation("rival")
    forge.team("rival/pay")
    forge.repository("rival/api")
    assert (await bot("GET /repos/rival/api")).status_code == 404
    assert (await bot("GET /orgs/rival/teams/pay/members")).status_code == 404
    assert (await bot("GET /orgs/rival/members/ana")).status_code == 302


async def test_everybody_may_read_a_public_repository_and_nobody_else_writes_there(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    forge.organisation("rival", installed=False)
    forge.person("eve", member_of="rival")
    forge.repository("rival/open", visibility="public", collaborators={"eve": "write"})
    issue = forge.person("eve").reports("rival/open", "It is slow")
    assert (await bot("GET /repos/rival/open/contents/README.md")).status_code == 200
    comment = f"POST /repos/rival/open/issues/{issue.number}/comments"
    assert (await bot(comment, {"body": "Hello"})).status_code == 403


async def test_access_is_the_highest_of_what_was_given(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    """Base permission, teams (those above included), collaboration, ownership."""
    dora, eve = forge.person("dora", member_of="shop"), forge.person("eve")
    forge.team("shop/pay-night", parent=shop.pay, members=[dora])
    forge.person("root", member_of="shop", owner=True).gives(shop.api, eve, "triage")
    forge.person("stranger")
    found = {}
    for name in ("ana", "ben", "Dora", "eve", "root", "stranger"):
        body = (await bot(f"GET /repos/shop/api/collaborators/{name}/permission")).json()
        found[name] = (body["permission"], body["role_name"])
    assert found == {
        "ana": ("read", "read"),
        "ben": ("write", "write"),
        "Dora": ("write", "write"),
        "eve": ("read", "triage"),
        "root": ("admin", "admin"),
        "stranger": ("none", "none"),
    }
    assert (await bot("GET /repos/shop/api/collaborators/nobody/permission")).status_code == 404


async def test_visibility_gives_reading(forge: Sandbox, bot: Bot) -> None:
    """Everybody reads what is public, every member what is internal, and only the chosen what is private."""
    forge.organisation("shop", base_permission="none")
    forge.person("ana", member_of="shop")
    forge.person("stranger")
    found = {}
    for kind in ("public", "internal", "private"):
        forge.repository(f"shop/{kind}", visibility=kind)  # type: ignore[arg-type]
        for name in ("ana", "stranger"):
            body = (await bot(f"GET /repos/shop/{kind}/collaborators/{name}/permission")).json()
            found[kind, name] = body["permission"]
    assert found == {
        ("public", "ana"): "read",
        ("public", "stranger"): "read",
        ("internal", "ana"): "read",
        ("internal", "stranger"): "none",
        ("private", "ana"): "none",
        ("private", "stranger"): "none",
    }


async def test_reading_what_is_public_makes_nobody_a_collaborator(forge: Sandbox, bot: Bot) -> None:
    """Whoever merely may read cannot be asked for a review; members and collaborators can."""
    forge.organisation("shop")
    ben = forge.person("ben", member_of="shop")
    forge.repository("shop/open", visibility="public", collaborators={"ben": "write", "guest": "read"})
    forge.person("stranger")
    ben.opens("shop/open", "README.md")
    ask = "POST /repos/shop/open/pulls/1/requested_reviewers"
    assert (await bot(ask, {"reviewers": ["stranger"]})).status_code == 422
    assert (await bot(ask, {"reviewers": ["guest"]})).status_code == 201


async def test_teams_and_members_are_read_by_name(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    dora = forge.person("dora", member_of="shop")
    forge.team("shop/pay-night", parent=shop.pay, members=[dora])
    forge.team("shop/web")
    members = (await bot("GET /orgs/shop/teams/PAY/members")).json()
    assert [each["login"] for each in members] == ["ben", "carla", "dora"]
    assert (await bot("GET /orgs/shop/teams/unknown/members")).status_code == 404
    assert (await bot("GET /orgs/shop/members/Ben")).status_code == 204
    assert (await bot("GET /orgs/shop/members/nobody")).status_code == 404
    assert (await bot("GET /orgs/shop/teams/pay")).json()["members_count"] == 3
    given = "GET /orgs/shop/teams/{}/repos/shop/api"
    media = "application/vnd.github.v3.repository+json"
    assert (await bot(given.format("pay"))).status_code == 204
    body = (await bot(given.format("pay-night"), Accept=media)).json()
    assert (body["role_name"], body["permissions"]["push"], body["permissions"]["admin"]) == (
        "write",
        True,
        False,
    )
    assert (await bot(given.format("web"), Accept=media)).status_code == 404
