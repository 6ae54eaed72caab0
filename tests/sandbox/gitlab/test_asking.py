"""Reviewers: a set that is replaced, out of which GitLab drops people without a word."""

from __future__ import annotations

from types import SimpleNamespace

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox, Refused
from tests.sandbox.gitlab.conftest import Caller, Receiver, caller

M = "/projects/shop%2Fapi/merge_requests/1"


async def ask(bot: Caller, *ids: int) -> list[str]:
    answer = await bot(f"PUT {M}", {"reviewer_ids": list(ids)})
    assert answer.status_code == 200, answer.text
    return [each["username"] for each in answer.json()["reviewers"]]


async def test_the_set_is_replaced_and_told_once(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    await forge.idle()
    receiver.forget()
    assert await ask(bot, shop.ben.account.id, shop.carla.account.id) == ["ben", "carla"]
    assert await ask(bot, shop.carla.account.id) == ["carla"]
    assert change.asked == {"carla"}
    await forge.idle()
    assert receiver.events == ["merge_request.update"] * 2
    told = receiver.told("merge_request", "update")[1]["changes"]["reviewers"]
    assert [[each["username"] for each in told[end]] for end in ("previous", "current")] == [
        ["ben", "carla"],
        ["carla"],
    ]
    assert [each["state"] for each in told["current"]] == ["unreviewed"]


async def test_who_may_not_read_is_dropped_and_nothing_changes_where_nobody_remains(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    stranger = forge.person("stranger").account.id
    change = shop.ana.opens(shop.api, "pay/a.py")
    assert await ask(bot, shop.ben.account.id, stranger, 999) == ["ben"]
    assert await ask(bot, stranger, 999) == ["ben"]
    await forge.idle()
    assert len(receiver.told("merge_request", "update")) == 1
    assert await ask(bot, 0) == []
    assert await ask(bot, shop.ben.account.id) == ["ben"]
    assert await ask(bot) == []
    assert change.asked == set()


@pytest.mark.parametrize("tier", ["free"])
async def test_free_keeps_the_first_even_if_that_one_may_not_read(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    stranger = forge.person("stranger").account.id
    shop.ana.opens(shop.api, "pay/a.py")
    assert await ask(bot, shop.carla.account.id, shop.ben.account.id) == ["carla"]
    assert await ask(bot, stranger, shop.ben.account.id) == ["carla"]


async def test_who_may_not_set_reviewers_gets_a_200_that_changed_nothing(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace, client: httpx2.AsyncClient
) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    answer = await caller(forge, client, shop.ana)(
        f"PUT {M}", {"reviewer_ids": [shop.ben.account.id], "title": "Mine"}
    )
    assert (answer.status_code, answer.json()["title"], change.asked) == (200, "Mine", set())


async def test_reviewers_stay_after_their_review(bot: Caller, shop: SimpleNamespace) -> None:
    """Unlike on GitHub: whose turn it is says their state alone."""
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.asks(change, "ben", "carla")
    shop.ben.reviews(change, "approve")
    shop.carla.reviews(change, "request_changes", "Why?")
    listed = (await bot(f"GET {M}/reviewers")).json()
    assert {each["user"]["username"]: each["state"] for each in listed} == {
        "ben": "approved",
        "carla": "requested_changes",
    }


@pytest.mark.parametrize(("version", "events"), [((19, 2), 1), ((18, 4), 0)])
async def test_asking_again_is_marked_in_the_event_by_newer_versions(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace, events: int
) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.asks(change, "ben")
    shop.ben.reviews(change, "approve")
    await forge.idle()
    receiver.forget()
    shop.ben.asks(change, "ben")
    await forge.idle()
    told = receiver.told("merge_request", "update")
    assert len(told) == events
    assert all(each["reviewers"][0]["re_requested"] for each in told)
    assert [each["state"] for each in (await bot(f"GET {M}/reviewers")).json()] == ["unreviewed"]
    assert change.approvals == {}


async def test_a_group_cannot_be_asked(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    with pytest.raises(Refused, match="GitLab has no review by a group: ask its members"):
        shop.ben.asks(change, shop.pay)
    with pytest.raises(Refused, match="stranger cannot be a reviewer"):
        shop.ben.asks(change, "stranger")
