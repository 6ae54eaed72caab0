"""What Usher reads and does on GitHub, against a sandbox forge."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.forges.github import GitHub
from app.forges.github_events import GitHubDoor
from app.forges.sandbox.faults import Fault
from app.forges.sandbox.github.site import PERMISSIONS
from handlers.ports import Conflict, Delivery, Forbidden, Forge, Gone, Proposal, Refused, Verdict
from policies import facts
from policies.facts import Person, RepositoryRef, Roster, Subject

PULL = "/repos/shop/api/pulls/1"
ISSUE = "/repos/shop/api/issues/1"


async def test_it_is_every_port_of_a_forge(github, shop):
    forge: Forge = github
    assert forge.dialect == "github"
    assert [each.ref for each in await forge.repositories()] == [shop.ref]


# --- Changes ------------------------------------------------------------------------------------------


async def test_a_change_is_read_as_it_is_now(github, shop):
    opened = shop.ana.opens(shop.api, touching={"docs/b.md": "new\n"}, title="Say more", draft=True)
    shop.ben.labels(opened, "docs")
    found = await github.change(shop.ref, opened.number)
    assert found.repository == shop.ref
    assert (found.number, found.title, found.author) == (opened.number, "Say more", Person("ana"))
    assert (found.base, found.base_sha) == ("main", shop.api.branches["main"])
    assert found.head_sha == opened.head
    assert (found.state, found.draft, found.labels, found.touched_count) == ("open", True, ("docs",), 1)
    assert found.from_fork  # ana may only read
    assert found.opened_at == shop.forge.now()
    shop.ana.readies(opened)
    shop.ben.merges(opened)
    assert (await github.change(shop.ref, opened.number)).state == "merged"
    assert (await github.change(shop.ref, opened.number)).draft is False


async def test_who_is_asked_is_read_with_their_organisation(github, shop):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    shop.ben.asks(opened, "carla", "shop/pay")
    found = await github.change(shop.ref, opened.number)
    assert (found.asked, found.asked_teams) == (("carla",), ("shop/pay",))


async def test_open_changes_come_page_by_page_and_closed_ones_do_not(github, shop):
    opened = [shop.ben.opens(shop.api, touching=f"f/{number}") for number in range(103)]
    shop.ben.closes(opened[7])
    found = await github.open_changes(shop.ref)
    assert {each.number for each in found} == {each.number for each in opened} - {opened[7].number}
    assert len(found) == 102
    assert shop.calls()[-2:] == [
        "GET /repos/shop/api/pulls 200",
        f"GET /repositories/{shop.api.id}/pulls 200",
    ]


async def test_touched_files_tell_what_was_renamed_added_and_removed(github, shop):
    opened = shop.ben.opens(
        shop.api, touching={"pay/a.py": None, "new.md": "x\n"}, renaming={"docs/a.md": "docs/z.md"}
    )
    touched = await github.touched(await github.change(shop.ref, opened.number))
    assert touched.complete
    assert {(file.path, file.old_path, file.status) for file in touched.files} == {
        ("pay/a.py", None, "removed"),
        ("new.md", None, "added"),
        ("docs/z.md", "docs/a.md", "renamed"),
    }
    assert set(touched.paths) == {"pay/a.py", "new.md", "docs/z.md", "docs/a.md"}


async def test_a_list_of_touched_files_that_github_cut_is_not_complete(github, shop):
    opened = shop.ben.opens(shop.api, touching={f"f/{number:04}": "x" for number in range(3001)})
    change = await github.change(shop.ref, opened.number)
    assert change.touched_count == 3001
    touched = await github.touched(change)
    assert len(touched.files) == 3000
    assert not touched.complete


async def test_a_list_that_a_push_made_longer_meanwhile_is_not_complete(github, change):
    assert (await github.touched(change)).complete
    assert not (await github.touched(replace(change, touched_count=2))).complete
    assert (await github.touched(replace(change, touched_count=None))).complete


async def test_commits_are_read_with_their_messages_the_oldest_first(github, shop):
    opened = shop.ben.opens(shop.api, touching="pay/a.py", title="First")
    shop.ben.pushes(opened, "docs/a.md")
    found = await github.commits(await github.change(shop.ref, opened.number))
    assert [(each.message, each.by) for each in found] == [("First", "ben"), ("Change docs/a.md", "ben")]
    assert found[-1].sha == opened.head


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


async def test_remarks_are_read_whole_or_since_an_instant(github, shop, change):
    opened = shop.api.changes[0]
    shop.ben.comments(opened, "first")
    shop.forge.later("1h")
    since = shop.forge.now()
    shop.ben.comments(opened, "second")
    assert [each.body for each in await github.remarks(change)] == ["first", "second"]
    [second] = await github.remarks(change, since)
    assert (second.body, second.by, second.at, second.app_id) == ("second", Person("ben"), since, None)


async def test_what_is_not_there_is_gone(github, shop):
    with pytest.raises(Gone):
        await github.change(shop.ref, 99)
    with pytest.raises(Gone):
        await github.change(RepositoryRef(999, "shop/other"), 1)


async def test_a_change_that_cannot_be_read_yet_is_asked_for_again_just_after_its_event(client, shop, naps):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    shop.forge.faults.next(Fault(status=404), times=2, path="/pulls/1")
    just_now = GitHub(client, shop.installation, event_at=datetime.now(UTC))
    assert (await just_now.change(shop.ref, opened.number)).number == opened.number
    assert naps.seconds == [2.0, 5.0]
    shop.forge.faults.next(Fault(status=404), path="/pulls/1")
    with pytest.raises(Gone):
        await GitHub(client, shop.installation).change(shop.ref, opened.number)
    shop.forge.faults.next(Fault(status=404), path="/pulls/1")
    late = GitHub(client, shop.installation, event_at=datetime.now(UTC) - timedelta(seconds=61))
    with pytest.raises(Gone):
        await late.change(shop.ref, opened.number)
    assert naps.seconds == [2.0, 5.0]


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


async def test_a_persons_own_account_has_no_roster(github, shop):
    assert await github.roster("ana") == Roster()


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


# --- Files ----------------------------------------------------------------------------------------------


async def test_a_file_is_read_at_a_commit_and_at_a_branch(github, shop):
    before = shop.api.branches["main"]
    shop.ben.commits(shop.api, {"docs/ä b?#%.md": "grüße\n"})
    found = await github.file(shop.ref, "docs/ä b?#%.md", "main")
    assert found is not None
    assert (found.path, found.content) == ("docs/ä b?#%.md", "grüße\n".encode())
    assert len(found.blob) == 40
    assert await github.file(shop.ref, "docs/ä b?#%.md", before) is None


async def test_a_folder_is_no_file_and_a_path_that_climbs_is_refused(github, shop):
    assert await github.file(shop.ref, "docs", "main") is None
    with pytest.raises(Refused):
        await github.file(shop.ref, "docs/../pay/a.py", "main")


async def test_a_file_larger_than_a_megabyte_is_read_too(github, shop):
    content = "0123456789abcde\n" * 70_000
    shop.ben.commits(shop.api, {"big.txt": content})
    found = await github.file(shop.ref, "big.txt", "main")
    assert found is not None
    assert found.content == content.encode()


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        ([".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"], ".github/CODEOWNERS"),
        (["CODEOWNERS", "docs/CODEOWNERS"], "CODEOWNERS"),
        (["docs/CODEOWNERS"], "docs/CODEOWNERS"),
        ([], None),
    ],
)
async def test_the_owners_file_is_the_one_that_github_itself_would_use(github, shop, paths, chosen):
    every = dict.fromkeys([".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"])
    shop.ben.commits(shop.api, {**every, **{path: f"* @ben # {path}\n" for path in paths}} | {"x": "y"})
    found = await github.owners_file(shop.ref, shop.api.branches["main"])
    assert (found.path if found else None) == chosen


async def test_an_owners_file_at_a_commit_is_read_once(github, client, shop):
    at = shop.api.branches["main"]
    first = await github.owners_file(shop.ref, at)
    shop.calls()
    assert await GitHub(client, shop.installation).owners_file(shop.ref, at) == first
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


async def test_what_people_may_do_is_asked_each_time(github, shop):
    owner = shop.owner
    assert await github.access(shop.ref, "BEN") == "write"
    assert await github.access(shop.ref, "ana") == "read"
    assert await github.access(shop.ref, "stranger-without-account") == "none"
    for permission in ("triage", "maintain", "admin"):
        owner.gives(shop.api, shop.ana, permission)
        assert await github.access(shop.ref, "ana") == permission


async def test_every_repository_that_was_given_is_listed(github, shop):
    private = {f"shop/r{number}" for number in range(102)}
    for name in sorted(private):
        shop.forge.repository(name)
    found = await github.repositories()
    assert {each.ref.name for each in found} == private | {"shop/api"}
    one = await github.repository(shop.api.id)
    assert one == facts.Repository(shop.ref, "main", private=True)


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


async def test_nobody_to_ask_costs_no_call(github, shop, change):
    assert (await github.ask(change, ())).asked == ()
    assert shop.calls() == []


async def test_requests_to_people_and_teams_are_taken_back(github, shop, change):
    opened = shop.api.changes[0]
    shop.ben.asks(opened, "carla", "ben", "shop/pay")
    await github.release(change, ("carla",), ("shop/pay",))
    now = await github.change(shop.ref, 1)
    assert (now.asked, now.asked_teams) == (("ben",), ())
    await github.release(change, ("carla",), ())  # once more does nothing


async def test_a_comment_is_ours_to_make_and_to_change(github, shop, change):
    made = await github.say(change, "Hello @ben")
    assert (made.body, made.by) == ("Hello @ben", Person("usher[bot]", bot=True))
    assert github.wrote(made)
    await github.amend(change, made.id, "Hello @carla")
    [read] = await github.remarks(change)
    assert (read.id, read.body) == (made.id, "Hello @carla")
    assert github.wrote(read)


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


async def test_a_comment_that_somebody_deleted_is_gone(github, shop, change):
    made = await github.say(change, "Hello")
    [comment] = shop.api.changes[0].comments
    shop.owner.unsays(comment)
    with pytest.raises(Gone):
        await github.amend(change, made.id, "again")


async def test_a_comment_longer_than_github_takes_is_refused_with_its_reason(github, change):
    with pytest.raises(Refused) as refused:
        await github.say(change, "x" * 65_537)
    assert "too long" in refused.value.reason


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


async def test_labels_are_put_on_and_taken_off_and_a_missing_one_is_no_error(github, shop, change):
    await github.label(change, ("guest", "late"), ())
    await github.label(change, (), ("late", "never there"))
    assert (await github.change(shop.ref, 1)).labels == ("guest",)


async def test_a_nod_answers_a_comment_and_nodding_twice_is_one_nod(github, shop, change):
    comment = shop.ben.comments(shop.api.changes[0], "/usher ack")
    await github.nod(change, comment.id, "+1")
    await github.nod(change, comment.id, "+1")
    path = f"POST /repos/shop/api/issues/comments/{comment.id}/reactions"
    assert shop.calls()[1:] == [f"{path} 201", f"{path} 200"]


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

OURS = Proposal(
    branch="usher/contribution",
    base="main",
    title="Say how to contribute",
    body="Drafted.",
    message="Draft a guideline",
    files=(("CONTRIBUTING.md", b"# Contributing\n"), ("pay/a.py", b"three\n")),
)


@pytest.fixture
def writer(github, shop):
    """GitHub where the App may write files, as somebody chose to let it."""
    shop.forge.permit("shop", {**PERMISSIONS, "contents": "write"})
    return github


async def test_without_the_permission_nothing_is_proposed(github, shop):
    with pytest.raises(Forbidden):
        await github.propose(shop.ref, OURS)
    assert list(shop.api.branches) == ["main"]


async def test_a_proposal_is_a_draft_on_a_branch_of_ours(writer, shop):
    number = await writer.propose(shop.ref, OURS)
    change = shop.api.issues[number]
    assert (change.title, change.body, change.draft) == ("Say how to contribute", "Drafted.", True)
    assert {each.path for each in change.files} == {"CONTRIBUTING.md", "pay/a.py"}


async def test_proposing_again_brings_the_one_proposal_up_to_date(writer, shop):
    number = await writer.propose(shop.ref, OURS)
    commits = len(await writer.commits(await writer.change(shop.ref, number)))
    newer = replace(OURS, body="Better.", files=(("CONTRIBUTING.md", b"# Contributing\n\nMore.\n"),))
    assert await writer.propose(shop.ref, newer) == number
    assert await writer.propose(shop.ref, newer) == number
    assert shop.api.issues[number].body == "Better."
    assert len(await writer.commits(await writer.change(shop.ref, number))) == commits + 1


async def test_a_persons_commit_is_never_written_over(writer, shop):
    number = await writer.propose(shop.ref, OURS)
    shop.ben.pushes(shop.api.issues[number], {"CONTRIBUTING.md": "# Mine\n"})
    with pytest.raises(Conflict):
        await writer.propose(shop.ref, OURS)
    shop.ben.closes(shop.api.issues[number])
    with pytest.raises(Conflict):
        await writer.propose(shop.ref, OURS)


async def test_a_branch_that_was_left_over_is_begun_anew(writer, shop):
    number = await writer.propose(shop.ref, OURS)
    shop.ben.closes(shop.api.issues[number])
    shop.owner.commits(shop.api, {"other.md": "x\n"})
    again = await writer.propose(shop.ref, OURS)
    assert again != number
    assert {each.path for each in shop.api.issues[again].files} == {"CONTRIBUTING.md", "pay/a.py"}


async def test_when_a_file_was_last_touched_and_how_often_others_were(github, shop):
    first = await github.touched_at(shop.ref, "pay/a.py", "main")
    shop.forge.later("2d")
    shop.owner.commits(shop.api, {"docs/a.md": "new\n"})
    shop.forge.later("2d")
    shop.owner.commits(shop.api, {"docs/b.md": "new\n"})
    assert await github.touched_at(shop.ref, "pay/a.py", "main") == first
    assert await github.touched_at(shop.ref, "nowhere.md", "main") is None
    assert len(await github.commits_touching(shop.ref, "docs", "main", first + timedelta(days=1))) == 2
    assert len(await github.commits_touching(shop.ref, "docs", "main", first + timedelta(days=3))) == 1


async def test_a_repository_is_found_by_its_name(github, shop):
    found = await github.named("Shop/API")
    assert found.ref == shop.ref
    assert await github.named("shop/nowhere") is None
