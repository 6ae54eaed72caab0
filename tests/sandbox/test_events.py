"""Everything that happens on the forge is told: one webhook for each thing."""

from __future__ import annotations

from types import SimpleNamespace

from app.forges.sandbox import Sandbox
from tests.sandbox.conftest import Receiver


async def test_installing_the_app_is_told_with_its_repositories(forge: Sandbox, receiver: Receiver) -> None:
    forge.organisation("shop", installed=False)
    forge.repository("shop/api")
    forge.install("shop")
    await forge.idle()
    assert receiver.events == ["installation.created"]
    payload = receiver.received[0].payload
    assert [each["full_name"] for each in payload["repositories"]] == ["shop/api"]
    assert payload["installation"]["id"] == forge.installation("shop").id > 0


async def test_taking_repositories_away_suspending_and_removing_the_app_are_told(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    web = forge.repository("shop/web")
    forge.select("shop", [web])
    forge.suspend("shop")
    forge.suspend("shop", on=False)
    forge.permit("shop", {"metadata": "read"})
    forge.uninstall("shop")
    await forge.idle()
    assert receiver.events == [
        "repository.created",
        "installation_repositories.added",
        "installation_repositories.removed",
        "installation.suspend",
        "installation.unsuspend",
        "installation.new_permissions_accepted",
        "installation.deleted",
    ]
    removed = receiver.told("installation_repositories", "removed")[0]
    assert [each["full_name"] for each in removed["repositories_removed"]] == ["shop/api"]


async def test_nothing_is_told_while_the_app_is_suspended(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    forge.suspend("shop")
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    assert receiver.events == ["installation.suspend"]


async def test_a_change_tells_of_each_step(forge: Sandbox, receiver: Receiver, shop: SimpleNamespace) -> None:
    ana, ben = shop.ana, shop.ben
    change = ana.opens(shop.api, "docs/a.md", draft=True)
    ana.readies(change)
    ana.drafts(change)
    ana.readies(change)
    ana.pushes(change, "pay/a.py")
    ana.edits(change, title="Another title")
    ben.labels(change, "bug")
    ben.unlabels(change, "bug")
    ben.asks(change, "carla", shop.pay)
    ben.unasks(change, "carla")
    ben.comments(change, "Nice.")
    shop.carla.reviews(change, "request_changes", "Please not.")
    ben.enqueues(change)
    ben.dequeues(change)
    ana.closes(change)
    ana.reopens(change)
    ben.merges(change)
    await forge.idle()
    assert receiver.events == [
        "pull_request.opened",
        "pull_request.ready_for_review",
        "pull_request.converted_to_draft",
        "pull_request.ready_for_review",
        "pull_request.synchronize",
        "pull_request.edited",
        "pull_request.labeled",
        "pull_request.unlabeled",
        "pull_request.review_requested",
        "pull_request.review_requested",
        "pull_request.review_request_removed",
        "issue_comment.created",
        "pull_request_review.submitted",
        "pull_request.enqueued",
        "pull_request.dequeued",
        "pull_request.closed",
        "pull_request.reopened",
        "push",
        "pull_request.closed",
    ]
    assert [each["pull_request"]["merged"] for each in receiver.told("pull_request", "closed")] == [
        False,
        True,
    ]


async def test_people_coming_and_going_are_told(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    dora = forge.person("dora")
    dora.joins("shop/pay")
    dora.leaves("shop/pay")
    dora.leaves_organisation("shop")
    forge.team("shop/web", members=[shop.ana])
    await forge.idle()
    assert receiver.events == [
        "organization.member_added",
        "membership.added",
        "membership.removed",
        "organization.member_removed",
        "team.created",
        "membership.added",
    ]


async def test_access_given_and_taken_is_told(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    admin = forge.person("root", member_of="shop", owner=True)
    web = forge.team("shop/web")
    await forge.idle()
    receiver.forget()
    admin.gives(shop.api, web, "read")
    admin.gives(shop.api, web, "none")
    admin.gives(shop.api, shop.ana, "write")
    admin.gives(shop.api, shop.ana, "none")
    await forge.idle()
    assert receiver.events == [
        "team.added_to_repository",
        "team_add",
        "team.removed_from_repository",
        "member.added",
        "member.removed",
    ]


async def test_what_becomes_of_a_repository_is_told(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    admin = forge.person("root", member_of="shop", owner=True)
    await forge.idle()
    receiver.forget()
    admin.renames(shop.api, "payments")
    admin.archives(shop.api)
    admin.unarchives(shop.api)
    shop.ben.commits(shop.api, {"docs/a.md": "more words\n", "new.md": "new\n"})
    admin.deletes(shop.api)
    await forge.idle()
    assert receiver.events == [
        "repository.renamed",
        "repository.archived",
        "repository.unarchived",
        "push",
        "repository.deleted",
    ]
    assert receiver.told("repository", "renamed")[0]["changes"] == {"repository": {"name": {"from": "api"}}}
    push = receiver.told("push")[0]
    assert (push["ref"], push["commits"][0]["added"], push["commits"][0]["modified"]) == (
        "refs/heads/main",
        ["new.md"],
        ["docs/a.md"],
    )


async def test_issues_checks_and_statuses_are_told(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    issue = shop.ben.reports(shop.api, "It is slow", labels=["bug"])
    shop.ben.closes(issue)
    change = shop.ben.opens(shop.api, "docs/a.md")
    forge.checks_finish(change, "failure")
    shop.ben.sets_status(change, "success")
    await forge.idle()
    assert receiver.events == [
        "issues.opened",
        "issues.labeled",
        "issues.closed",
        "push",
        "push",
        "pull_request.opened",
        "check_suite.completed",
        "status",
    ]
    assert receiver.told("check_suite")[0]["check_suite"]["conclusion"] == "failure"
