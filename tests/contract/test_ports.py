"""What handlers ask of a forge, asked of both adapters: each answers over HTTP from a sandbox of its own kind.

Every request must be one that the forge's description knows. What only one forge does is in `tests/app/forges/`,
or in a test here that names the forge.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial

import pytest

from app.forges.github.adapter import GitHub, GitHubClient
from app.forges.gitlab.adapter import GitLab
from app.forges.gitlab.client import GitLabClient
from app.forges.limits import Pace
from app.forges.sandbox import Forge, GitLabSandbox, Sandbox, world
from app.forges.sandbox.edition import Tier
from app.forges.sandbox.faults import Fault
from app.forges.sandbox.github.site import PERMISSIONS
from app.forges.sandbox.world import Kind, Protection
from handlers import ports
from handlers.ports import (
    Conflict,
    Gone,
    Proposal,
    Refused,
    Throttled,
    Unavailable,
    Unsure,
    Verdict,
)
from policies.facts import Change, Person, RepositoryRef, Roster
from tests.contract.checker import Contract
from tests.contract.gitlab import GitLabContract

ON_GITLAB = pytest.mark.parametrize("kind", ["gitlab"])


@cache
def contract(kind: Kind) -> Contract:
    return GitLabContract() if kind == "gitlab" else Contract()


@pytest.fixture(params=["github", "gitlab"])
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def tier() -> Tier:
    return "premium"


@pytest.fixture
async def forge(kind: Kind, tier: Tier) -> AsyncIterator[Forge]:
    sandbox = GitLabSandbox(tier=tier, prefix="/gitlab") if kind == "gitlab" else Sandbox()
    async with sandbox:
        yield sandbox
        await sandbox.idle()
    prefix = "/gitlab" if kind == "gitlab" else ""
    problems = [
        contract(kind).check_request(each.method, each.path.removeprefix(prefix), each.query, each.body)
        for each in sandbox.ledger.exchanges
    ]
    assert [problem for found in problems for problem in found] == []


class Shop:
    """An organisation: ana is a member, ben and carla own `pay/` in `shop/api`, olga owns all."""

    def __init__(self, forge: Forge) -> None:
        self.forge = forge
        forge.organisation("shop")
        self.ana, self.ben, self.carla = (
            forge.person(login, member_of="shop") for login in ("ana", "ben", "carla")
        )
        self.olga = forge.person("olga", member_of="shop", owner=True)
        self.pay = forge.team("shop/pay", members=[self.ben, self.carla])
        files = {"CODEOWNERS": "/pay/ @shop/pay\n", "pay/a.py": "one\ntwo\n", "docs/a.md": "words\n"}
        self.api = forge.repository("shop/api", files=files, teams={"shop/pay": "write"})
        self.ref = RepositoryRef(self.api.id, "shop/api")


@pytest.fixture
def shop(forge: Forge) -> Shop:
    return Shop(forge)


class Naps:
    """Waits for nothing, and remembers how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


Ports = Callable[..., ports.Forge]
"""An adapter of the forge; `event_at` is when the event came for which it looks."""


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def make_port(forge: Forge, shop: Shop, naps: Naps) -> AsyncIterator[Ports]:
    if isinstance(forge, GitLabSandbox):
        async with GitLabClient(url=forge.url, token=forge.token, pace=Pace(0), sleep=naps) as client:
            yield partial(GitLab, client, "shop")
        return
    assert isinstance(forge, Sandbox)
    hub = GitHubClient(
        api_url=forge.url, app_id=forge.app_id, private_key=forge.private_key, pace=Pace(0), sleep=naps
    )
    async with hub:
        yield partial(GitHub, hub, forge.installation("shop").id)


@pytest.fixture
def port(make_port: Ports) -> ports.Forge:
    return make_port()


@pytest.fixture
async def change(port: ports.Forge, shop: Shop) -> Change:
    """ana's change of `pay/a.py`."""
    opened = shop.ana.opens(shop.api, touching="pay/a.py", title="Pay by card")
    return await port.change(shop.ref, opened.number)


# --- Changes ------------------------------------------------------------------------------------------


async def test_a_change_is_read_as_it_is_now(port, shop):
    opened = shop.ana.opens(shop.api, touching={"docs/b.md": "new\n"}, title="Say more", draft=True)
    shop.ben.labels(opened, "docs")
    found = await port.change(shop.ref, opened.number)
    assert found.repository == shop.ref
    assert (found.number, found.author, found.draft, found.labels) == (
        opened.number,
        Person("ana"),
        True,
        ("docs",),
    )
    assert found.title.endswith("Say more")
    assert (found.base, found.base_sha) == ("main", shop.api.branches["main"])
    assert (found.head_sha, found.state, found.touched_count) == (opened.head, "open", 1)
    assert found.from_fork
    assert found.opened_at == shop.forge.now()
    shop.ana.readies(opened)
    shop.olga.merges(opened)
    found = await port.change(shop.ref, opened.number)
    assert (found.state, found.draft) == ("merged", False)


async def test_open_changes_come_page_by_page_and_closed_ones_do_not(port, shop):
    opened = [shop.ben.opens(shop.api, touching=f"f/{number}") for number in range(103)]
    shop.ben.closes(opened[7])
    found = await port.open_changes(shop.ref)
    assert len(found) == 102
    assert {each.number for each in found} == {each.number for each in opened} - {opened[7].number}


async def test_touched_files_tell_what_was_renamed_added_and_removed(port, shop):
    touching = {"pay/a.py": None, "new.md": "x\n"}
    opened = shop.ben.opens(shop.api, touching=touching, renaming={"docs/a.md": "docs/z.md"})
    found = await port.change(shop.ref, opened.number)
    touched = await port.touched(found)
    assert touched.complete
    assert {(file.path, file.old_path, file.status) for file in touched.files} == {
        ("pay/a.py", None, "removed"),
        ("new.md", None, "added"),
        ("docs/z.md", "docs/a.md", "renamed"),
    }
    assert set(touched.paths) == {"pay/a.py", "new.md", "docs/z.md", "docs/a.md"}
    assert not (await port.touched(replace(found, touched_count=9))).complete
    assert (await port.touched(replace(found, touched_count=None))).complete


async def test_commits_are_read_with_their_messages_and_authors_the_oldest_first(port, shop):
    opened = shop.ben.opens(shop.api, touching="pay/a.py", title="First")
    shop.carla.pushes(opened, "docs/a.md")
    found = await port.commits(await port.change(shop.ref, opened.number))
    assert [(each.message, each.by) for each in found] == [("First", "ben"), ("Change docs/a.md", "carla")]
    assert found[-1].sha == opened.head


async def test_reviews_are_read_in_the_states_that_policies_know(port, shop):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    shop.ben.asks(opened, "ben", "carla")
    shop.ben.reviews(opened, "approve")
    shop.carla.reviews(opened, "request_changes", "No.")
    found = await port.reviews(await port.change(shop.ref, opened.number))
    assert {each.by.login: each.state for each in found} == {"ben": "approved", "carla": "changes_requested"}


async def test_remarks_are_read_whole_or_since_an_instant(port, shop, change):
    opened = shop.api.changes[0]
    for number in range(101):
        shop.ben.comments(opened, f"number {number}")
    shop.forge.later("1h")
    since = shop.forge.now()
    shop.carla.comments(opened, "last")
    every = await port.remarks(change)
    assert [each.body for each in every] == [*(f"number {number}" for number in range(101)), "last"]
    assert [(each.body, each.by, each.at) for each in await port.remarks(change, since)] == [
        ("last", Person("carla"), since)
    ]
    assert not any(port.wrote(each) for each in every)


async def test_comments_on_lines_are_read_as_threads_where_the_forge_tells_whether_they_are_resolved(
    port, shop, change
):
    first = shop.ben.remarks_on(shop.api.changes[0], "pay/a.py", "Why here?")
    shop.ana.replies(first, "Because.")
    found = await port.threads(change)
    if port.dialect == "github":
        assert found == ()
        return
    [thread] = found
    assert [(each.by.login, each.body) for each in thread.remarks] == [
        ("ben", "Why here?"),
        ("ana", "Because."),
    ]
    assert not thread.resolved
    shop.ben.resolves(first)
    [thread] = await port.threads(change)
    assert (thread.resolved, thread.resolved_by, thread.resolved_at) == (True, "ben", shop.forge.now())
    assert await port.remarks(change) == ()  # they are no comments of the change itself


async def test_a_change_that_cannot_be_read_yet_is_asked_for_again_just_after_its_event(
    make_port, port, shop, naps
):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    path = f"/pulls/{opened.number}" if port.dialect == "github" else f"/merge_requests/{opened.number}"
    faults, now = shop.forge.faults, datetime.now(UTC)
    faults.next(Fault(status=404), times=2, path=path)
    just_now = make_port(event_at=now)
    assert (await just_now.change(shop.ref, opened.number)).number == opened.number
    waited = list(naps.seconds)
    assert len(waited) == 2
    for late in (port, make_port(event_at=now - timedelta(seconds=61))):
        faults.next(Fault(status=404), path=path)
        with pytest.raises(Gone):
            await late.change(shop.ref, opened.number)
    assert naps.seconds == waited


async def test_what_is_not_there_is_gone(port, shop):
    with pytest.raises(Gone):
        await port.change(shop.ref, 99)
    with pytest.raises(Gone):
        await port.change(RepositoryRef(999, "shop/other"), 1)
    for name in ("shop/nowhere", "shop/..", "shop/../api", "shop", "./api"):
        assert await port.named(name) is None
    assert (await port.named("Shop/API")).ref == shop.ref


# --- Branches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "demands",
    [
        None,
        Protection(),
        Protection(checks=("ci/build",)),
        Protection(resolve_threads=True),
        Protection(owners_approve=True),
    ],
    ids=["unprotected", "nothing", "checks", "threads", "owners"],
)
async def test_what_a_branch_demands(port, shop, demands):
    if demands is not None:
        shop.api.protections["main"] = demands
    demands = demands or Protection()
    found = await port.branch_rules(shop.ref, "main")
    whole = {"gitlab": ("pipeline",)}.get(
        port.dialect, demands.checks
    )  # GitLab demands all that ran, or nothing
    assert found.checks == (whole if demands.checks else ())
    assert (found.threads_resolved, found.owners_approve) == (demands.resolve_threads, demands.owners_approve)


async def test_how_a_commit_meets_it(port, shop, change):
    opened = shop.api.changes[0]
    assert await port.checks(shop.ref, change.head_sha) == ()
    for state, said in (("pending", "pending"), ("failure", "failure"), ("success", "success")):
        shop.forge.later("1m")
        shop.ben.sets_status(opened, state)
        await port.change(shop.ref, opened.number)  # which tells of GitLab's pipeline
        [found] = await port.checks(shop.ref, change.head_sha)
        assert (found.commit, found.state, found.at) == (change.head_sha, said, shop.forge.now())
        assert found.name == ("pipeline" if port.dialect == "gitlab" else "ci/build")


# --- Files ----------------------------------------------------------------------------------------------


async def test_a_file_is_read_at_a_commit_and_at_a_branch(port, shop):
    before = shop.api.branches["main"]
    large = "0123456789abcde\n" * 70_000
    shop.ben.commits(shop.api, {"docs/ä b?#%.md": "grüße\n", "large.txt": large})
    found = await port.file(shop.ref, "docs/ä b?#%.md", "main")
    assert (found.path, found.content) == ("docs/ä b?#%.md", "grüße\n".encode())
    assert await port.file(shop.ref, "docs/ä b?#%.md", before) is None
    assert await port.file(shop.ref, "docs", "main") is None
    with pytest.raises(Refused):
        await port.file(shop.ref, "docs/../pay/a.py", "main")
    assert (await port.file(shop.ref, "large.txt", "main")).content == large.encode()


OWNERS_PATHS = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
}


async def test_the_owners_file_is_the_one_that_the_forge_itself_would_use(port, shop):
    order = OWNERS_PATHS[port.dialect]
    everywhere = {path: f"* @ben # {path}\n" for path in {*order, "CODEOWNERS"}}
    shop.olga.commits(shop.api, everywhere)
    for path in order:
        assert (await port.owners_file(shop.ref, shop.api.branches["main"])).path == path
        shop.olga.commits(shop.api, {path: None})
    assert await port.owners_file(shop.ref, shop.api.branches["main"]) is None
    assert await port.owner_errors(shop.ref, shop.api.branches["main"]) == ()


async def test_what_the_forge_finds_wrong_with_its_owners_file(port, shop):
    shop.olga.commits(shop.api, {"CODEOWNERS": "* @ben\n\npay/ @no-such-name\n"})
    [problem] = await port.owner_errors(shop.ref, shop.api.branches["main"])
    assert (problem.line, problem.source) == (3, "forge")


async def test_an_owners_file_at_a_commit_is_read_once(port, shop):
    at = shop.api.branches["main"]
    first = await port.owners_file(shop.ref, at)
    assert (first.path, first.content) == ("CODEOWNERS", b"/pay/ @shop/pay\n")
    asked = len(shop.forge.ledger.exchanges)
    assert await port.owners_file(shop.ref, at) == first
    assert len(shop.forge.ledger.exchanges) == asked


async def test_every_path_of_a_large_tree_is_listed(port, shop):
    shop.ben.commits(shop.api, {f"many/{number:03}.txt": "x\n" for number in range(230)})
    tree = await port.paths(shop.ref, "main")
    assert tree.complete
    assert len(tree.paths) == len(set(tree.paths)) == 233
    assert await port.tip(shop.ref, "main") == shop.api.branches["main"]
    assert await port.tip(shop.ref, "nowhere") is None


async def test_when_a_file_was_last_touched_and_how_often_others_were(port, shop):
    first = await port.touched_at(shop.ref, "pay/a.py", "main")
    for path in ("docs/a.md", "docs/b.md"):
        shop.forge.later("2d")
        shop.olga.commits(shop.api, {path: "new\n"})
    assert await port.touched_at(shop.ref, "pay/a.py", "main") == first
    assert await port.touched_at(shop.ref, "nowhere.md", "main") is None
    for days, number in ((1, 2), (3, 1)):
        since = first + timedelta(days=days)
        assert len(await port.commits_touching(shop.ref, "docs", "main", since)) == number


# --- People ---------------------------------------------------------------------------------------------


async def test_a_team_has_its_people_and_nobody_has_the_name_of_none(port, shop):
    found = await port.team("shop/pay")
    assert {person.login for person in found.members} == {"ben", "carla"}
    assert await port.team("shop/nobody") is None
    assert await port.team("elsewhere/pay") is None


async def test_the_roster_has_every_team_and_counts_people_and_no_bots(port, shop):
    shop.forge.team("shop/core", members=["erin"], parent=shop.pay)
    roster = await port.roster("shop")
    teams = {team.name: {person.login for person in team.members} for team in roster.teams}
    below = "shop/pay/core" if port.dialect == "gitlab" else "shop/core"
    assert teams[below] == {"erin"}
    assert {"ben", "carla"} <= teams["shop/pay"]
    everybody = {*shop.forge.world.organisation("shop").members, shop.forge.person("erin").account.id}
    assert roster.people == len(everybody - {shop.forge.bot.id})
    assert await port.roster("ana") == Roster()


async def test_what_people_may_do_is_asked_each_time(port, shop):
    assert await port.access(shop.ref, "BEN") == "write"  # by their team
    assert await port.access(shop.ref, "stranger-without-account") == "none"
    for permission in ("triage", "write", "maintain", "admin"):
        shop.olga.gives(shop.api, shop.ana, permission)
        assert await port.access(shop.ref, "ana") == permission
    assert await port.team_access(shop.ref, "shop/pay") == "write"


async def test_roles_and_busy_people_are_told_by_gitlab_alone(port, shop):
    told = port.dialect == "gitlab"
    shop.olga.gives(shop.api, shop.ana, "maintain")
    assert [each.login for each in await port.having_role(shop.ref, "maintainer")] == ["ana"] * told
    assert await port.having_role(shop.ref, "no-such-role") == ()
    if told:
        shop.ben.is_busy("at a fair")
    assert [await port.is_busy(who) for who in ("ben", "ana", "no-such-name")] == [told, False, False]


async def test_how_somebody_stands_to_the_organisation(port, shop):
    shop.forge.person("hugo")
    names = {"ana": "member", "hugo": "outsider", "no-such-name": "nobody", "shop": "organisation"}
    assert {name: await port.membership("shop", name) for name in names} == names


@ON_GITLAB
async def test_who_is_in_any_group_of_the_organisation_is_in_it(port, shop):
    """Also in a group beside or below the one that the project lies in."""
    shop.forge.team("shop/core", members=["erin"], parent=shop.pay)
    shop.forge.team("shop/web", members=["wim"])
    for organisation in ("shop", "shop/pay", "shop/pay/core", "shop/web"):
        for name in ("ana", "ben", "erin", "wim"):
            assert await port.membership(organisation, name) == "member", (organisation, name)
        shop.forge.person("hugo")
        assert await port.membership(organisation, "hugo") == "outsider"


@ON_GITLAB
async def test_where_gitlab_does_not_tell_nobody_is_said_to_have_left(port, shop):
    shop.forge.person("hugo")
    shop.forge.faults.next(Fault(status=500), method="POST", path="/graphql")
    assert await port.membership("shop", "hugo") == "member"


async def test_every_repository_that_was_given_is_listed(port, shop):
    more = {f"shop/r{number}" for number in range(102)}
    for name in sorted(more):
        shop.forge.repository(name)
    assert {each.ref.name for each in await port.repositories()} == more | {"shop/api"}
    assert (await port.repository(shop.api.id)).private


async def test_a_repository_is_described_as_the_catalogue_shows_it(port, shop):
    shop.api.description, shop.api.topics = "Takes the money.", ["payments", "inner-source"]
    shop.forge.later("2d")
    shop.olga.commits(shop.api, {"docs/a.md": "new\n"})
    found = await port.described(shop.ref)
    assert (found.ref, found.description, found.topics) == (
        shop.ref,
        "Takes the money.",
        ("payments", "inner-source"),
    )
    assert (found.default_branch, found.private, found.internal, found.archived) == (
        "main",
        True,
        False,
        False,
    )
    assert (found.fork, found.forked_from, found.stars, found.licence) == (False, None, 0, "")
    assert found.url.endswith("/shop/api")
    assert (found.created_at, found.pushed_at) == (shop.forge.now() - timedelta(days=2), shop.forge.now())


async def test_the_commits_of_a_year_are_counted_by_week(port, shop):
    shop.forge.later(
        datetime.now(UTC) - timedelta(days=22) - shop.forge.now()
    )  # GitLab's are counted by our clock
    for days, number in ((2, 3), (14, 1), (6, 2)):
        shop.forge.later(timedelta(days=days))
        for each in range(number):
            shop.olga.commits(shop.api, {f"docs/{days}-{each}.md": "new\n"})
    while (weeks := await port.participation(shop.ref)) is None:
        pass  # GitHub counts when it is asked for the first time
    assert len(weeks) == 52
    assert sum(weeks) == 7  # with the first one
    assert weeks[-4:] == (0, 3, 0, 3)


# --- Desk -----------------------------------------------------------------------------------------------


async def test_a_write_uses_the_turn_that_was_waited_for(port, shop, change):
    await port.turn(shop.ref)
    first = await port.say(change, "one")
    second = await port.say(change, "two")
    assert [each.id for each in await port.remarks(change)] == [first.id, second.id]


async def test_nobody_to_ask_costs_no_call(port, shop, change):
    before = len(shop.forge.ledger.exchanges)
    assert (await port.ask(change, ())).asked == ()
    assert len(shop.forge.ledger.exchanges) == before


async def test_one_invalid_name_does_not_spoil_the_others_and_says_why(port, shop, change):
    asked = await port.ask(change, ("ben", "Carla", "nobody-at-all"))
    assert asked.asked == ("ben", "Carla")
    assert set(asked.refused) == {"nobody-at-all"}
    assert asked.refused["nobody-at-all"]
    assert set((await port.change(shop.ref, change.number)).asked) == {"ben", "carla"}
    await port.release(change, ("carla",), ())
    await port.release(change, ("carla",), ())  # once more does nothing
    assert (await port.change(shop.ref, change.number)).asked == ("ben",)


@ON_GITLAB
@pytest.mark.parametrize("tier", ["free"])
async def test_who_has_no_room_beside_another_is_told_apart_from_who_is_refused(port, shop, change):
    asked = await port.ask(change, ("ben", "carla"))
    assert (len(asked.asked), len(asked.unlisted), asked.refused) == (1, 1, {})
    assert {*asked.asked, *asked.unlisted} == {"ben", "carla"}


@ON_GITLAB
async def test_a_good_answer_that_changed_nothing_is_noticed(port, shop, change):
    """GitLab leaves out whoever may not read the project, and answers 200."""
    shop.forge.person("hugo")
    asked = await port.ask(change, ("hugo",))
    assert asked.asked == ()
    assert "left this person out" in asked.refused["hugo"]
    assert (await port.change(shop.ref, change.number)).asked == ()


async def test_a_comment_is_ours_to_make_to_change_and_to_take_back(port, shop, change):
    await port.is_us(Person("ana"))
    made = await port.say(change, "Hello")
    assert port.wrote(made)
    await port.amend(change, made.id, "Hello again")
    [read] = await port.remarks(change)
    assert (read.id, read.body, port.wrote(read)) == (made.id, "Hello again", True)
    assert made.by == read.by
    assert (read.by.bot, await port.is_us(read.by)) == (True, True)
    await port.unsay(change, made.id)
    with pytest.raises(Gone):
        await port.amend(change, made.id, "once more")
    assert await port.remarks(change) == ()


async def test_a_comment_longer_than_the_forge_takes_is_refused_with_its_reason(port, change):
    longest = 1_000_000 if port.dialect == "gitlab" else 65_536
    with pytest.raises(Refused) as refused:
        await port.say(change, "x" * (longest + 1))
    assert "too long" in refused.value.reason


async def test_labels_are_put_on_and_taken_off_and_a_missing_one_is_no_error(port, shop, change):
    await port.label(change, ("guest", "late"), ())
    await port.label(change, (), ("late", "never there"))
    assert (await port.change(shop.ref, change.number)).labels == ("guest",)


async def test_nodding_twice_is_one_nod(port, shop, change):
    comment = shop.ben.comments(shop.api.changes[0], "/usher ack")
    await port.nod(change, comment.id, "+1")
    await port.nod(change, comment.id, "+1")
    assert len(comment.reactions) == 1


async def test_a_verdict_is_made_once_and_then_changed(port, shop):
    opened = shop.ben.opens(shop.api, touching="pay/a.py")
    change = await port.change(shop.ref, opened.number)
    verdict = Verdict("usher", change.head_sha, "failure", "Somebody looks", "…", "key-1")
    for _ in range(2):
        await port.judge(shop.ref, verdict)
    await port.judge(shop.ref, replace(verdict, conclusion="success", title="Answered"))
    shown = [(each.name, each.output["title"]) for each in shop.api.checks.values()]
    shown += [(each.context, each.description) for each in shop.api.statuses]
    assert shown[-1] == ("usher", "Answered")


@ON_GITLAB
async def test_a_status_joins_the_pipeline_that_counts_and_else_one_of_its_branch(port, shop):
    """Else GitLab shows a pipeline of ours on the merge request, in place of the one that failed."""
    opened = shop.ben.opens(shop.api, touching="pay/a.py")
    shop.forge.world.repository("shop/api").branches["aaa"] = opened.head
    verdict = Verdict("usher", opened.head, "success", "Well", "…", "key-1")
    await port.change(shop.ref, opened.number)
    await port.judge(shop.ref, verdict)
    assert [each.ref for each in shop.api.pipelines] == [opened.head_branch]
    shop.ben.runs(opened, "failed")
    await port.change(shop.ref, opened.number)
    await port.judge(shop.ref, replace(verdict, name="usher/two"))
    assert [each.source for each in shop.api.pipelines] == ["external", "merge_request_event"]
    assert [each.state for each in await port.checks(shop.ref, opened.head)] == ["failure"]
    tip = await port.tip(shop.ref, "main")
    await port.judge(shop.ref, replace(verdict, head=tip))
    assert shop.api.pipelines[-1].ref == "main"


@ON_GITLAB
async def test_gitlab_takes_no_status_on_a_commit_of_a_fork(port, shop, change):
    assert change.from_fork
    with pytest.raises(Gone, match="References for commit"):
        await port.judge(shop.ref, Verdict("usher", change.head_sha, "success", "Well", "…", "key-1"))


async def test_our_issues_are_opened_edited_closed_and_found(port, shop):
    theirs = shop.ana.reports(shop.api, "It is broken")
    number = await port.open_issue(shop.ref, "What is missing", "A guide.")
    await port.edit_issue(shop.ref, number, "Nothing.", is_open=False)
    issue = await port.issue(shop.ref, number)
    assert (issue.number, issue.open) == (number, False)
    assert shop.api.issues[number].body == "Nothing."
    assert [each.number for each in await port.our_issues(shop.ref)] == [number]
    assert (await port.issue(shop.ref, theirs.number)).open
    second = await port.open_issue(shop.ref, "Another", "…")
    assert [each.number for each in await port.our_issues(shop.ref)] == [second, number]
    await port.edit_issue(shop.ref, number, "Again.", is_open=True)
    assert (await port.issue(shop.ref, number)).open


OURS = Proposal(
    branch="usher/contribution",
    base="main",
    title="Say how to contribute",
    body="Drafted.",
    message="Draft a guideline",
    files=(("CONTRIBUTING.md", b"# Contributing\n"), ("pay/a.py", b"three\n")),
)


def may_write(shop: Shop) -> None:
    """On GitHub somebody has to let the App write files; on GitLab a token that does the rest may do this."""
    if isinstance(shop.forge, Sandbox):
        shop.forge.permit("shop", {**PERMISSIONS, "contents": "write"})


def proposal_of(shop: Shop, number: int) -> world.Change:
    return next(each for each in shop.api.changes if each.number == number)


async def test_a_proposal_is_one_draft_of_ours_until_a_person_writes_on_it(port, shop):
    may_write(shop)
    number = await port.propose(shop.ref, OURS)
    proposed = proposal_of(shop, number)
    assert (proposed.title.removeprefix("Draft: "), proposed.body, proposed.draft) == (
        OURS.title,
        "Drafted.",
        True,
    )
    assert {each.path for each in proposed.files} == {"CONTRIBUTING.md", "pay/a.py"}
    commits = len(await port.commits(await port.change(shop.ref, number)))
    newer = replace(OURS, body="Better.", files=(("CONTRIBUTING.md", b"# Contributing\n\nMore.\n"),))
    for _ in range(2):
        assert await port.propose(shop.ref, newer) == number
    assert proposed.body == "Better."
    assert len(await port.commits(await port.change(shop.ref, number))) == commits + 1
    shop.ben.pushes(proposed, {"CONTRIBUTING.md": "# Mine\n"})
    with pytest.raises(Conflict):
        await port.propose(shop.ref, OURS)
    shop.ben.closes(proposed)
    with pytest.raises(Conflict):
        await port.propose(shop.ref, OURS)


async def test_a_branch_of_ours_that_was_left_over_is_begun_anew(port, shop):
    may_write(shop)
    number = await port.propose(shop.ref, OURS)
    shop.ben.closes(proposal_of(shop, number))
    shop.olga.commits(shop.api, {"other.md": "x\n"})
    again = await port.propose(shop.ref, OURS)
    assert again != number
    assert {each.path for each in proposal_of(shop, again).files} == {"CONTRIBUTING.md", "pay/a.py"}


async def test_a_strangers_change_from_a_branch_of_the_same_name_is_left_alone(port, shop):
    may_write(shop)
    theirs = shop.ana.opens(shop.api, touching="docs/a.md", title="Mine", branch=OURS.branch, from_fork=True)
    number = await port.propose(shop.ref, OURS)
    assert number != theirs.number
    assert theirs.title == "Mine"


# --- When the forge does not do it ----------------------------------------------------------------------


async def test_each_failure_is_one_of_those_that_handlers_know(port, shop, change):
    faults = shop.forge.faults
    faults.next(Fault(status=502, html=True), method="GET", path=f"/{shop.api.id}")
    with pytest.raises(Unavailable):
        await port.repository(shop.api.id)
    faults.next(
        Fault(cut=True, after_effect=True),
        method="POST",
        path="notes" if port.dialect == "gitlab" else "comments",
    )
    with pytest.raises(Unsure):
        await port.say(change, "Heard by nobody")
    assert [each.body for each in await port.remarks(change)] == ["Heard by nobody"]
    faults.exhaust(600)
    with pytest.raises(Throttled) as held:
        await port.repository(shop.api.id)
    assert timedelta(minutes=8) < held.value.until - datetime.now(UTC) < timedelta(minutes=12)
