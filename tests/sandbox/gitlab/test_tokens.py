"""Access tokens: scopes, expiry, rotation, and what they may not see."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox
from tests.sandbox.gitlab.conftest import Caller, caller

SELF = "/personal_access_tokens/self"
P = "/projects/shop%2Fapi"


async def test_a_token_comes_in_either_header(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    for headers in ({"PRIVATE-TOKEN": forge.token}, {"Authorization": f"Bearer {forge.token}"}):
        answer = await client.get("/api/v4/user", headers=headers)
        assert (answer.status_code, answer.json()["username"], answer.json()["bot"]) == (
            200,
            "usher-bot",
            True,
        )


@pytest.mark.parametrize(
    "headers", [{}, {"PRIVATE-TOKEN": "glpat-nonsense"}, {"Authorization": "Basic eDp5"}]
)
async def test_without_a_good_token_it_is_401(
    client: httpx2.AsyncClient, shop: SimpleNamespace, headers: dict[str, str]
) -> None:
    answer = await client.get("/api/v4/user", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})


async def test_expired_and_revoked_tokens_say_so(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    forge.wall.later(timedelta(days=366))
    assert (await bot("GET /user")).json()["error_description"].startswith("Token is expired.")
    forge.wall.later("0s")
    forge.bot_token.revoked = True
    assert (await bot("GET /user")).json()["error_description"].startswith("Token was revoked.")


async def test_a_token_tells_of_itself(forge: GitLabSandbox, bot: Caller) -> None:
    told = (await bot(f"GET {SELF}")).json()
    assert (told["scopes"], told["active"], told["user_id"]) == (["api"], True, forge.bot.id)
    assert date.fromisoformat(told["expires_at"]) == datetime.now(UTC).date() + timedelta(days=365)


async def test_scopes_are_held(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    reader = Caller(client, forge.access_token(forge.bot, scopes=["read_api"]).value)
    assert (await reader(f"GET {P}")).status_code == 200
    refused = await reader(f"POST {P}/issues", {"title": "x"})
    assert (refused.status_code, refused.json()["error"], refused.json()["scope"]) == (
        403,
        "insufficient_scope",
        "api",
    )
    narrow = Caller(client, forge.access_token(forge.bot, scopes=["read_repository"]).value)
    assert (await narrow(f"GET {P}/repository/tree")).status_code == 200
    assert (await narrow(f"GET {P}")).status_code == 403
    assert (await narrow(f"GET {SELF}")).status_code == 200
    assert (await narrow(f"POST {SELF}/rotate")).status_code == 403


async def test_rotation_gives_a_new_token_and_ends_the_old(
    forge: GitLabSandbox, client: httpx2.AsyncClient, bot: Caller
) -> None:
    """For a week unless told otherwise, for a year at most."""
    week = (await bot(f"POST {SELF}/rotate")).json()
    assert date.fromisoformat(week["expires_at"]) == datetime.now(UTC).date() + timedelta(days=7)
    assert (await bot("GET /user")).status_code == 401
    fresh = Caller(client, week["token"])
    until = (datetime.now(UTC).date() + timedelta(days=300)).isoformat()
    long = (await fresh(f"POST {SELF}/rotate", {"expires_at": until})).json()
    assert long["expires_at"] == until
    latest = Caller(client, long["token"])
    for wrong in ("2099-01-01", "2020-01-01", "tomorrow"):
        assert (await latest(f"POST {SELF}/rotate", {"expires_at": wrong})).status_code == 400


async def test_rotating_a_token_that_was_rotated_ends_the_whole_family(
    client: httpx2.AsyncClient, bot: Caller
) -> None:
    fresh = Caller(client, (await bot(f"POST {SELF}/rotate")).json()["token"])
    assert (await fresh("GET /user")).status_code == 200
    assert (await bot(f"POST {SELF}/rotate")).status_code == 401
    assert (await fresh("GET /user")).status_code == 401


async def test_a_token_revokes_itself(bot: Caller) -> None:
    assert (await bot(f"DELETE {SELF}")).status_code == 204
    assert (await bot("GET /user")).status_code == 401
    assert (await bot(f"POST {SELF}/rotate")).status_code == 401


async def test_what_may_not_be_seen_is_not_there(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    stranger = caller(forge, client, forge.person("stranger"))
    for path, thing in ((P, "Project"), (f"{P}/merge_requests/1", "Project"), ("/groups/shop", "Group")):
        answer = await stranger(f"GET {path}")
        assert (answer.status_code, answer.json()) == (404, {"message": f"404 {thing} Not Found"})
    assert (await stranger(f"POST {P}/merge_requests/1/notes", {"body": "Hi"})).status_code == 404
    assert (await client.get(f"/api/v4{P}")).status_code == 404
    shop.api.visibility = "public"
    assert (await client.get(f"/api/v4{P}")).status_code == 200
    assert (await stranger(f"GET {P}/merge_requests/1")).status_code == 200


async def test_guests_see_issues_and_no_code(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    gil = forge.person("gil", member_of="shop")
    forge.role("shop", gil.account, "guest")
    guest = caller(forge, client, gil)
    shop.ana.reports(shop.api, "Slow")
    assert (await guest(f"GET {P}/issues/1")).status_code == 200
    assert (await guest(f"GET {P}/repository/tree")).status_code == 403
    assert (await guest(f"GET {P}/merge_requests")).status_code == 403


async def test_a_blocked_person_may_do_nothing(
    forge: GitLabSandbox, client: httpx2.AsyncClient, bot: Caller, shop: SimpleNamespace
) -> None:
    shop.ben.account.blocked = True
    assert (await caller(forge, client, shop.ben)(f"GET {P}")).status_code == 403
    assert (await bot(f"GET /users/{shop.ben.account.id}")).json()["state"] == "blocked"
    shop.ana.opens(shop.api, "docs/a.md")
    answer = await bot(f"PUT {P}/merge_requests/1", {"reviewer_ids": [shop.ben.account.id]})
    assert answer.json()["reviewers"] == []
