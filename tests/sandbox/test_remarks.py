"""Remarks: who may edit them, how long they may be, and how a bot's look."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.forges.sandbox import Refused, Sandbox
from tests.sandbox.conftest import Bot, Receiver


async def test_strangers_cannot_edit_but_authors_and_writers_can(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """The event names who edited, which need not be the author."""
    change = shop.ben.opens(shop.api, "docs/a.md")
    remark = shop.ana.comments(change, "I wonder.")
    with pytest.raises(Refused):
        forge.person("dora", member_of="shop").amends(remark, "I do not.")
    shop.ana.amends(remark, "I wonder why.")
    shop.carla.amends(remark, "She wonders why.")
    await forge.idle()
    edits = receiver.told("issue_comment", "edited")
    assert [(each["sender"]["login"], each["comment"]["user"]["login"]) for each in edits] == [
        ("ana", "ana"),
        ("carla", "ana"),
    ]
    assert edits[0]["changes"] == {"body": {"from": "I wonder."}}
    with pytest.raises(Refused):
        forge.person("dora").unsays(remark)
    shop.carla.unsays(remark)
    await forge.idle()
    assert receiver.events[-1] == "issue_comment.deleted"
    assert change.remarks == []


async def test_a_remark_has_at_most_65536_characters(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    comments = f"POST /repos/shop/api/issues/{change.number}/comments"
    assert (await bot(comments, {"body": "é" * 65_536})).status_code == 201
    answer = await bot(comments, {"body": "é" * 65_537})
    assert answer.status_code == 422
    assert "65536" in answer.json()["errors"][0]["message"]
    number = change.remarks[0].id
    edit = f"PATCH /repos/shop/api/issues/comments/{number}"
    assert (await bot(edit, {"body": "é" * 65_537})).status_code == 422
    assert len(change.remarks) == 1


async def test_an_empty_or_missing_body_is_refused(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    comments = f"POST /repos/shop/api/issues/{change.number}/comments"
    for body in ({"body": " \n"}, {"body": None}, {"body": 7}, {}, None):
        assert (await bot(comments, body)).status_code == 422, body
    assert change.remarks == []


async def test_since_means_edited_at_or_after(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    old, edited = (shop.ana.comments(change, text) for text in ("old", "to be edited"))
    forge.later("1h")
    shop.ana.amends(edited, "edited")
    shop.ana.comments(change, "new")

    async def bodies(since: str) -> list[str]:
        found = await bot(f"GET /repos/shop/api/issues/{change.number}/comments?since={since}")
        return [each["body"] for each in found.json()]

    assert await bodies("2026-03-02T10:00:00Z") == ["edited", "new"]
    assert await bodies("2026-03-02T09:00:00Z") == ["old", "edited", "new"]
    assert await bodies("2026-03-02T10:00:01Z") == []
    bad = await bot(f"GET /repos/shop/api/issues/{change.number}/comments?since=yesterday")
    assert bad.status_code == 422
    assert old.author == "ana"


async def test_the_bot_signs_with_its_name_and_its_app(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    made = await bot(f"POST /repos/shop/api/issues/{change.number}/comments", {"body": "Hello"})
    comment = made.json()
    assert made.status_code == 201
    assert (comment["user"]["login"], comment["user"]["type"]) == ("usher[bot]", "Bot")
    assert comment["performed_via_github_app"]["id"] == forge.app_id
    assert comment["id"] > 2**31
    await forge.idle()
    told = receiver.told("issue_comment", "created")[0]
    assert told["comment"]["performed_via_github_app"]["id"] == forge.app_id
    assert told["sender"]["type"] == "Bot"
    shop.ben.comments(change, "Hello yourself")
    listed = (await bot(f"GET /repos/shop/api/issues/{change.number}/comments")).json()
    assert [each["performed_via_github_app"] is not None for each in listed] == [True, False]
    assert [each.author for each in change.remarks] == ["usher[bot]", "ben"]


async def test_a_deleted_remark_is_gone(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    remark = shop.ben.comments(change, "Hm.")
    path = f"/repos/shop/api/issues/comments/{remark.id}"
    assert (await bot(f"GET {path}")).status_code == 200
    assert (await bot(f"DELETE {path}")).status_code == 204
    for request in (f"GET {path}", f"DELETE {path}"):
        assert (await bot(request)).status_code == 404
    assert (await bot(f"PATCH {path}", {"body": "Again"})).status_code == 404


async def test_a_reaction_is_given_once(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    remark = shop.ben.comments(change, "/usher pass")
    reactions = f"POST /repos/shop/api/issues/comments/{remark.id}/reactions"
    statuses = [
        (await bot(reactions, {"content": content})).status_code for content in ("eyes", "eyes", "shrug")
    ]
    assert statuses == [201, 200, 422]
    (reaction,) = (await bot(reactions.replace("POST", "GET"))).json()
    assert (reaction["content"], reaction["user"]["login"]) == ("eyes", "usher[bot]")


async def test_only_writers_speak_where_a_conversation_is_locked(
    forge: Sandbox, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    change.locked = True
    with pytest.raises(Refused):
        shop.ana.comments(change, "But…")
    shop.ben.comments(change, "Enough.")


async def test_labels_are_put_on_and_taken_off_by_name(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Case does not matter; an unknown name becomes a new label; taking off what is not on is 404."""
    change = shop.ana.opens(shop.api, "docs/a.md")
    labels = f"/repos/shop/api/issues/{change.number}/labels"
    added = (await bot(f"POST {labels}", {"labels": ["Bug", "needs: answer/soon"]})).json()
    assert [each["name"] for each in added] == ["bug", "needs: answer/soon"]
    left = await bot(f"DELETE {labels}/needs%3A%20answer%2Fsoon")
    assert [each["name"] for each in left.json()] == ["bug"]
    assert (await bot(f"DELETE {labels}/needs%3A%20answer%2Fsoon")).status_code == 404
    await forge.idle()
    assert receiver.events[1:] == ["pull_request.labeled", "pull_request.labeled", "pull_request.unlabeled"]
    assert receiver.told("pull_request", "unlabeled")[0]["label"]["name"] == "needs: answer/soon"


async def test_issues_are_opened_closed_and_searched(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    body = {"title": "It is slow", "body": "Very.", "labels": ["bug"], "assignees": ["ben"]}
    made = (await bot("POST /repos/shop/api/issues", body)).json()
    assert made["user"]["login"] == "usher[bot]"
    assert [each["login"] for each in made["assignees"]] == ["ben"]
    shop.ana.opens(shop.api, "docs/a.md")
    listed = (await bot("GET /repos/shop/api/issues?labels=Bug")).json()
    assert [each["number"] for each in listed] == [made["number"]]
    assert ["pull_request" in each for each in (await bot("GET /repos/shop/api/issues")).json()] == [
        True,
        False,
    ]
    path = f"/repos/shop/api/issues/{made['number']}"
    closed = await bot(f"PATCH {path}", {"state": "closed", "state_reason": "not_planned"})
    assert (closed.json()["state"], closed.json()["state_reason"]) == ("closed", "not_planned")
    assert (await bot("POST /repos/shop/api/issues", {"title": " "})).status_code == 422
    assert (
        await bot("POST /repos/shop/api/issues", {"title": "x", "assignees": ["nobody"]})
    ).status_code == 422
    shop.api.has_issues = False
    assert (await bot("POST /repos/shop/api/issues", {"title": "More"})).status_code == 410


async def test_a_check_run_is_kept_by_its_app_and_follows_the_commit(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md")
    forge.checks_finish(change)
    made = await bot(
        "POST /repos/shop/api/check-runs",
        {"name": "usher", "head_sha": change.head, "external_id": "check|usher", "status": "in_progress"},
    )
    assert (made.status_code, made.json()["status"], made.json()["conclusion"]) == (201, "in_progress", None)
    path = f"/repos/shop/api/check-runs/{made.json()['id']}"
    output = {"title": "Two owners", "summary": "ben and carla"}
    done = (await bot(f"PATCH {path}", {"conclusion": "neutral", "output": output})).json()
    assert (done["status"], done["conclusion"], done["external_id"]) == (
        "completed",
        "neutral",
        "check|usher",
    )
    assert [each["number"] for each in done["pull_requests"]] == [change.number]
    assert (await bot(f"PATCH {path}", {"status": "completed", "conclusion": "success"})).status_code == 200
    listed = (await bot(f"GET /repos/shop/api/commits/{change.head}/check-runs")).json()
    assert {each["name"]: each["conclusion"] for each in listed["check_runs"]} == {
        "build": "success",
        "usher": "success",
    }
    mine = await bot(f"GET /repos/shop/api/commits/{change.head}/check-runs?app_id={forge.app_id}")
    assert mine.json()["total_count"] == 1
    foreign = next(run.id for run in shop.api.checks.values() if run.name == "build")
    assert (await bot(f"PATCH /repos/shop/api/check-runs/{foreign}", {"name": "mine"})).status_code == 403
    lost = {"name": "usher", "head_sha": "0" * 40}
    assert (await bot("POST /repos/shop/api/check-runs", lost)).status_code == 422
    bare = {"name": "usher", "head_sha": change.head, "status": "completed"}
    assert (await bot("POST /repos/shop/api/check-runs", bare)).status_code == 422


async def test_the_newest_statuses_of_a_commit_are_summed_up(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md")
    path = f"GET /repos/shop/api/commits/{change.head}/status"
    seen = [(await bot(path)).json()["state"]]
    for state in ("pending", "failure", "success"):
        shop.ben.sets_status(change, state)
        seen.append((await bot(path)).json()["state"])
    assert seen == ["pending", "pending", "failure", "success"]


async def test_the_timeline_tells_what_happened(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md", title="Old", draft=True)
    forge.later("1m")
    shop.ana.readies(change)
    shop.ben.asks(change, "carla", shop.pay)
    shop.ben.labels(change, "bug")
    shop.ana.edits(change, title="New")
    shop.ben.comments(change, "Nice.")
    shop.ben.dismisses(shop.carla.reviews(change, "approve"))
    shop.ben.closes(change)
    lines = (await bot(f"GET /repos/shop/api/issues/{change.number}/timeline?per_page=100")).json()
    assert [each["event"] for each in lines] == [
        "committed",
        "ready_for_review",
        "review_requested",
        "review_requested",
        "labeled",
        "renamed",
        "reviewed",
        "review_dismissed",
        "closed",
        "commented",
    ]
