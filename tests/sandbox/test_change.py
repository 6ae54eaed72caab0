"""Opening, merging and reopening changes: what GitHub does not let pass."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest

from app.forges.sandbox import Protection, Refused, Sandbox
from app.forges.sandbox.github.site import PERMISSIONS
from tests.sandbox.conftest import Bot

WRITER = {**PERMISSIONS, "contents": "write"}


async def propose(bot: Bot, **more: object) -> tuple[int, dict[str, object]]:
    body = {"title": "A proposal", "head": "words", "base": "main"} | more
    answer = await bot("POST /repos/shop/api/pulls", body)
    return answer.status_code, answer.json()


async def test_a_second_change_from_the_same_branch_is_refused(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md", branch="words")
    status, body = await propose(bot)
    assert status == 422
    assert body["errors"][0]["message"] == "A pull request already exists for shop:words."  # type: ignore[index]
    shop.ben.closes(change)
    assert (await propose(bot))[0] == 201


@pytest.mark.parametrize(("end", "field"), [({"base": "nowhere"}, "base"), ({"head": "nowhere"}, "head")])
async def test_a_missing_branch_is_refused(
    bot: Bot, shop: SimpleNamespace, end: dict[str, str], field: str
) -> None:
    shop.ben.branches(shop.api, "words")
    status, body = await propose(bot, **end)
    assert status == 422
    assert body["errors"] == [{"resource": "PullRequest", "field": field, "code": "invalid"}]


async def test_a_branch_without_commits_of_its_own_is_refused(bot: Bot, shop: SimpleNamespace) -> None:
    shop.ben.branches(shop.api, "words")
    status, body = await propose(bot)
    assert status == 422
    assert body["errors"][0]["message"] == "No commits between main and words"  # type: ignore[index]


async def test_a_change_needs_a_title(bot: Bot, shop: SimpleNamespace) -> None:
    shop.ben.opens(shop.api, "docs/a.md", branch="words")
    status, _ = await propose(bot, title=" ")
    assert status == 422


async def test_a_second_merge_is_refused(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    forge.permit("shop", WRITER)
    change = shop.ana.opens(shop.api, "docs/a.md")
    merge = f"PUT /repos/shop/api/pulls/{change.number}/merge"
    assert (await bot(merge, {})).status_code == 200
    assert shop.api.head.tree["docs/a.md"].content.endswith(b"ana was here\n")
    assert (await bot(merge, {})).status_code == 405
    assert (await bot(f"GET /repos/shop/api/pulls/{change.number}/merge")).status_code == 204


async def test_a_draft_cannot_be_merged(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    forge.permit("shop", WRITER)
    change = shop.ana.opens(shop.api, "docs/a.md", draft=True)
    merge = f"PUT /repos/shop/api/pulls/{change.number}/merge"
    answer = await bot(merge, {})
    assert (answer.status_code, answer.json()["message"]) == (405, "Pull Request is still a draft")
    shop.ana.readies(change)
    assert (await bot(merge, {})).status_code == 200


async def test_a_conflict_or_a_moved_head_cannot_be_merged(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    forge.permit("shop", WRITER)
    change = shop.ana.opens(shop.api, {"docs/a.md": "mine\n"})
    merge = f"PUT /repos/shop/api/pulls/{change.number}/merge"
    assert (await bot(merge, {"sha": "0" * 40})).status_code == 409
    shop.ben.commits(shop.api, {"docs/a.md": "theirs\n"})
    assert (await bot(merge, {})).status_code == 405
    assert change.open


async def test_a_protected_branch_wants_approvals_and_checks(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    forge.permit("shop", WRITER)
    forge.repository(
        "shop/web", teams={"shop/pay": "write"}, protect=Protection(approvals=1, checks=("build", "ci/build"))
    )
    change = shop.ana.opens("shop/web", "README.md")
    merge = "PUT /repos/shop/web/pulls/1/merge"
    assert "approving review" in (await bot(merge, {})).json()["message"]
    shop.ben.reviews(change, "approve")
    assert '"build"' in (await bot(merge, {})).json()["message"]
    forge.checks_finish(change)
    shop.ben.sets_status(change, "success", "ci/build")
    rules = (await bot("GET /repos/shop/web/rules/branches/main")).json()
    assert {each["type"] for each in rules} == {"pull_request", "required_status_checks"}
    assert (await bot(merge, {})).status_code == 200


async def test_what_cannot_be_reopened(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    """A merged change; one whose branch is gone; one whose branch has another open change."""
    merged = shop.ben.opens(shop.api, "one.md", branch="one")
    shop.ben.merges(merged)
    gone = shop.ben.opens(shop.api, "two.md", branch="two")
    shop.ben.removes_branch(shop.api, "two")
    replaced = shop.ben.opens(shop.api, "three.md", branch="words")
    shop.ben.closes(replaced)
    await propose(bot)
    for change in (merged, gone, replaced):
        answer = await bot(f"PATCH /repos/shop/api/pulls/{change.number}", {"state": "open"})
        assert answer.status_code == 422, change.title


async def test_nothing_can_be_written_to_an_archived_repository(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    forge.person("root", member_of="shop", owner=True).archives(shop.api)
    answer = await bot(f"POST /repos/shop/api/issues/{change.number}/comments", {"body": "Hello"})
    assert (answer.status_code, answer.json()["message"]) == (403, "Repository was archived so is read-only.")
    check = await bot("POST /repos/shop/api/check-runs", {"name": "usher", "head_sha": change.head})
    assert check.status_code == 403
    with pytest.raises(Refused):
        shop.ben.reviews(change, "approve")


async def test_a_bot_proposes_a_file_on_a_new_branch(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    forge.permit("shop", WRITER)
    ref = {"ref": "refs/heads/usher/welcome", "sha": shop.api.head.sha}
    assert (await bot("POST /repos/shop/api/git/refs", ref)).status_code == 201
    assert (await bot("POST /repos/shop/api/git/refs", ref)).status_code == 422
    file = {
        "message": "Say welcome",
        "content": base64.b64encode(b"Welcome!\n").decode(),
        "branch": "usher/welcome",
    }
    put = "PUT /repos/shop/api/contents/CONTRIBUTING.md"
    assert (await bot(put, file)).status_code == 201
    assert (await bot(put, file)).status_code == 422
    assert (await bot(put, {**file, "sha": "0" * 40})).status_code == 409
    sha = (await bot("GET /repos/shop/api/contents/CONTRIBUTING.md?ref=usher/welcome")).json()["sha"]
    assert (await bot(put, {**file, "sha": sha})).status_code == 200
    status, body = await propose(bot, head="usher/welcome", draft=True)
    assert (status, body["draft"], body["user"]["login"]) == (201, True, "usher[bot]")  # type: ignore[index]


async def test_a_fast_forward_is_wanted_unless_forced(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    forge.permit("shop", WRITER)
    old = shop.api.head.sha
    shop.ben.commits(shop.api, "docs/a.md")
    update = "PATCH /repos/shop/api/git/refs/heads/main"
    assert (await bot(update, {"sha": old})).status_code == 422
    assert (await bot(update, {"sha": "0" * 40})).status_code == 422
    assert (await bot(update, {"sha": old, "force": True})).status_code == 200
    assert (await bot("GET /repos/shop/api/git/ref/heads/main")).json()["object"]["sha"] == old


async def test_changes_are_listed_open_and_newest_first_unless_told(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    first, second, third = (shop.ana.opens(shop.api, f"docs/{name}.md") for name in "abc")
    forge.later("1h")
    shop.ben.comments(first, "Hello")
    shop.ben.merges(second)

    async def listed(query: str) -> list[int]:
        return [each["number"] for each in (await bot(f"GET /repos/shop/api/pulls{query}")).json()]

    assert await listed("") == [third.number, first.number]
    assert await listed("?state=open&sort=updated&direction=desc") == [first.number, third.number]
    assert await listed("?state=closed") == [second.number]
    assert await listed(f"?head=ana:{third.head_branch}") == [third.number]
    assert await listed("?base=release") == []
