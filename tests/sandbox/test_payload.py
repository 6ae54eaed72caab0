"""What a webhook carries: enough to act on, and less than REST where GitHub sends less."""

from __future__ import annotations

from types import SimpleNamespace

from app.forges.sandbox import Sandbox
from tests.payloads.examples import github_examples
from tests.sandbox.conftest import Bot, Receiver

COUNTS = {"comments", "review_comments", "commits", "additions", "deletions", "changed_files"}


async def test_a_changes_events_carry_its_number_place_and_people(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md", title="Better words")
    await forge.idle()
    (payload,) = receiver.told("pull_request", "opened")
    assert payload["number"] == payload["pull_request"]["number"] == change.number
    assert payload["repository"]["full_name"] == "shop/api"
    assert payload["repository"]["default_branch"] == "main"
    assert payload["organization"]["login"] == "shop"
    assert payload["installation"]["id"] == forge.installation("shop").id
    assert payload["sender"]["login"] == payload["pull_request"]["user"]["login"] == "ana"
    assert payload["pull_request"]["author_association"] == "MEMBER"


async def test_counts_are_whole_numbers_and_mergeable_is_not_known_yet(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, ["docs/a.md", "pay/a.py"])
    await forge.idle()
    pull = receiver.told("pull_request")[0]["pull_request"]
    assert all(type(pull[name]) is int for name in COUNTS)
    assert pull["changed_files"] == 2
    assert pull["mergeable"] is None


async def test_the_pull_request_of_a_review_event_is_reduced(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.reviews(change, "approve")
    shop.carla.remarks_on(change, "docs/a.md", "Hm.")
    await forge.idle()
    for event in ("pull_request_review", "pull_request_review_comment"):
        pull = receiver.told(event)[0]["pull_request"]
        assert COUNTS.isdisjoint(pull)
        assert "mergeable" not in pull
        assert "merged" not in pull
        assert pull["head"]["sha"] == change.head
    assert "number" not in receiver.told("pull_request_review")[0]


async def test_an_edit_tells_what_was_before(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md", title="Old", body="Old words")
    shop.ana.edits(change, title="New", body="New words")
    shop.ana.edits(change, title="New")
    await forge.idle()
    (edited,) = receiver.told("pull_request", "edited")
    assert edited["changes"] == {"title": {"from": "Old"}, "body": {"from": "Old words"}}
    assert edited["pull_request"]["title"] == "New"


async def test_a_remark_belongs_to_a_change_where_its_issue_names_one(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    issue = shop.ana.reports(shop.api, "It is slow")
    for subject in (change, issue):
        shop.ben.comments(subject, "I see.")
    await forge.idle()
    on_change, on_issue = receiver.told("issue_comment", "created")
    assert on_change["issue"]["pull_request"]["url"].endswith(f"/pulls/{change.number}")
    assert "pull_request" not in on_issue["issue"]


async def test_a_payload_shows_the_world_as_it_was_then(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Three pushes at once are three events with three heads, though all are sent after the last."""
    change = shop.ana.opens(shop.api, "docs/a.md")
    heads = [change.head]
    for path in ("one.md", "two.md"):
        shop.ana.pushes(change, path)
        heads.append(change.head)
    await forge.idle()
    assert [each["pull_request"]["head"]["sha"] for each in receiver.told("pull_request")] == heads


async def test_times_come_from_the_forges_own_clock(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    forge.later("2d")
    shop.ben.comments(change, "Sorry, I was away.")
    await forge.idle()
    assert receiver.told("pull_request")[0]["pull_request"]["created_at"] == "2026-03-02T09:00:00Z"
    assert receiver.told("issue_comment")[0]["comment"]["created_at"] == "2026-03-04T09:00:00Z"
    pull = (await bot(f"GET /repos/shop/api/pulls/{change.number}")).json()
    assert (pull["created_at"], pull["updated_at"]) == ("2026-03-02T09:00:00Z", "2026-03-04T09:00:00Z")


async def test_the_app_hears_of_what_it_subscribed_to_and_of_its_installation(
    forge: Sandbox, receiver: Receiver
) -> None:
    forge.registration.events = ("pull_request",)
    forge.organisation("shop")
    ben = forge.person("ben", member_of="shop")
    forge.repository("shop/api", collaborators={"ben": "write"})
    ben.opens("shop/api", "README.md")
    await forge.idle()
    assert set(receiver.events) == {
        "installation.created",
        "installation_repositories.added",
        "pull_request.opened",
    }


async def test_headers_name_the_event_the_hook_and_the_app(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    headers = receiver.received[0].headers
    assert headers["x-github-event"] == "pull_request"
    assert headers["x-github-hook-installation-target-type"] == "integration"
    assert headers["x-github-hook-installation-target-id"] == str(forge.app_id)
    assert headers["x-github-hook-id"].isdigit()
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["x-hub-signature"].startswith("sha1=")


def _shape(value: object) -> set[str]:
    """The names of an object's fields."""
    return set(value) if isinstance(value, dict) else set()


async def test_payloads_have_the_fields_of_githubs_own_examples(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """For each event that both have, every field that the example's newest form has at its top."""
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.asks(change, "carla")
    shop.ben.labels(change, "bug")
    shop.ana.pushes(change, "docs/b.md")
    shop.ben.comments(change, "Nice.")
    shop.carla.reviews(change, "approve")
    forge.person("dora").joins(shop.pay)
    shop.ben.merges(change)
    await forge.idle()
    compared = 0
    for received in receiver.received:
        alike = [
            each.payload
            for each in github_examples()
            if each.event == received.event and each.payload.get("action") == received.action
        ]
        for example in alike:
            optional = {"installation", "organization", "changes", "requested_team", "requested_reviewer"}
            assert _shape(example) - optional - _shape(received.payload) == set(), received.event
            compared += 1
    assert compared > 10
