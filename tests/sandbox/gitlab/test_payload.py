"""What is in a webhook, and how GitLab writes it there: not as its REST API does."""

from __future__ import annotations

from types import SimpleNamespace

from app.forges.sandbox import GitLabSandbox
from tests.sandbox.gitlab.conftest import Caller, Receiver


async def test_times_addresses_and_people_are_written_in_the_webhooks_own_way(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    told = receiver.told("merge_request")[0]
    assert told["object_attributes"]["created_at"] == "2026-03-02 09:00:00 UTC"
    asked = (await bot("GET /projects/shop%2Fapi/merge_requests/1")).json()
    assert asked["created_at"] == "2026-03-02T09:00:00.000Z"
    assert told["user"]["email"] == "[REDACTED]"
    assert told["object_attributes"]["url"] == asked["web_url"]
    assert asked["web_url"].startswith(f"{forge.url}/shop/api/-/merge_requests/")


async def test_a_deleted_fork_leaves_a_hole(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ana.deletes(change.head_repository)
    shop.ana.closes(change)
    await forge.idle()
    about = receiver.told("merge_request", "close")[0]["object_attributes"]
    assert (about["source"], about["source_project_id"]) == (None, None)
    assert about["target_project_id"] == shop.api.id


async def test_lists_of_nobody_are_left_out(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.asks(change, "carla")
    shop.ben.unasks(change, "carla")
    await forge.idle()
    assert ["reviewers" in each for each in receiver.told("merge_request")] == [False, True, False]
    last = receiver.told("merge_request")[-1]
    assert last["changes"]["reviewers"]["current"] == []
    assert "assignees" not in last


async def test_a_push_carries_its_newest_twenty_commits_and_counts_all(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, {"n": "0"})
    for number in range(1, 25):
        shop.ben.pushes(change, {"n": str(number)})
    await forge.idle()
    receiver.forget()
    shop.carla.fast_forwards(shop.api, to=change.head)
    await forge.idle()
    push = receiver.told("push")[0]
    assert (len(push["commits"]), push["total_commits_count"]) == (20, 25)
    assert push["commits"][-1]["id"] == push["after"] == change.head


async def test_a_note_names_what_it_is_on(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """A merge request or an issue, never both; numbers of notes are beyond 32 bits."""
    shop.ben.comments(shop.ana.opens(shop.api, "docs/a.md"), "On a change")
    shop.ben.comments(shop.ana.reports(shop.api, "Slow"), "On an issue")
    await forge.idle()
    first, second = receiver.told("note")
    assert [("merge_request" in each, "issue" in each) for each in (first, second)] == [
        (True, False),
        (False, True),
    ]
    assert [each["object_attributes"]["noteable_type"] for each in (first, second)] == [
        "MergeRequest",
        "Issue",
    ]
    assert first["object_attributes"]["id"] > 2**31
