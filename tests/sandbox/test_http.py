"""What HTTP itself does: caching, pages, limits, names, and requests that make no sense."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import pytest

from app.forges.sandbox import Sandbox
from tests.sandbox.conftest import Bot

REPOSITORY = "GET /repos/shop/api"


async def test_an_etag_holds_for_the_token_that_earned_it(bot: Bot, shop: SimpleNamespace) -> None:
    first = await bot(REPOSITORY)
    etag = first.headers["etag"]
    again = await bot(REPOSITORY, If_None_Match=etag)
    assert (again.status_code, again.content) == (304, b"")
    bot.token = await bot.mint()
    other = await bot(REPOSITORY, If_None_Match=etag)
    assert other.status_code == 200
    assert other.json() == first.json()


async def test_a_304_costs_nothing(bot: Bot, shop: SimpleNamespace) -> None:
    first = await bot(REPOSITORY)
    same = await bot(REPOSITORY, If_None_Match=first.headers["etag"])
    left = [int(each.headers["x-ratelimit-remaining"]) for each in (first, same)]
    assert left[0] == left[1]
    assert int((await bot(REPOSITORY)).headers["x-ratelimit-remaining"]) == left[0] - 1


async def test_the_time_of_the_last_change_holds_for_any_token(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    path = f"GET /repos/shop/api/pulls/{change.number}"
    seen = (await bot(path)).headers["last-modified"]
    bot.token = await bot.mint()
    assert (await bot(path, If_Modified_Since=seen)).status_code == 304
    forge.later("1m")
    shop.ben.comments(change, "Hello")
    assert (await bot(path, If_Modified_Since=seen)).status_code == 200


async def test_an_answer_that_changed_is_sent_whole(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    path = f"GET /repos/shop/api/issues/{change.number}/comments"
    etag = (await bot(path)).headers["etag"]
    shop.ben.comments(change, "Hello")
    assert (await bot(path, If_None_Match=etag)).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/repos/SHOP/Api", "/repos/shop/API/contents/docs/a.md", "/orgs/Shop/teams/PAY/members", "/users/BEN"],
)
async def test_names_are_the_same_in_any_case(bot: Bot, shop: SimpleNamespace, path: str) -> None:
    assert (await bot(f"GET {path}")).status_code == 200


async def test_paths_of_files_are_not(bot: Bot, shop: SimpleNamespace) -> None:
    assert (await bot("GET /repos/shop/api/contents/Docs/a.md")).status_code == 404


async def test_every_answer_tells_the_time_and_the_limits(bot: Bot, shop: SimpleNamespace) -> None:
    for answer in (await bot(REPOSITORY), await bot("GET /repos/shop/nothing"), await bot.client.get("/app")):
        told = parsedate_to_datetime(answer.headers["date"]).timestamp()
        assert abs(told - time.time()) < 3
        for name in ("limit", "remaining", "used", "reset", "resource"):
            assert answer.headers[f"x-ratelimit-{name}"]


async def test_the_date_is_the_forges_own(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    """Its clock may be wrong, and an App that trusts its own is then refused."""
    forge.wall.later("4m")
    answer = await bot.as_app("GET /app", iat=int(time.time()) - 60, exp=int(time.time()) + 200)
    assert answer.status_code == 401
    ahead = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
    assert 235 < ahead < 245


async def test_links_name_a_repository_by_its_number(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    """As GitHub's do; following them works."""
    for number in range(3):
        shop.ana.opens(shop.api, f"docs/{number}.md")
    answer = await bot("GET /repos/shop/api/pulls?state=open&per_page=2")
    link = answer.links["next"]["url"]
    assert link.startswith(f"{forge.url}/repositories/{shop.api.id}/pulls?")
    following = await bot(f"GET {link.removeprefix(forge.url)}")
    assert [each["number"] for each in answer.json() + following.json()] == [3, 2, 1]


async def test_a_repository_is_found_by_its_number_and_by_its_old_name(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    forge.person("root", member_of="shop", owner=True).renames(shop.api, "payments")
    body = (await bot(f"GET /repositories/{shop.api.id}")).json()
    assert body["full_name"] == "shop/payments"
    moved = await bot("GET /repos/shop/api/pulls/1")
    assert moved.status_code == 301
    assert moved.headers["location"] == f"{forge.url}/repositories/{shop.api.id}/pulls/1"
    write = await bot("POST /repos/shop/api/issues", {"title": "Hello"})
    assert write.status_code == 307
    assert (await bot("GET /repos/shop/payments")).status_code == 200


async def test_requests_that_make_no_sense_are_told_so(bot: Bot, shop: SimpleNamespace) -> None:
    await bot(REPOSITORY)
    headers = {"Authorization": f"token {bot.token}"}
    broken = await bot.client.post("/repos/shop/api/issues", content=b"{", headers=headers)
    assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")
    listed = await bot.client.post("/repos/shop/api/issues", json=["title"], headers=headers)
    assert listed.status_code == 400
    assert (await bot("GET /no/such/place")).status_code == 404
    assert (await bot("GET /repos/shop/api/pulls/one")).status_code == 404
    answer = await bot("GET /repos/shop/api/pulls/77")
    assert (answer.status_code, answer.json()["status"]) == (404, "404")


async def test_an_issue_is_no_change(bot: Bot, shop: SimpleNamespace) -> None:
    issue = shop.ana.reports(shop.api, "It is slow")
    assert (await bot(f"GET /repos/shop/api/pulls/{issue.number}")).status_code == 404
    assert (await bot(f"GET /repos/shop/api/issues/{issue.number}")).status_code == 200


async def test_the_primary_limit_ends_all_calls_until_its_reset(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    forge.github.limits.allowance.primary = 3
    for _ in range(3):
        assert (await bot(REPOSITORY)).status_code == 200
    answer = await bot(REPOSITORY)
    assert answer.status_code == 403
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert int(answer.headers["x-ratelimit-reset"]) > time.time() + 3_000
    assert (await bot.as_app("GET /app")).status_code == 200


async def test_writing_too_fast_is_blocked_for_a_while(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    """Eighty a minute; reading goes on."""
    change = shop.ana.opens(shop.api, "docs/a.md")
    comment = f"POST /repos/shop/api/issues/{change.number}/comments"
    forge.github.limits.allowance.content_a_minute = 5
    statuses = [(await bot(comment, {"body": f"Number {number}"})).status_code for number in range(6)]
    assert statuses == [201] * 5 + [403]
    blocked = await bot(comment, {"body": "Now?"})
    assert "secondary rate limit" in blocked.json()["message"]
    assert 50 < int(blocked.headers["retry-after"]) <= 61
    assert (await bot(REPOSITORY)).status_code == 200
    assert len(change.remarks) == 5


async def test_participation_is_computed_in_the_background(bot: Bot, shop: SimpleNamespace) -> None:
    path = "GET /repos/shop/api/stats/participation"
    assert (await bot(path)).status_code == 202
    weeks = (await bot(path)).json()["all"]
    assert (len(weeks), weeks[-1]) == (52, 1)


async def test_an_app_is_registered_from_a_manifest(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    manifest = {
        "name": "Usher of Shop",
        "url": "https://usher.example",
        "redirect_url": "https://usher.example/setup/done",
        "hook_attributes": {"url": "https://usher.example/webhooks/github", "active": True},
        "public": False,
        "default_permissions": {"contents": "read"},
        "default_events": ["push"],
    }
    form = "/organizations/shop/settings/apps/new?state=a-state"
    answer = await bot.client.post(form, data={"manifest": json.dumps(manifest)})
    assert answer.status_code == 302
    back = answer.headers["location"]
    assert back.startswith("https://usher.example/setup/done?code=")
    assert back.endswith("&state=a-state")
    code = back.partition("code=")[2].partition("&")[0]
    keys = await bot.client.post(f"/app-manifests/{code}/conversions")
    assert keys.status_code == 201
    assert keys.json()["slug"] == "usher-of-shop"
    assert keys.json()["pem"] == forge.private_key
    assert keys.json()["webhook_secret"] == forge.webhook_secret
    assert forge.webhook_url == "https://usher.example/webhooks/github"
    assert (await bot.client.post(f"/app-manifests/{code}/conversions")).status_code == 404
    assert (await bot.as_app("GET /app")).json()["events"] == ["push"]
    no_hook = json.dumps({**manifest, "hook_attributes": {}})
    assert (await bot.client.post(form, data={"manifest": no_hook})).status_code == 422
