"""What happens on GitLab is told to the hooks that listen: group hooks on paid tiers, project hooks everywhere."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.forges.sandbox import GitLabSandbox
from tests.sandbox.gitlab.conftest import Caller, Receiver


async def test_a_merge_request_tells_of_each_step(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    ana, ben = shop.ana, shop.ben
    change = ana.opens(shop.api, "docs/a.md", draft=True)
    ana.readies(change)
    ana.drafts(change)
    ana.readies(change)
    ana.pushes(change, "pay/a.py")
    ana.edits(change, title="Better words", body="Because.")
    ben.labels(change, "bug")
    ben.unlabels(change, "bug")
    ben.closes(change)
    ben.reopens(change)
    ben.merges(change)
    await forge.idle()
    assert receiver.events == [
        "merge_request.open",
        *["merge_request.update"] * 7,
        "merge_request.close",
        "merge_request.reopen",
        "push",
        "merge_request.merge",
    ]
    drafts = [
        each["changes"]["draft"] for each in receiver.told("merge_request") if "draft" in each["changes"]
    ]
    assert [each["current"] for each in drafts] == [False, True, False]


async def test_nothing_changed_is_nothing_told(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md", title="Words")
    shop.ana.readies(change)
    shop.ana.edits(change, title="Words")
    shop.ben.unlabels(change, "bug")
    shop.ben.unasks(change, "carla")
    shop.ana.retargets(change, "main")
    shop.ana.reopens(change)
    await forge.idle()
    assert receiver.events == ["merge_request.open"]


async def test_notes_are_told_when_made_and_edited_but_not_when_deleted(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    note = shop.ben.comments(change, "Hm.")
    shop.ben.amends(note, "Hm!")
    shop.ben.unsays(note)
    await forge.idle()
    assert receiver.events[1:] == ["note.create", "note.update"]
    made, edited = receiver.told("note")
    assert made["merge_request"]["iid"] == 1
    assert (made["object_attributes"]["note"], edited["object_attributes"]["note"]) == ("Hm.", "Hm!")


async def test_issues_incidents_and_confidential_ones(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Incidents are `work_item`; what is confidential has an event type of its own."""
    issue = shop.ana.reports(shop.api, "Slow", labels=["bug"])
    shop.ben.labels(issue, "bug")
    shop.ben.comments(issue, "How slow?")
    shop.ben.closes(issue)
    shop.ana.reopens(issue)
    post = "POST /projects/shop%2Fapi/issues"
    await bot(post, {"title": "Down", "issue_type": "incident"})
    await bot(post, {"title": "Hole", "confidential": True})
    await forge.idle()
    assert receiver.events == [
        "issue.open",
        "issue.update",
        "note.create",
        "issue.close",
        "issue.reopen",
        "work_item.open",
        "issue.open",
    ]
    assert receiver.received[5].attributes["type"] == "Incident"
    assert receiver.received[6].payload["event_type"] == "confidential_issue"
    assert receiver.received[6].headers["x-gitlab-event"] == "Confidential Issue Hook"


async def test_a_hook_without_the_confidential_flag_hears_of_nothing_confidential(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver
) -> None:
    group = forge.organisation("shop", hooked=False)
    forge.hook(group, confidential_issues_events=False, confidential_note_events=False)
    forge.repository("shop/api")
    await forge.idle()
    receiver.forget()
    post = "POST /projects/shop%2Fapi/issues"
    await bot(post, {"title": "Hole", "confidential": True})
    await bot(f"{post}/1/notes", {"body": "Oh."})
    await bot(post, {"title": "Open"})
    await bot(f"{post}/2/notes", {"body": "Among us", "internal": True})
    await forge.idle()
    assert receiver.events == ["issue.open"]


async def test_pushes_pipelines_projects_subgroups_and_members(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md")
    await forge.idle()
    receiver.forget()
    shop.carla.commits(shop.api, {"new.md": "x"})
    forge.checks_finish(change, "failure")
    shop.ben.sets_status(change, "pending", "deploy")
    boss = forge.person("boss", member_of="shop", owner=True)
    web = forge.repository("shop/web")
    forge.team("shop/night", parent=shop.pay)
    shop.ana.joins(shop.pay)
    forge.role(shop.pay, shop.ana.account, "maintain")
    shop.ana.leaves(shop.pay)
    boss.deletes(web)
    await forge.idle()
    assert receiver.events == [
        "push",
        "pipeline",
        "pipeline",
        "user_add_to_group",
        "project_create",
        "subgroup_create",
        "user_add_to_group",
        "user_update_for_group",
        "user_remove_from_group",
        "project_destroy",
    ]
    push, failed, running = (each.payload for each in receiver.received[:3])
    assert [each["added"] for each in push["commits"]] == [["new.md"]]
    assert [each["object_attributes"]["status"] for each in (failed, running)] == ["failed", "running"]
    assert failed["merge_request"]["iid"] == change.number
    assert receiver.told("subgroup_create")[0]["full_path"] == "shop/pay/night"


async def test_a_push_of_more_than_three_branches_is_told_to_nobody(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.ben.branches(shop.api, "a", "b", "c")
    shop.ben.branches(shop.api, "d", "e", "f", "g")
    await forge.idle()
    assert [each.payload["ref"] for each in receiver.received] == [f"refs/heads/{name}" for name in "abc"]
    assert set("abcdefg") < set(shop.api.branches)


async def test_a_group_hook_and_a_project_hook_both_fire_under_two_names(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    forge.hook(shop.api)
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    first, second = receiver.received
    assert first.payload == second.payload
    for name in ("webhook-id", "idempotency-key", "x-gitlab-webhook-uuid", "x-gitlab-event-uuid"):
        assert first.headers[name] != second.headers[name]
    assert first.headers["webhook-id"] == first.headers["idempotency-key"]
    assert first.headers["x-gitlab-instance"] == forge.url


@pytest.mark.parametrize("tier", ["free"])
async def test_free_has_project_hooks_alone(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    forge.hook(shop.group)
    shop.ana.opens(shop.api, "docs/a.md")
    shop.ana.joins(shop.pay)
    await forge.idle()
    assert receiver.events == ["merge_request.open"]


async def test_a_subgroups_projects_are_heard_by_the_groups_above_and_nobody_elses(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    forge.organisation("bank", hooked=False)
    vault = forge.repository("bank/vault", collaborators={"ben": "write"})
    refunds = forge.repository("shop/pay/refunds")
    await forge.idle()
    receiver.forget()
    shop.ben.opens(vault, "README.md")
    shop.ben.opens(refunds, "README.md")
    await forge.idle()
    assert [each.payload["project"]["path_with_namespace"] for each in receiver.received] == [
        "shop/pay/refunds"
    ] * len(receiver.received)
    assert receiver.events == ["push", "push", "merge_request.open"]


async def test_a_token_that_ends_soon_is_told(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    forge.token_expires(shop.group)
    await forge.idle()
    assert receiver.received[0].payload["event_name"] == "expiring_access_token"


async def test_a_branch_filter_holds_pushes_back(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    (hook,) = forge.gitlab.hooks.known.values()
    hook.push_events_branch_filter = "release/*"
    shop.ben.commits(shop.api, "docs/a.md")
    shop.ben.branches(shop.api, "release/1")
    await forge.idle()
    assert [each.payload["ref"] for each in receiver.received] == ["refs/heads/release/1"]


@pytest.mark.parametrize("version", [(17, 3)])
async def test_old_versions_name_no_delivery_and_sign_nothing(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    headers = receiver.received[0].headers
    assert "x-gitlab-token" in headers
    assert not {"idempotency-key", "webhook-id", "webhook-signature"} & set(headers)


async def test_a_call_made_from_within_a_webhook_hands_its_name_on(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Which is why `X-Gitlab-Event-UUID` tells deliveries apart for nobody."""
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    name = receiver.received[0].headers["x-gitlab-event-uuid"]
    note = "POST /projects/shop%2Fapi/merge_requests/1/notes"
    await bot(note, {"body": "Hello"}, X_Gitlab_Event_UUID=name)
    await forge.idle()
    assert receiver.received[1].headers["x-gitlab-event-uuid"] == name
    assert receiver.received[1].headers["webhook-id"] != receiver.received[0].headers["webhook-id"]
