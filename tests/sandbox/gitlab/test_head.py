"""A push moves the head, is told with `oldrev`, and takes approvals where the project says so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.forges.sandbox import GitLabSandbox, Protection
from tests.sandbox.gitlab.conftest import Caller, Receiver

M = "/projects/shop%2Fapi/merge_requests/1"


async def test_a_push_is_an_update_with_the_commit_before(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, "pay/a.py")
    before = change.head
    shop.ben.pushes(change, "docs/a.md")
    body = (await bot(f"GET {M}")).json()
    assert (body["sha"], body["changes_count"]) == (change.head, "2")
    await forge.idle()
    told = receiver.told("merge_request", "update")[0]
    assert told["object_attributes"]["oldrev"] == before
    assert told["object_attributes"]["last_commit"]["id"] == change.head
    assert told["changes"] == {}
    assert "oldrev" not in receiver.told("merge_request", "open")[0]["object_attributes"]


async def test_a_push_resets_approvals_where_the_project_says_so(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Told since 18.6, with what the system did; the reviewer is unapproved by then."""
    shop.api.protections["main"] = Protection(approvals=1, dismiss_stale=True)
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.asks(change, "carla")
    shop.carla.reviews(change, "approve")
    await forge.idle()
    receiver.forget()
    shop.ana.pushes(change, "docs/a.md")
    assert (await bot(f"GET {M}/approvals")).json()["approved_by"] == []
    assert (await bot(f"GET {M}/reviewers")).json()[0]["state"] == "unapproved"
    await forge.idle()
    (told,) = receiver.told("merge_request", "unapproved")
    assert told["object_attributes"]["system"] is True
    assert told["object_attributes"]["system_action"] == "approvals_reset_on_push"


@pytest.mark.parametrize("version", [(18, 5)])
async def test_older_versions_reset_in_silence(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.api.protections["main"] = Protection(dismiss_stale=True)
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.reviews(change, "approve")
    shop.ana.pushes(change, "docs/a.md")
    assert (await bot(f"GET {M}/approvals")).json()["approved_by"] == []
    await forge.idle()
    assert receiver.told("merge_request", "unapproved") == []


async def test_where_no_approval_was_needed_the_reset_has_the_lesser_name(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.api.protections["main"] = Protection(dismiss_stale=True)
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.reviews(change, "approve")
    shop.ana.pushes(change, "docs/a.md")
    await forge.idle()
    (told,) = receiver.told("merge_request", "unapproval")
    assert told["object_attributes"]["system"] is True


@pytest.mark.parametrize("tier", ["free"])
async def test_free_resets_nothing(forge: GitLabSandbox, shop: SimpleNamespace) -> None:
    shop.api.protections["main"] = Protection(dismiss_stale=True)
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.reviews(change, "approve")
    shop.ana.pushes(change, "docs/a.md")
    assert len(change.approvals) == 1


async def test_without_that_setting_approvals_stay(bot: Caller, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.reviews(change, "approve")
    shop.ana.pushes(change, "docs/a.md")
    (by,) = (await bot(f"GET {M}/approvals")).json()["approved_by"]
    assert by["user"]["username"] == "ben"


async def test_a_new_target_is_told_with_the_old_one(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.ben.branches(shop.api, "release")
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ana.retargets(change, "release")
    await forge.idle()
    changes = receiver.told("merge_request", "update")[0]["changes"]
    assert changes["target_branch"] == {"previous": "main", "current": "release"}


async def test_commits_pushed_to_the_target_merge_it(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, "pay/a.py")
    shop.ben.fast_forwards(shop.api, to=change.head)
    assert change.merged
    await forge.idle()
    assert receiver.events[-1] == "merge_request.merge"


async def test_a_removed_source_branch_closes_it(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, "pay/a.py", branch="words")
    shop.ben.removes_branch(shop.api, "words")
    assert change.state == "closed"
    await forge.idle()
    assert receiver.events[-2:] == ["push", "merge_request.close"]
