"""Approvals, requested changes and threads."""

from __future__ import annotations

from types import SimpleNamespace

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox, Protection, Refused
from tests.sandbox.gitlab.conftest import Caller, Receiver, caller

M = "/projects/shop%2Fapi/merge_requests/1"


async def test_an_author_cannot_approve_on_paid_tiers(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    shop.ben.opens(shop.api, "docs/a.md")
    ben, carla, ana = (caller(forge, client, who) for who in (shop.ben, shop.carla, shop.ana))
    answer = await ben(f"POST {M}/approve")
    assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})
    assert (await ana(f"POST {M}/approve")).status_code == 401
    assert (await carla(f"POST {M}/approve", {"sha": "0" * 40})).status_code == 409
    assert (await carla(f"POST {M}/approve")).status_code == 201
    assert (await carla(f"POST {M}/approve")).status_code == 401
    assert (await carla(f"POST {M}/unapprove")).status_code == 201
    assert (await carla(f"POST {M}/unapprove")).status_code == 404


@pytest.mark.parametrize("tier", ["free"])
async def test_on_free_an_author_approves_too(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    shop.ben.opens(shop.api, "docs/a.md")
    assert (await caller(forge, client, shop.ben)(f"POST {M}/approve")).status_code == 201


async def test_the_last_approval_needed_has_another_name(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """`approval` while more are needed, `approved` with the last; the same on the way back."""
    shop.api.protections["main"] = Protection(approvals=2)
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.reviews(change, "approve")
    assert (await bot(f"GET {M}/approvals")).json()["approvals_left"] == 1
    shop.carla.reviews(change, "approve")
    assert (await bot(f"GET {M}/approvals")).json()["approved"]
    shop.carla.unapproves(change)
    shop.ben.unapproves(change)
    await forge.idle()
    assert receiver.events[1:] == [
        "merge_request.approval",
        "merge_request.approved",
        "merge_request.unapproved",
        "merge_request.unapproval",
    ]


@pytest.mark.parametrize(("version", "events"), [((19, 2), 1), ((18, 9), 0)])
async def test_requesting_changes_is_told_by_newer_versions_alone(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace, events: int
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.asks(change, "ben")
    shop.ben.reviews(change, "approve")
    await forge.idle()
    receiver.forget()
    shop.ben.reviews(change, "request_changes")
    await forge.idle()
    told = receiver.told("merge_request", "update")
    assert len(told) == events
    assert all(each["reviewers"][0]["state"] == "requested_changes" for each in told)
    assert change.approvals == {}
    assert [each["state"] for each in (await bot(f"GET {M}/reviewers")).json()] == ["requested_changes"]


async def test_who_is_no_reviewer_objects_without_an_event(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.reviews(change, "request_changes", "Why?")
    await forge.idle()
    assert receiver.events[1:] == ["note.create"]
    assert change.objections == {shop.ben.account.id}


async def test_a_review_of_words_alone_is_a_note_and_a_state(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.asks(change, "ben", "carla")
    shop.carla.comments(change, "A word in passing")
    shop.ben.reviews(change, "comment", "Why?")
    listed = (await bot(f"GET {M}/reviewers")).json()
    assert [each["state"] for each in listed] == ["reviewed", "unreviewed"]
    with pytest.raises(Refused):
        shop.ben.reviews(change, "comment", " ")


@pytest.mark.parametrize("version", [(15, 11)])
async def test_very_old_versions_write_the_reviewers_as_a_pair(
    forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.asks(change, "ben")
    await forge.idle()
    before, after = receiver.told("merge_request", "update")[0]["changes"]["reviewers"]
    assert (before, [each["username"] for each in after]) == ([], ["ben"])


async def test_resolving_the_last_thread_is_told(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    one, two = (shop.ben.remarks_on(change, "pay/a.py", word, line=1) for word in ("Why?", "How?"))
    shop.ana.replies(one, "Because.")
    assert (await bot(f"GET {M}")).json()["blocking_discussions_resolved"] is False
    await forge.idle()
    receiver.forget()
    shop.ana.resolves(one)
    shop.ben.resolves(two)
    await forge.idle()
    assert receiver.events == ["merge_request.update"]
    changed = receiver.received[0].payload["changes"]["blocking_discussions_resolved"]
    assert changed == {"previous": False, "current": True}


async def test_threads_are_read_started_answered_and_resolved_over_rest(
    bot: Caller, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.comments(change, "By itself")
    path = f"{M}/discussions"
    position = {"position_type": "text", "new_path": "pay/a.py", "new_line": 3}
    on_line = (await bot(f"POST {path}", {"body": "Why?", "position": position})).json()
    whole = (await bot(f"POST {path}", {"body": "In general"})).json()
    assert [each["notes"][0]["type"] for each in (on_line, whole)] == ["DiffNote", "DiscussionNote"]
    bad = {"body": "x", "position": {**position, "new_path": "elsewhere"}}
    assert (await bot(f"POST {path}", bad)).status_code == 400
    assert (await bot(f"POST {path}/{whole['id']}/notes", {"body": "Yes"})).status_code == 201
    done = (await bot(f"PUT {path}/{whole['id']}?resolved=true")).json()
    assert [each["resolved"] for each in done["notes"]] == [True, True]
    assert done["notes"][0]["resolved_by"]["username"] == "usher-bot"
    assert not (await bot(f"PUT {path}/{whole['id']}", {"resolved": False})).json()["notes"][0]["resolved"]
    listed = (await bot(f"GET {path}")).json()
    assert [each["individual_note"] for each in listed] == [True, False, False]
    assert (await bot(f"GET {path}/{on_line['id']}")).json()["notes"][0]["position"]["new_line"] == 3
    assert (await bot(f"GET {path}/{'0' * 40}")).status_code == 404


async def test_a_bot_resets_approvals(bot: Caller, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.reviews(change, "approve")
    assert (await bot(f"PUT {M}/reset_approvals")).status_code == 202
    assert change.approvals == {}


async def test_github_words_that_gitlab_lacks_say_what_to_do(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    review = shop.ben.reviews(change, "approve")
    with pytest.raises(Refused, match="GitLab has no dismissing of reviews: whoever approved takes it back"):
        shop.ana.dismisses(review)
    with pytest.raises(Refused, match="GitLab has no merge queue"):
        shop.ben.enqueues(change)
