"""Owners are kept healthy: who edits the owners file hears what it breaks, and departures are noticed."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from app.forges.sandbox.faults import Fault
from app.forges.sandbox.world import Change, Issue, Repository
from app.store.tables import due, finding
from tests import stories
from tests.stories import OWNERS, Bot, Judgement, Shop, a_day_later, golden, neutral

pytestmark = pytest.mark.slow  # the inner loop plays the main stories alone

PATH = ".github/CODEOWNERS"


def check_on(change: Change) -> Judgement | None:
    """The newest verdict on guides and owners at the change's newest commit."""
    return stories.check_on(change, "usher/contribution")


def judged(change: Change) -> Judgement:
    found = check_on(change)
    assert found is not None
    return found


def annotated(change: Change) -> list[tuple[int, str, str]]:
    """Line, level and title of each annotation; a status on GitLab has none."""
    return list(judged(change).annotations)


def tabled(change: Change) -> list[int]:
    """The line of each problem in the table of what is told."""
    return [
        int(line)
        for line in re.findall(r"^\| `[^`]*CODEOWNERS:(\d+)` \|", judged(change).summary, re.MULTILINE)
    ]


async def open_findings(bot: Bot, repository: Repository) -> set[tuple[str, str]]:
    """Kind and severity of what ails the default branch now.

    On GitLab the stories' project lives in the topmost group, which is everybody's: that nobody owns it is told too.
    """
    rows = await bot.rows(finding, finding.c.repository_id == repository.id, finding.c.cleared_at.is_(None))
    everybodys = {"repository_owner_unknown"} if bot.forge.kind == "gitlab" else set()
    return {(row.kind, row.severity) for row in rows if row.severity != "info" and row.kind not in everybodys}


def issues(repository: Repository) -> list[Issue]:
    return [each for each in repository.issues.values() if not isinstance(each, Change)]


def told(issue: Issue) -> str:
    return (issue.body or "").partition("<!--")[0].rstrip()


def ruin(world: Shop, owners: str) -> None:
    world.dora.commits(world.api, {PATH: owners})


# --- On a change ----------------------------------------------------------------------------------------


async def test_only_new_problems_fail_and_what_is_mended_is_said(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "old/ @gone\ntools/ @nobody\n*.py @dora\n")
    mixed = OWNERS + "old/ @gone\napp.py @stranger\n*.py @dora\nnowhere/ @dora\n"
    change = world.ana.opens(world.api, touching={PATH: mixed})
    await bot.settled()
    run = judged(change)
    assert run.conclusion == "failure"
    if bot.forge.kind == "github":
        assert {(6, "failure", "Owner unknown"), (8, "notice", "Pattern dead")} <= set(annotated(change))
        assert all(line > 5 for line, _, _ in annotated(change))
    assert tabled(change) == [6, 6, 8]
    golden("contribution_check_owners", f"{run.title}\n\n{run.summary}")


async def test_a_change_that_brings_nothing_bad_succeeds(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "old/ @gone\n")
    change = world.ana.opens(world.api, touching={PATH: OWNERS + "old/ @gone\napp.py @erin\n"})
    await bot.settled()
    assert judged(change).conclusion == "success"
    assert annotated(change) == []


async def test_a_small_new_problem_is_told_without_failing(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching={PATH: OWNERS + "nowhere/ @erin\n"})
    await bot.settled()
    assert judged(change).conclusion == neutral()


async def test_the_rules_say_from_which_severity_on_it_fails(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "guidelines: {fail_on: never}\n"})
    change = world.ana.opens(world.api, touching={PATH: OWNERS + "app.py @stranger\n"})
    await bot.settled()
    assert judged(change).conclusion == neutral()


async def test_other_changes_have_no_such_check(bot: Bot, world: Shop) -> None:
    """Not even one that touches a file of that name which the forge does not use; GitLab looks into `docs/` first."""
    unused = "docs/CODEOWNERS" if world.forge.kind == "github" else "src/CODEOWNERS"
    one = world.ana.opens(world.api, touching=["docs/guide.md"])
    other = world.ana.opens(world.api, touching={unused: "* @nobody\n"})
    await bot.settled()
    assert (check_on(one), check_on(other)) == (None, None)


async def test_a_push_is_judged_anew(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching={PATH: OWNERS + "app.py @stranger\n"})
    await bot.settled()
    world.ana.pushes(change, {PATH: OWNERS + "app.py @erin\n"})
    await bot.settled()
    assert judged(change).conclusion == "success"


async def test_more_than_fifty_problems_are_all_told(bot: Bot, world: Shop) -> None:
    """GitHub takes fifty annotations with one request; where there are none, the table says how many more there are."""
    lines = "".join(f"area{number}/ @dora\n" for number in range(120))
    change = world.ana.opens(world.api, touching={PATH: OWNERS + lines})
    await bot.settled()
    if bot.forge.kind == "github":
        assert len(annotated(change)) == 120
    assert (len(tabled(change)), "and 70 more" in judged(change).summary) == (50, True)


async def test_a_lost_answer_doubles_no_verdict(bot: Bot, world: Shop) -> None:
    fault = Fault(cut=True, after_effect=True)
    path = "/check-runs" if bot.forge.kind == "github" else "/statuses/"
    bot.forge.faults.next(fault, method="POST", path=path)
    change = world.ana.opens(world.api, touching={PATH: OWNERS + "app.py @stranger\n"})
    await bot.settled()
    if bot.forge.kind == "github":
        assert [title for _, _, title in annotated(change)] == ["Dead rule", "Owner unknown"]
    made = [*world.api.checks.values(), *world.api.statuses]
    assert len([each for each in made if each.sha == change.head]) == 1
    assert tabled(change) == [5, 5]


async def test_taking_the_owners_file_away_is_said(bot: Bot, world: Shop) -> None:
    change = world.dora.opens(world.api, touching={PATH: None})
    await bot.settled()
    assert judged(change).conclusion == neutral()
    assert "nobody is asked" in judged(change).summary


# --- On the default branch --------------------------------------------------------------------------------

AILING = {
    "a1 @nobody @dora": "owner_unknown",
    "a2 @shop @dora": "owner_unknown",
    "a3 @guest @dora": "owner_left",
    "a4 @reader @dora": "owner_no_write",
    "a5 @shop/none @dora": "team_unusable",
    "a6 @shop/.. @dora": "team_unusable",
    "a7 @shop/hidden @dora": "team_unusable",
    "a8 @shop/empty @dora": "team_unusable",
    "a9 @shop/readers @dora": "team_unusable",
    "b1 who@example.com @dora": "owner_email",
    "nowhere/ @dora": "pattern_dead",
    "/docs/sub/ @dora": "shadowed",
    "/docs/ @dora": None,
    "b2 dora": "Invalid owner",
    "b3 @another": "dead_rule",
}
AILING_ON_GITLAB = {
    **AILING,
    "a2 @shop @dora": None,  # a group as any other
    "a6 @shop/.. @dora": None,  # the same group: GitLab looks for names in a word
    "b1 who@example.com @dora": None,  # whose it is, is GitLab's to tell once no line is malformed
    "b2 dora": "malformed_entry_owner",
    "b3 @another": "rule_without_owners",
}


async def test_each_ailment_is_found_on_its_line(bot: Bot, world: Shop) -> None:
    world.forge.person("guest")
    world.forge.person("reader", member_of="shop")
    world.forge.team("shop/hidden", members=[world.ben], secret=True)
    world.dora.gives(world.api, world.forge.team("shop/empty"), "write")
    world.dora.gives(world.api, world.forge.team("shop/readers", members=[world.ana]), "read")
    ailing = AILING if bot.forge.kind == "github" else AILING_ON_GITLAB
    files = {line.split()[0]: "x\n" for line in ailing if not line.split()[0].endswith("/")}
    world.dora.commits(world.api, {**files, "docs/sub/a.md": "x\n", PATH: "\n".join(ailing) + "\n"})
    await bot.settled()
    rows = await bot.rows(finding, finding.c.cleared_at.is_(None))
    found = {(row.line, row.kind) for row in rows}
    expected = {(number, kind) for number, kind in enumerate(ailing.values(), 1) if kind}
    assert expected <= found
    assert (1, "unowned") in found
    assert {line for line, kind in found if kind != "differs"} == {line for line, _ in expected}
    [issue] = issues(world.api)
    golden("tracking_issue_many", told(issue))


async def test_an_address_that_somebody_has_is_no_ailment(bot: Bot, world: Shop) -> None:
    ruin(world, "* dora@users.example\n")
    await bot.settled()
    assert await open_findings(bot, world.api) == set()


async def test_a_healthy_file_has_no_findings_and_no_issue(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @erin\n")
    await bot.settled()
    assert await open_findings(bot, world.api) == set()
    assert issues(world.api) == []


async def test_the_only_owner_who_never_answers_is_told_of(bot: Bot, world: Shop) -> None:
    for number in range(3):
        world.ana.opens(world.api, touching={f"docs/{number}.md": "x\n"})
    await bot.settled()
    world.later("2d")
    ruin(world, OWNERS + "app.py @dora\n")
    await bot.settled()
    assert ("owner_silent", "medium") in await open_findings(bot, world.api)


async def test_who_answers_once_is_not_silent(bot: Bot, world: Shop) -> None:
    changes = [world.ana.opens(world.api, touching={f"docs/{number}.md": "x\n"}) for number in range(3)]
    await bot.settled()
    world.erin.comments(changes[0], "I will look on Thursday.")
    await bot.settled()
    ruin(world, OWNERS + "app.py @dora\n")
    await bot.settled()
    assert await open_findings(bot, world.api) == set()


# --- Departures -------------------------------------------------------------------------------------------


async def test_who_leaves_the_organisation_is_noticed_at_once(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @erin\n")
    await bot.settled()
    world.dora.gives(world.api, world.erin, "none")
    world.erin.leaves_organisation("shop")
    await bot.settled()
    assert ("owner_left", "high") in await open_findings(bot, world.api)


async def test_the_last_member_who_leaves_a_team_is_noticed_at_once(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @erin\n")
    await bot.settled()
    world.ben.leaves("shop/payments")
    world.carla.leaves("shop/payments")
    await bot.settled()
    assert ("team_unusable", "high") in await open_findings(bot, world.api)


async def test_a_lost_event_is_found_the_next_day(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @erin\n")
    await bot.settled()
    bot.forge.courier.lose(3)
    world.ben.leaves("shop/payments")
    world.carla.leaves("shop/payments")
    await bot.settled()
    assert await open_findings(bot, world.api) == set()
    await a_day_later(bot, world)
    assert ("team_unusable", "high") in await open_findings(bot, world.api)


async def test_what_is_mended_is_cleared(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @stranger @dora\n")
    await bot.settled()
    ruin(world, OWNERS + "app.py @dora\n")
    await bot.settled()
    assert await open_findings(bot, world.api) == set()
    rows = await bot.rows(finding, finding.c.kind == "owner_unknown")
    assert [row.cleared_at is not None for row in rows] == [True]


# --- The tracking issue -----------------------------------------------------------------------------------


async def test_the_issue_is_opened_edited_closed_and_opened_again(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @stranger @dora\n")
    await bot.settled()
    [issue] = issues(world.api)
    golden("tracking_issue", f"{issue.title}\n\n{told(issue)}")
    ruin(world, OWNERS + "app.py @stranger @gone @dora\n")
    await bot.settled()
    assert "@gone" in told(issue)
    ruin(world, OWNERS)
    await bot.settled()
    assert not issue.open
    golden("tracking_issue_clear", told(issue))
    ruin(world, OWNERS + "app.py @stranger @dora\n")
    await bot.settled()
    assert issue.open
    assert issues(world.api) == [issue]


async def test_a_person_who_closes_the_issue_has_peace_for_ninety_days(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @stranger @dora\n")
    await bot.settled()
    [issue] = issues(world.api)
    world.dora.closes(issue)
    await a_day_later(bot, world)
    await a_day_later(bot, world, "80d")
    assert not issue.open
    assert issues(world.api) == [issue]
    await a_day_later(bot, world, "10d")
    assert not issue.open
    assert [each.open for each in issues(world.api)] == [False, True]


async def test_a_clear_issue_that_a_person_opens_again_is_theirs(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @stranger @dora\n")
    await bot.settled()
    [issue] = issues(world.api)
    ruin(world, OWNERS)
    await bot.settled()
    world.dora.reopens(issue)
    await a_day_later(bot, world)
    assert issue.open


@pytest.mark.parametrize("happened", [True, False])
async def test_a_lost_answer_opens_no_second_issue(bot: Bot, world: Shop, happened: bool) -> None:
    bot.forge.faults.next(Fault(cut=True, after_effect=happened), method="POST", path="/issues")
    ruin(world, OWNERS + "app.py @stranger @dora\n")
    await bot.settled()
    assert len(issues(world.api)) == 1


async def test_looking_again_writes_nothing(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "app.py @stranger @dora\n")
    await bot.settled()
    writes = list(bot.forge.ledger.writes)
    await a_day_later(bot, world)
    assert list(bot.forge.ledger.writes) == writes


async def test_small_ailments_alone_open_no_issue(bot: Bot, world: Shop) -> None:
    ruin(world, OWNERS + "nowhere/ @dora\n")
    await bot.settled()
    assert ("pattern_dead", "low") in await open_findings(bot, world.api)
    assert issues(world.api) == []


async def test_the_rules_can_ask_for_every_ailment_or_for_none(bot: Bot, world: Shop) -> None:
    rules = "guidelines: {tracking_issue: any}\n"
    world.dora.commits(world.api, {PATH: OWNERS + "nowhere/ @dora\n", ".github/usher.yml": rules})
    await bot.settled()
    [issue] = issues(world.api)
    world.dora.commits(world.api, {".github/usher.yml": "guidelines: {tracking_issue: 'off'}\n"})
    await bot.settled()
    assert not issue.open


async def test_an_archived_repository_is_left_alone(bot: Bot, world: Shop) -> None:
    path = "/projects/" if world.forge.kind == "gitlab" else "/repositories/"
    bot.forge.faults.next(Fault(status=502, html=True), times=9, method="GET", path=path)
    ruin(world, OWNERS + "app.py @stranger @dora\n")
    world.dora.archives(world.api)
    await bot.settled()
    bot.forge.faults.clear()
    async with bot.usher.database.begin() as connection:
        await connection.execute(sa.update(due).values(not_before=sa.func.now()))
    await bot.settled()
    assert issues(world.api) == []
    world.dora.unarchives(world.api)
    if world.forge.kind == "gitlab":
        await a_day_later(bot, world)  # no event tells of it; it is seen with the next day's look
    await bot.settled()
    assert len(issues(world.api)) == 1


class TestPreview:
    @pytest.fixture
    def mode(self) -> str:
        return "preview"

    async def test_nothing_is_written_and_findings_are_kept(self, bot: Bot, world: Shop) -> None:
        ruin(world, OWNERS + "app.py @stranger @dora\n")
        change = world.ana.opens(world.api, touching={PATH: OWNERS + "app.py @other\n"})
        await bot.settled()
        assert issues(world.api) == []
        assert check_on(change) is None
        assert ("owner_unknown", "high") in await open_findings(bot, world.api)
