"""Reviews: who may give which, and how their states are written."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.forges.sandbox import Sandbox
from tests.sandbox.conftest import Bot, Receiver


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ("APPROVE", "Can not approve your own pull request"),
        ("REQUEST_CHANGES", "Can not request changes on your own pull request"),
    ],
)
async def test_an_author_can_neither_approve_nor_refuse(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace, event: str, sentence: str
) -> None:
    shop.ben.opens(shop.api, "docs/a.md", branch="words")
    shop.ben.closes(shop.api.changes[0])
    opened = await bot("POST /repos/shop/api/pulls", {"title": "Mine", "head": "words", "base": "main"})
    reviews = f"POST /repos/shop/api/pulls/{opened.json()['number']}/reviews"
    answer = await bot(reviews, {"event": event, "body": "Well done, me."})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [sentence]
    assert (await bot(reviews, {"event": "COMMENT", "body": "Thanks for reading."})).status_code == 200


async def test_states_are_capitals_in_rest_and_small_in_webhooks(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.reviews(change, "comment", "Why?")
    shop.ben.reviews(change, "request_changes", "Not so.")
    shop.ben.dismisses(shop.carla.reviews(change, "approve"))
    await forge.idle()
    listed = (await bot(f"GET /repos/shop/api/pulls/{change.number}/reviews")).json()
    assert [each["state"] for each in listed] == ["COMMENTED", "CHANGES_REQUESTED", "DISMISSED"]
    told = receiver.told("pull_request_review")
    assert [each["review"]["state"] for each in told] == [
        "commented",
        "changes_requested",
        "approved",
        "dismissed",
    ]
    assert {each["commit_id"] for each in listed} == {change.head}


async def test_a_verdict_but_approval_needs_words(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    reviews = f"POST /repos/shop/api/pulls/{change.number}/reviews"
    statuses = [
        (await bot(reviews, {"event": event})).status_code
        for event in ("COMMENT", "REQUEST_CHANGES", "APPROVE")
    ]
    assert statuses == [422, 422, 200]


async def test_a_plain_comment_cannot_be_dismissed(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    given = shop.ben.reviews(change, "comment", "Why?")
    path = f"/repos/shop/api/pulls/{change.number}/reviews/{given.id}"
    assert (await bot(f"PUT {path}/dismissals", {"message": "No."})).status_code == 422
    assert (await bot(f"GET {path}")).json()["state"] == "COMMENTED"


async def test_remarks_on_lines_and_their_threads_are_told(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """A remark on a line comes with a review of its own; resolving its thread is in no REST field."""
    change = shop.ana.opens(shop.api, "docs/a.md")
    remark = shop.ben.remarks_on(change, "docs/a.md", "Which words?")
    shop.ana.replies(remark, "These.")
    shop.ana.resolves(remark)
    shop.ben.unresolves(remark)
    await forge.idle()
    assert receiver.events[1:] == [
        "pull_request_review.submitted",
        "pull_request_review_comment.created",
        "pull_request_review.submitted",
        "pull_request_review_comment.created",
        "pull_request_review_thread.resolved",
        "pull_request_review_thread.unresolved",
    ]
    thread = receiver.told("pull_request_review_thread", "resolved")[0]["thread"]
    assert [each["body"] for each in thread["comments"]] == ["Which words?", "These."]
    listed = (await bot(f"GET /repos/shop/api/pulls/{change.number}/comments")).json()
    assert [(each["user"]["login"], each.get("in_reply_to_id")) for each in listed] == [
        ("ben", None),
        ("ana", remark.id),
    ]
    pull = (await bot(f"GET /repos/shop/api/pulls/{change.number}")).json()
    assert (pull["review_comments"], pull["comments"]) == (2, 0)
