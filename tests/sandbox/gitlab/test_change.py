"""Opening, editing, merging and reopening merge requests: what GitLab does not let pass."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox, Protection
from tests.sandbox.gitlab.conftest import Caller, Receiver, caller

P = "/projects/shop%2Fapi"
M = f"{P}/merge_requests/1"


async def propose(bot: Caller, **more: Any) -> httpx2.Response:
    body = {"title": "A proposal", "source_branch": "words", "target_branch": "main"} | more
    return await bot(f"POST {P}/merge_requests", body)


async def test_a_second_one_from_the_same_branch_is_refused(bot: Caller, shop: SimpleNamespace) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md", branch="words")
    answer = await propose(bot)
    assert answer.status_code == 409
    assert answer.json() == {
        "message": ["Another open merge request already exists for this source branch: !1"]
    }
    shop.ben.closes(change)
    assert (await propose(bot)).status_code == 201


@pytest.mark.parametrize(
    ("given", "status", "message"),
    [
        ({"source_branch": "nowhere"}, 400, {"source_branch": ["does not exist"]}),
        ({"target_branch": "nowhere"}, 400, {"target_branch": ["does not exist"]}),
        ({"source_branch": "main"}, 422, ["You can't use same project/branch for source and target"]),
        ({"title": " "}, 400, {"title": ["can't be blank"]}),
    ],
    ids=["source", "target", "same", "title"],
)
async def test_what_cannot_be_opened(
    bot: Caller, shop: SimpleNamespace, given: dict[str, str], status: int, message: Any
) -> None:
    shop.ben.branches(shop.api, "words")
    answer = await propose(bot, **given)
    assert (answer.status_code, answer.json()["message"]) == (status, message)


async def test_a_missing_field_is_an_error_of_another_form(bot: Caller, shop: SimpleNamespace) -> None:
    answer = await bot(f"POST {P}/merge_requests", {"title": "x"})
    assert (answer.status_code, answer.json()) == (400, {"error": "target_branch is missing"})


async def test_one_without_commits_can_be_opened(bot: Caller, shop: SimpleNamespace) -> None:
    """Unlike on GitHub; it has no files."""
    shop.ben.branches(shop.api, "words")
    answer = await propose(bot)
    assert (answer.status_code, answer.json()["changes_count"]) == (201, None)
    assert (await bot(f"GET {M}/diffs")).json() == []


async def test_issues_and_merge_requests_are_counted_apart(bot: Caller, shop: SimpleNamespace) -> None:
    issue, change = shop.ana.reports(shop.api, "Slow"), shop.ana.opens(shop.api, "docs/a.md")
    assert (issue.number, change.number) == (1, 1)
    assert (await bot(f"GET {P}/issues/1")).json()["title"] == "Slow"


async def test_a_second_merge_is_refused(bot: Caller, shop: SimpleNamespace) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    assert (await bot(f"PUT {M}/merge", {"sha": "0" * 40})).status_code == 409
    merged = await bot(f"PUT {M}/merge", {})
    assert (merged.status_code, merged.json()["state"]) == (200, "merged")
    assert shop.api.head.message == "Merge branch 'ana-patch-1' into 'main'"
    again = await bot(f"PUT {M}/merge", {})
    assert (again.status_code, again.json()) == (405, {"message": "405 Method Not Allowed"})


async def test_a_draft_is_one_by_its_title_and_cannot_be_merged(bot: Caller, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md", title="Words", draft=True)
    await bot(f"GET {M}")
    told = (await bot(f"GET {M}")).json()
    assert (told["title"], told["draft"], told["detailed_merge_status"]) == (
        "Draft: Words",
        True,
        "draft_status",
    )
    assert (await bot(f"PUT {M}/merge", {})).status_code == 405
    shop.ana.readies(change)
    assert (change.title, change.draft) == ("Words", False)
    assert (await bot(f"PUT {M}/merge", {})).status_code == 200


@pytest.mark.parametrize("title", ["draft: x", "[Draft] x", "(DRAFT) x", "Draft: [Draft] x"])
async def test_every_mark_of_a_draft_counts_and_goes(shop: SimpleNamespace, title: str) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md", title=title)
    assert change.draft
    shop.ana.readies(change)
    assert (change.title, change.draft) == ("x", False)


async def test_a_conflict_cannot_be_merged(bot: Caller, shop: SimpleNamespace) -> None:
    shop.ana.opens(shop.api, {"docs/a.md": "mine\n"})
    shop.ben.commits(shop.api, {"docs/a.md": "theirs\n"})
    await bot(f"GET {M}")
    told = (await bot(f"GET {M}")).json()
    assert (told["has_conflicts"], told["detailed_merge_status"]) == (True, "conflict")
    answer = await bot(f"PUT {M}/merge", {})
    assert (answer.status_code, answer.json()["message"]) == (422, "Branch cannot be merged")


async def test_who_may_not_merge_is_unauthorised(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    shop.ben.opens(shop.api, "docs/a.md")
    assert (await caller(forge, client, shop.ana)(f"PUT {M}/merge", {})).status_code == 401


async def test_what_stands_in_the_way_of_a_merge(bot: Caller, shop: SimpleNamespace) -> None:
    shop.api.protections["main"] = Protection(approvals=1, checks=("build",), resolve_threads=True)
    told = (await bot(f"GET {P}")).json()
    assert told["only_allow_merge_if_pipeline_succeeds"]
    assert told["only_allow_merge_if_all_discussions_are_resolved"]
    change = shop.ana.opens(shop.api, "docs/a.md")
    await bot(f"GET {M}")

    async def status() -> str:
        return str((await bot(f"GET {M}")).json()["detailed_merge_status"])

    shop.ben.reviews(change, "request_changes", "Why?")
    assert await status() == "requested_changes"
    shop.ben.reviews(change, "approve")
    assert await status() == "ci_must_pass"
    shop.ben.sets_status(change, "pending", "build")
    assert await status() == "ci_still_running"
    shop.ben.sets_status(change, "success", "build")
    assert await status() == "mergeable"
    remark = shop.ben.remarks_on(change, "docs/a.md", "And this?")
    assert await status() == "discussions_not_resolved"
    shop.ana.resolves(remark)
    shop.ben.unapproves(change)
    assert await status() == "not_approved"
    shop.ana.closes(change)
    assert await status() == "not_open"


async def test_a_protected_branch_says_what_it_wants(bot: Caller, shop: SimpleNamespace) -> None:
    path = f"{P}/protected_branches"
    assert (await bot(f"GET {path}/main")).status_code == 404
    shop.api.protections["main"] = Protection(owners_approve=True)
    assert (await bot(f"GET {path}/main")).json()["code_owner_approval_required"] is True
    assert [each["name"] for each in (await bot(f"GET {path}")).json()] == ["main"]


@pytest.mark.parametrize("tier", ["free"])
async def test_on_free_approvals_and_objections_do_not_block(bot: Caller, shop: SimpleNamespace) -> None:
    shop.api.protections["main"] = Protection(approvals=2)
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.reviews(change, "request_changes", "Why?")
    approvals = (await bot(f"GET {M}/approvals")).json()
    assert (approvals["approved"], "approvals_required" in approvals) == (True, False)
    assert (await bot(f"PUT {M}/merge", {})).status_code == 200


async def test_what_cannot_be_reopened(bot: Caller, shop: SimpleNamespace) -> None:
    merged = shop.ben.opens(shop.api, "one.md", branch="one")
    shop.ben.merges(merged)
    gone = shop.ben.opens(shop.api, "two.md", branch="two")
    shop.ben.removes_branch(shop.api, "two")
    replaced = shop.ben.opens(shop.api, "three.md", branch="words")
    shop.ben.closes(replaced)
    await propose(bot)
    statuses = [
        (await bot(f"PUT {P}/merge_requests/{change.number}", {"state_event": "reopen"})).status_code
        for change in (merged, gone, replaced)
    ]
    assert statuses == [405, 400, 409]


async def test_one_call_changes_many_things_and_is_told_once(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md", title="Old")
    shop.ben.labels(change, "one")
    await forge.idle()
    receiver.forget()
    body = {
        "title": "Draft: New",
        "description": "Because.",
        "add_labels": "two,three",
        "remove_labels": ["one"],
        "assignee_ids": [shop.ben.account.id],
    }
    answer = (await bot(f"PUT {M}", body)).json()
    assert (answer["labels"], answer["draft"]) == (["two", "three"], True)
    assert (await bot(f"PUT {M}", {"labels": "only"})).json()["labels"] == ["only"]
    assert (await bot(f"PUT {M}", {})).status_code == 400
    await forge.idle()
    first, second = receiver.told("merge_request", "update")
    assert set(first["changes"]) == {"title", "description", "draft", "labels", "assignees", "updated_at"}
    assert first["changes"]["draft"] == {"previous": False, "current": True}
    assert [each["title"] for each in second["changes"]["labels"]["previous"]] == ["two", "three"]


async def test_lists_are_filtered_and_sorted(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    """The newest first, whatever their state, unless told; a group's hold those of its subgroups."""
    first, second, third = (shop.ana.opens(shop.api, f"docs/{name}.md") for name in "abc")
    refunds = forge.repository("shop/pay/refunds")
    fourth = shop.ben.opens(refunds, "README.md")
    forge.later("1h")
    shop.ben.comments(first, "Hello")
    shop.ben.merges(second)
    shop.ben.labels(third, "bug")

    async def listed(path: str) -> list[str]:
        return [each["references"]["full"] for each in (await bot(f"GET {path}")).json()]

    mrs = f"{P}/merge_requests"
    assert await listed(mrs) == ["shop/api!3", "shop/api!2", "shop/api!1"]
    assert await listed(f"{mrs}?state=opened&order_by=updated_at&sort=asc") == ["shop/api!1", "shop/api!3"]
    assert await listed(f"{mrs}?state=merged") == ["shop/api!2"]
    assert await listed(f"{mrs}?labels=bug") == ["shop/api!3"]
    assert await listed(f"{mrs}?iids[]=1&iids[]=3") == ["shop/api!3", "shop/api!1"]
    assert await listed(f"{mrs}?source_branch={first.head_branch}") == ["shop/api!1"]
    assert fourth.number == 1
    assert await listed("/groups/shop/merge_requests?state=opened&scope=all") == [
        "shop/pay/refunds!1",
        "shop/api!3",
        "shop/api!1",
    ]
    assert await listed("/groups/shop%2Fpay/merge_requests?scope=all") == ["shop/pay/refunds!1"]
    assert await listed("/merge_requests") == []
    assert (await bot(f"GET {mrs}?state=open")).json() == {"error": "state does not have a valid value"}


async def test_nothing_can_be_written_to_an_archived_project(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    forge.person("boss", member_of="shop", owner=True).archives(shop.api)
    assert (await bot(f"POST {M}/notes", {"body": "Hello"})).status_code == 403
