"""What Usher reads and does on GitHub alone; what it does on both forges is in `tests/contract/test_ports.py`."""

from __future__ import annotations

import json

import pytest

from app.forges.github.adapter import GitHub
from app.forges.github.events import GitHubDoor
from app.forges.sandbox.faults import Fault
from handlers.ports import Delivery, Forbidden, Proposal, Refused, Verdict
from policies import facts
from policies.facts import Person, RepositoryRef, Subject

PULL = "/repos/shop/api/pulls/1"
ISSUE = "/repos/shop/api/issues/1"


# --- Changes ------------------------------------------------------------------------------------------


async def test_who_is_asked_is_read_with_their_organisation(github, shop):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    shop.ben.asks(opened, "carla", "shop/pay")
    found = await github.change(shop.ref, opened.number)
    assert (found.asked, found.asked_teams) == (("carla",), ("shop/pay",))


async def test_a_list_of_touched_files_that_github_cut_is_not_complete(github, shop):
    opened = shop.ben.opens(shop.api, touching={f"f/{number:04}": "x" for number in range(3001)})
    change = await github.change(shop.ref, opened.number)
    assert change.touched_count == 3001
    touched = await github.touched(change)
    assert len(touched.files) == 3000
    assert not touched.complete


async def test_reviews_are_read_in_the_states_that_policies_know(github, shop):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    shop.ben.reviews(opened, "approve")
    dismissed = shop.carla.reviews(opened, "request_changes", "No.")
    shop.ben.dismisses(dismissed)
    shop.ana.reviews(opened, "comment", "Why?")
    found = await github.reviews(await github.change(shop.ref, opened.number))
    assert [(each.by.login, each.state) for each in found] == [
        ("ben", "approved"),
        ("carla", "dismissed"),
        ("ana", "commented"),
    ]
    assert found[0].commit == opened.head


async def test_the_roster_has_every_open_team_with_its_people_and_the_one_above(github, shop):
    """As GitHub lists them: the people of a team are in those above it too. Secret teams are left out."""
    above = shop.forge.team("shop/platform", members=["dora"])
    shop.forge.team("shop/core", members=["erin"], parent=above)
    shop.forge.team("shop/hidden", members=["dora"], secret=True)
    roster = await github.roster("shop")
    found = {team.name: ([str(person) for person in team.members], team.parent) for team in roster.teams}
    assert found["shop/core"] == (["erin"], "shop/platform")
    assert found["shop/platform"] == (["dora", "erin"], "")
    assert "shop/hidden" not in found
    assert roster.people == len(shop.forge.world.organisation("shop").members)


# --- Names that change ----------------------------------------------------------------------------------


async def test_a_renamed_repository_is_found_again_by_its_number(github, shop, change):
    shop.owner.renames(shop.api, "api2")
    found = await github.change(shop.ref, change.number)
    assert found.repository == RepositoryRef(shop.api.id, "shop/api2")
    assert shop.calls() == [
        f"GET {PULL} 301",
        f"GET /repositories/{shop.api.id} 200",
        "GET /repos/shop/api2/pulls/1 200",
    ]
    await github.say(change, "Still here.")
    assert shop.calls() == [
        f"POST /app/installations/{shop.installation}/access_tokens 201",
        "POST /repos/shop/api2/issues/1/comments 201",
    ]


async def test_a_comment_reaches_a_renamed_repository_once(github, shop, change):
    shop.owner.renames(shop.api, "api2")
    await github.say(change, "Still here.")
    assert [call for call in shop.calls() if "access_tokens" not in call] == [
        f"POST {ISSUE}/comments 307",
        f"GET /repositories/{shop.api.id} 200",
        "POST /repos/shop/api2/issues/1/comments 201",
    ]
    assert [each.body for each in await github.remarks(change)] == ["Still here."]


@pytest.mark.parametrize("visibility", ["public", "private"])
async def test_another_repository_that_took_the_old_name_is_not_taken_for_ours(
    github, shop, change, visibility
):
    shop.owner.renames(shop.api, "api2")
    usurper = shop.forge.repository("shop/api", visibility=visibility, teams={"shop/pay": "write"})
    shop.ben.opens(usurper, touching="README.md", title="Another one")
    found = await github.change(shop.ref, change.number)
    assert (found.repository, found.title) == (RepositoryRef(shop.api.id, "shop/api2"), "Pay by card")


@pytest.mark.parametrize("name", ["shop/..", "../api", "shop/.", "shop/", "", "shop"])
async def test_a_name_that_climbs_out_of_its_place_is_never_sent(github, shop, change, name):
    with pytest.raises(Refused):
        await github.change(RepositoryRef(shop.api.id, name), 1)
    assert shop.calls() == []


# --- People ---------------------------------------------------------------------------------------------


async def test_a_team_has_the_people_of_its_children_and_says_whether_it_is_secret(github, shop):
    pay = shop.forge.world.team("shop", "pay")
    shop.forge.person("dora", member_of="shop")
    shop.forge.team("shop/pay-nights", members=["dora"], parent=pay)
    shop.forge.team("shop/board", members=["ana"], secret=True)
    found = await github.team("shop/Pay")
    assert found is not None
    assert {person.login for person in found.members} == {"ben", "carla", "dora"}
    assert not found.secret
    secret = await github.team("shop/board")
    assert secret is not None
    assert secret.secret
    assert await github.team("shop/nobody") is None
    assert await github.team("elsewhere/pay") is None


# --- Desk -----------------------------------------------------------------------------------------------


async def test_owners_are_asked_in_one_call(github, shop, change):
    asked = await github.ask(change, ("ben", "Carla", "BEN"))
    assert (asked.asked, asked.refused) == (("BEN", "Carla"), {})
    assert shop.calls()[1:] == [f"POST {PULL}/requested_reviewers 201"]
    assert set((await github.change(shop.ref, 1)).asked) == {"ben", "carla"}


async def test_one_invalid_name_does_not_spoil_the_others_and_says_why(github, shop, change):
    asked = await github.ask(change, ("ben", "ana", "carla", "nobody-at-all"))
    assert asked.asked == ("ben", "carla")
    assert set(asked.refused) == {"ana", "nobody-at-all"}
    assert "author" in asked.refused["ana"]
    assert "collaborators" in asked.refused["nobody-at-all"]
    assert set((await github.change(shop.ref, 1)).asked) == {"ben", "carla"}


async def test_whoever_was_asked_already_is_not_asked_twice_on_the_way(github, shop, change):
    await github.ask(change, ("ben",))
    shop.calls()
    asked = await github.ask(change, ("ben", "ana"))
    assert asked.asked == ("ben",)
    assert shop.calls() == [
        f"POST {PULL}/requested_reviewers 422",
        f"GET {PULL}/requested_reviewers 200",
        f"POST {PULL}/requested_reviewers 422",
    ]


async def test_no_more_than_fifteen_people_are_asked(github, shop, change):
    people = [f"p{number:02}" for number in range(17)]
    for login in people:
        shop.forge.person(login, member_of="shop").joins("shop/pay")
    asked = await github.ask(change, tuple(people))
    assert asked.asked == tuple(people[:15])
    assert set(asked.refused) == {"p15", "p16"}


async def test_whoever_is_missing_from_githubs_answer_was_not_asked(github, shop, change):
    shop.forge.faults.next(Fault(status=201), method="POST", path="/requested_reviewers")
    asked = await github.ask(change, ("ben",))
    assert asked.asked == ()
    assert "without a reason" in asked.refused["ben"]


async def test_requests_to_people_and_teams_are_taken_back(github, shop, change):
    opened = shop.api.changes[0]
    shop.ben.asks(opened, "carla", "ben", "shop/pay")
    await github.release(change, ("carla",), ("shop/pay",))
    now = await github.change(shop.ref, 1)
    assert (now.asked, now.asked_teams) == (("ben",), ())
    await github.release(change, ("carla",), ())  # once more does nothing


async def test_other_peoples_comments_are_not_ours(github, shop, change):
    opened = shop.api.changes[0]
    shop.ben.comments(opened, "usher[bot] said hello")
    [theirs] = await github.remarks(change)
    assert not github.wrote(theirs)
    for remark in (
        facts.Remark(1, Person("usher[bot]", bot=True), "", theirs.at, app_id=99),
        facts.Remark(1, Person("other[bot]", bot=True), "", theirs.at),
    ):
        assert not github.wrote(remark)


async def test_our_comment_is_known_by_our_login_where_github_does_not_name_the_app(github, client, change):
    remark = facts.Remark(1, Person("Usher[bot]", bot=True), "", change.opened_at)
    assert not github.wrote(remark)  # not known yet
    await client.who_am_i()
    assert github.wrote(remark)


async def test_where_a_bots_comment_names_no_app_we_find_out_who_we_are(github, client, shop, change):
    shop.forge.person("renovate[bot]", member_of="shop").comments(shop.api.changes[0], "Update available")
    [theirs] = await github.remarks(change)
    assert theirs.by.bot
    assert client.identity is not None
    assert not github.wrote(theirs)


async def test_a_verdict_is_made_once_and_then_changed(github, make_client, shop, change):
    verdict = Verdict("usher", change.head_sha, "neutral", "Two people look", "…", "key-1")
    first = await github.judge(shop.ref, verdict)
    passed = Verdict("usher", change.head_sha, "success", "Answered", "…", "key-1")
    assert await github.judge(shop.ref, passed) == first
    runs = f"/repos/shop/api/commits/{change.head_sha}/check-runs"
    assert [call for call in shop.calls() if "check" in call] == [
        f"GET {runs} 200",
        "POST /repos/shop/api/check-runs 201",
        f"PATCH /repos/shop/api/check-runs/{first} 200",
    ]
    after_a_restart = GitHub(make_client(), shop.installation)
    assert await after_a_restart.judge(shop.ref, verdict) == first
    other = Verdict("usher", change.head_sha, "success", "Answered", "…", "key-2")
    assert await after_a_restart.judge(shop.ref, other) != first


async def test_a_permission_that_was_not_given_is_named(client, shop, change):
    shop.forge.permit(
        "shop", {"metadata": "read", "contents": "read", "pull_requests": "write", "members": "read"}
    )
    client.forget(shop.installation)
    limited = GitHub(client, shop.installation)
    assert (await limited.change(shop.ref, 1)).number == 1  # what may be done goes on
    with pytest.raises(Forbidden):
        await limited.judge(shop.ref, Verdict("usher", change.head_sha, "neutral", "t", "s", "k"))


# --- Few requests ---------------------------------------------------------------------------------------


async def test_looking_after_a_new_change_takes_four_requests_once_usher_is_warm(github, shop, change):
    await github.say(change, "warm: both tokens are there")
    await github.owners_file(shop.ref, change.base_sha)
    opened = shop.ana.opens(shop.api, touching="docs/a.md")
    shop.calls()
    fresh = await github.change(shop.ref, opened.number)
    await github.touched(fresh)
    await github.owners_file(shop.ref, fresh.base_sha)
    await github.ask(fresh, ("ben",))
    await github.say(fresh, "Hello @ben")
    assert len(shop.calls()) == 4


# --- Events and the API agree -----------------------------------------------------------------------------


async def test_what_deliveries_tell_is_what_the_api_says(forge, github, shop):
    """Every webhook that the sandbox sends is read; its facts agree with the change as the API has it."""
    forge.webhook_url = "http://127.0.0.1:9/nobody-listens"
    opened = shop.ana.opens(shop.api, touching="pay/a.py", draft=True)
    shop.ana.readies(opened)
    shop.ben.asks(opened, "carla")
    shop.ana.pushes(opened, "docs/a.md")
    review = shop.carla.reviews(opened, "approve")
    remark = shop.ana.comments(opened, "Thank you")
    shop.ben.merges(opened)
    await forge.idle()
    told: list[facts.Fact] = []
    for sent in forge.deliveries:
        delivery = Delivery(sent.event, sent.guid, json.dumps(sent.payload).encode())
        reading = GitHubDoor().facts(delivery)
        assert reading.installation == shop.installation
        subject = Subject("change", shop.api.id, opened.number)
        told += [fact for touch in reading.touches if touch.subject == subject for fact in touch.facts]
    by_kind = {type(fact): fact for fact in told}
    change = await github.change(shop.ref, opened.number)
    assert by_kind[facts.ChangeOpened].by == change.author.login
    assert by_kind[facts.ChangeOpened].at == change.opened_at
    assert by_kind[facts.ChangePushed].after_sha == change.head_sha
    assert by_kind[facts.ReviewAsked].who == "carla"
    [reviewed] = await github.reviews(change)
    assert by_kind[facts.Reviewed].review_id == reviewed.id == review.id
    assert by_kind[facts.RemarkMade].remark_id == remark.id
    assert {facts.ChangeReadied, facts.ChangeMerged} <= set(by_kind)


# --- What Usher itself proposes ---------------------------------------------------------------------------


async def test_without_the_permission_nothing_is_proposed(github, shop):
    with pytest.raises(Forbidden):
        await github.propose(
            shop.ref, Proposal("usher/contribution", "main", "Title", "Body", "Message", (("a.md", b"x\n"),))
        )
    assert list(shop.api.branches) == ["main"]
