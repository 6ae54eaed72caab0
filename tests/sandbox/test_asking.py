"""Asking for reviews: who can be asked, what one bad name does, and when a request ends."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.forges.sandbox import Refused, Sandbox
from tests.sandbox.conftest import Bot, Receiver

ASK = "POST /repos/shop/api/pulls/1/requested_reviewers"


@pytest.mark.parametrize(
    ("reviewers", "teams", "sentence"),
    [
        (["ben", "ana"], [], "Review cannot be requested from pull request author."),
        (["ben", "stranger"], [], "Reviews may only be requested from collaborators."),
        (["ben", "nobody-at-all"], [], "Reviews may only be requested from collaborators."),
        (["ben", "usher[bot]"], [], "Reviews may only be requested from collaborators."),
        (["ben"], ["web"], "Reviews may only be requested from collaborators."),
        (["ben"], ["no-such-team"], "Reviews may only be requested from collaborators."),
    ],
    ids=["author", "stranger", "unknown", "bot", "team without access", "unknown team"],
)
async def test_one_bad_name_refuses_all(
    forge: Sandbox,
    bot: Bot,
    receiver: Receiver,
    shop: SimpleNamespace,
    reviewers: list[str],
    teams: list[str],
    sentence: str,
) -> None:
    forge.person("stranger")
    forge.team("shop/web", members=[shop.ana])
    change = shop.ana.opens(shop.api, "pay/a.py")
    await forge.idle()
    receiver.forget()
    answer = await bot(ASK, {"reviewers": reviewers, "team_reviewers": teams})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(sentence)
    assert change.asked == change.asked_teams == set()
    await forge.idle()
    assert receiver.events == []


async def test_those_asked_are_told_in_one_event_each(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Each event carries one `requested_reviewer` or one `requested_team`, never both. Case does not matter."""
    change = shop.ana.opens(shop.api, "pay/a.py")
    answer = await bot(ASK, {"reviewers": ["BEN", "carla"], "team_reviewers": ["Pay"]})
    assert answer.status_code == 201
    assert [each["login"] for each in answer.json()["requested_reviewers"]] == ["ben", "carla"]
    assert (change.asked, change.asked_teams) == ({"ben", "carla"}, {"shop/pay"})
    await forge.idle()
    told = receiver.told("pull_request", "review_requested")
    assert [each["requested_reviewer"]["login"] for each in told if "requested_reviewer" in each] == [
        "ben",
        "carla",
    ]
    assert [each["requested_team"]["slug"] for each in told if "requested_team" in each] == ["pay"]
    assert all(("requested_reviewer" in each) != ("requested_team" in each) for each in told)
    assert all(each["sender"]["login"] == "usher[bot]" for each in told)


async def test_asking_again_changes_nothing_and_is_told_to_nobody(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, "pay/a.py")
    for _ in range(2):
        assert (await bot(ASK, {"reviewers": ["ben"]})).status_code == 201
    await forge.idle()
    assert len(receiver.told("pull_request", "review_requested")) == 1


async def test_a_review_ends_the_request_to_this_person_and_to_their_teams(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """It ends without an event of its own, whatever the verdict."""
    forge.team("shop/all", members=[shop.ben, shop.carla])
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.asks(change, "ben", "carla", shop.pay)
    shop.ben.reviews(change, "comment", "Why?")
    requested = (await bot("GET /repos/shop/api/pulls/1/requested_reviewers")).json()
    assert [each["login"] for each in requested["users"]] == ["carla"]
    assert requested["teams"] == []
    await forge.idle()
    assert receiver.told("pull_request", "review_request_removed") == []


async def test_a_member_of_a_team_below_answers_for_the_team_above(
    forge: Sandbox, shop: SimpleNamespace
) -> None:
    dora = forge.person("dora", member_of="shop")
    forge.team("shop/pay-night", parent=shop.pay, members=[dora])
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.asks(change, shop.pay)
    dora.reviews(change, "approve")
    assert change.asked_teams == set()


async def test_requests_are_taken_back_by_name(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.asks(change, "ben", "carla", shop.pay)
    assert (await bot(ASK.replace("POST", "DELETE"), {"team_reviewers": ["pay"]})).status_code == 422
    answer = await bot(
        ASK.replace("POST", "DELETE"), {"reviewers": ["carla", "unasked"], "team_reviewers": ["pay"]}
    )
    assert answer.status_code == 200
    assert (change.asked, change.asked_teams) == ({"ben"}, set())
    await forge.idle()
    assert len(receiver.told("pull_request", "review_request_removed")) == 2


async def test_at_most_fifteen_can_be_asked(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    names = [f"person-{number}" for number in range(16)]
    for name in names:
        forge.person(name, member_of="shop")
    change = shop.ana.opens(shop.api, "pay/a.py")
    assert (await bot(ASK, {"reviewers": names})).status_code == 422
    assert (await bot(ASK, {"reviewers": names[:15]})).status_code == 201
    assert len(change.asked) == 15


async def test_who_may_not_triage_may_not_ask(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    with pytest.raises(Refused):
        shop.ana.asks(change, "ben")


async def test_members_without_access_cannot_be_asked(forge: Sandbox, bot: Bot) -> None:
    """Where membership alone gives nothing, a member is as much a stranger as anybody."""
    forge.organisation("shop", base_permission="none")
    ana = forge.person("ana", member_of="shop")
    forge.person("ben", member_of="shop")
    api = forge.repository("shop/api", collaborators={"ana": "write"})
    ana.opens(api, "README.md")
    assert (await bot(ASK, {"reviewers": ["ben"]})).status_code == 422
