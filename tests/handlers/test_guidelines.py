"""A repository becomes welcoming: who edits its guides hears what they bring and mend, and one issue tells the rest."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.forges.sandbox.git import Blob
from app.forges.sandbox.github.site import PERMISSIONS
from app.forges.sandbox.world import Change, Repository
from tests.handlers.test_owner_doctor import annotated, check_on, issues, judged, open_findings, told
from tests.stories import GUIDE, Bot, Shop, defaults_of, golden, names_its_guides, neutral

pytestmark = pytest.mark.slow

GUIDE_PATH = "CONTRIBUTING.md"
RULES = ".github/usher.yml"


def on_branch(repository: Repository) -> tuple[str, str, str]:
    """The newest verdict on the default branch: how it ends, its title, and what it says where there is room."""
    tip = repository.branches[repository.default_branch]
    if repository.statuses:
        status = next(each for each in reversed(repository.statuses) if each.sha == tip)
        return status.state, status.description, ""
    run = next(run for run in reversed(repository.checks.values()) if run.sha == tip)
    return str(run.conclusion), run.output["title"], run.output["summary"]


def world_is_github(world: Shop) -> bool:
    """Whether a check has notes beside the lines."""
    return world.forge.kind == "github"


def tree_of(change: Change) -> Mapping[str, Blob]:
    """The files as the change has them."""
    return change.repository.history.commits[change.head].tree


async def kinds(bot: Bot, repository: Repository) -> set[str]:
    return {kind for kind, _ in await open_findings(bot, repository)}


# --- On a change ----------------------------------------------------------------------------------------


@pytest.fixture
def worn(world: Shop) -> Shop:
    """A guide with a left-over and a broken link from before."""
    world.dora.commits(world.api, {GUIDE_PATH: f"{GUIDE}\nTODO: say more. See [this](docs/gone.md).\n"})
    return world


async def test_a_change_hears_what_it_brings_and_what_it_mends(bot: Bot, worn: Shop) -> None:
    text = GUIDE.replace("make test\n", "make world\n") + "\nTODO: say more. See [that](docs/lost.md).\n"
    change = worn.ana.opens(worn.api, touching={GUIDE_PATH: text})
    await bot.settled()
    run = judged(change)
    assert run.conclusion == "failure"
    notes = {(11, "notice", "Section weak"), (33, "failure", "Link broken")}
    assert set(annotated(change)) == (notes if world_is_github(worn) else set())
    golden("contribution_check", f"{run.title}\n\n{run.summary}")


async def test_old_problems_fail_nothing(bot: Bot, worn: Shop) -> None:
    change = worn.ana.opens(
        worn.api, touching={GUIDE_PATH: f"{GUIDE}\nTODO: say more. See [this](docs/gone.md)!\n"}
    )
    await bot.settled()
    assert judged(change).conclusion == "success"


async def test_an_empty_guide_fails(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching={GUIDE_PATH: "# Contributing\n"})
    await bot.settled()
    assert judged(change).conclusion == "failure"
    assert annotated(change) == ([(1, "failure", "Guide empty")] if world_is_github(world) else [])


async def test_the_rules_of_the_base_branch_hold_and_not_those_of_the_change(bot: Bot, world: Shop) -> None:
    lax = "guidelines: {fail_on: never, require: []}\n"
    change = world.ana.opens(world.api, touching={GUIDE_PATH: "# Contributing\n", RULES: lax})
    await bot.settled()
    assert judged(change).conclusion == "failure"


async def test_code_without_its_documents_is_a_question_and_never_fails(bot: Bot, world: Shop) -> None:
    rules = 'docs_map: {"pay/**": "docs/**"}\nguidelines: {fail_on: low}\n'
    world.dora.commits(world.api, {RULES: rules})
    change = world.ana.opens(world.api, touching={"pay/refund.py": "new\n"})
    both = world.ana.opens(world.api, touching={"pay/refund.py": "new\n", "docs/guide.md": "# New\n"})
    await bot.settled()
    assert judged(change).conclusion == neutral()
    assert annotated(change) == ([(1, "notice", "Docs hint")] if world_is_github(world) else [])
    assert check_on(both) is None


async def test_a_change_of_how_things_are_built_hears_which_commands_are_gone(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching={"Makefile": "install:\n\ttrue\n"})
    await bot.settled()
    verdict = judged(change)
    assert verdict.conclusion in ("neutral", "success")  # a status knows no `neutral`
    assert "`CONTRIBUTING.md:11`" in verdict.summary or verdict.annotations == (
        (11, "notice", "Section weak"),
    )


# --- What is inherited ----------------------------------------------------------------------------------


async def test_a_guide_of_the_organisation_passes_as_inherited(bot: Bot, world: Shop) -> None:
    files = {GUIDE_PATH: GUIDE, **names_its_guides(world.forge)}
    world.forge.repository(defaults_of(world.forge), files=files, collaborators={"dora": "admin"})
    world.dora.commits(world.api, {GUIDE_PATH: None})
    await bot.settled()
    assert await kinds(bot, world.api) == set()
    assert issues(world.api) == []


async def test_a_guide_that_the_rules_name_is_inherited_by_usher(bot: Bot, world: Shop) -> None:
    world.forge.repository("shop/defaults", files={GUIDE_PATH: GUIDE}, collaborators={"dora": "admin"})
    world.dora.commits(world.api, {GUIDE_PATH: None, RULES: "inherit: {repository: shop/defaults}\n"})
    await bot.settled()
    assert await kinds(bot, world.api) == set()


# --- On the default branch --------------------------------------------------------------------------------


async def test_a_repository_without_a_guide_has_one_issue_until_it_has_one(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {GUIDE_PATH: None})
    await bot.settled()
    [issue] = issues(world.api)
    golden("tracking_issue_guide", f"{issue.title}\n\n{told(issue)}")
    assert on_branch(world.api)[0] == neutral()
    world.dora.commits(world.api, {GUIDE_PATH: GUIDE})
    await bot.settled()
    assert not issue.open
    assert on_branch(world.api)[0] == "success"


async def test_what_is_not_grave_is_told_on_the_default_branch_alone(bot: Bot, worn: Shop) -> None:
    await bot.settled()
    assert await kinds(bot, worn.api) == {"marker", "link_broken"}
    assert issues(worn.api) == []
    conclusion, title, summary = on_branch(worn.api)
    assert conclusion == neutral()
    golden("contribution_branch", f"{title}\n\n{summary}".rstrip())


async def test_an_old_guide_that_the_build_left_behind_is_stale(bot: Bot, world: Shop) -> None:
    world.later("370d")
    for number in range(5):
        world.later("1h")
        world.dora.commits(world.api, {"Makefile": f"install:\n\ttrue\ntest:\n\techo {number}\n"})
    await bot.settled()
    assert await kinds(bot, world.api) == {"guide_stale"}


async def test_an_exception_of_the_rules_is_shown_and_counts_for_nothing(bot: Bot, world: Shop) -> None:
    rules = "guidelines: {exceptions: [{id: guide_absent, owner: ana, reason: 'moving house', until: 2026-12-24}]}\n"
    world.dora.commits(world.api, {GUIDE_PATH: None, RULES: rules})
    await bot.settled()
    assert issues(world.api) == []
    if world_is_github(world):  # a status on GitLab has room for its title alone
        assert "`ana`" in on_branch(world.api)[2]
    world.later("32d")
    await bot.settled()
    assert len(issues(world.api)) == 1


# --- What people say to it ------------------------------------------------------------------------------


async def test_a_finding_is_accepted_on_the_change_that_brings_it(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching={GUIDE_PATH: f"{GUIDE}\nTODO: say more.\n"})
    await bot.settled()
    assert judged(change).conclusion == "failure"
    rows = judged(change).summary
    assert "TODO" in rows
    id_ = rows.partition("/usher ignore ")[2].partition(" ")[0]
    world.later("5m")
    world.ana.comments(change, f"/usher ignore {id_} until 2026-12-24 because it is a joke")
    await bot.settled()
    assert judged(change).conclusion == "success"
    golden("contribution_check_accepted", judged(change).summary)


async def test_what_was_accepted_on_the_issue_comes_back_after_its_day(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {GUIDE_PATH: None})
    await bot.settled()
    [issue] = issues(world.api)
    world.later("1h")
    world.erin.comments(issue, "/usher ignore guide_absent until 2026-12-24 because we are moving house")
    await bot.settled()
    assert not issue.open
    world.later("32d")
    await bot.settled()
    assert issue.open


async def test_who_accepted_a_finding_takes_it_back(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {GUIDE_PATH: None})
    await bot.settled()
    [issue] = issues(world.api)
    world.later("1h")
    world.erin.comments(issue, "/usher ignore guide_absent until 2026-12-24 because we are moving house")
    await bot.settled()
    assert not issue.open
    world.later("1h")
    world.erin.comments(issue, "/usher undo")
    await bot.settled()
    assert issue.open


async def test_only_who_can_write_accepts_a_finding(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {GUIDE_PATH: None})
    await bot.settled()
    [issue] = issues(world.api)
    world.later("1h")
    rita = world.forge.person("rene", member_of="shop")
    world.dora.gives(world.api, rita, "read")
    rita.comments(issue, "/usher ignore guide_absent until 2026-12-24 because I say so")
    await bot.settled()
    assert issue.open
    assert "people who can write" in issue.comments[-1].body


async def test_something_new_and_grave_is_told_seldom_and_then_no_more(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {GUIDE_PATH: None})
    await bot.settled()
    [issue] = issues(world.api)

    async def later(days: int, *, owner: str) -> int:
        """So many days later an owner is named whom nobody knows; how many comments there are then."""
        world.later(f"{days}d")
        text = f"* @dora\ngone-{owner}/ @{owner} @dora\n"
        world.dora.commits(world.api, {".github/CODEOWNERS": text})
        await bot.settled()
        return len(issue.comments)

    assert await later(3, owner="one") == 0  # too soon
    assert await later(5, owner="two") == 1
    golden("tracking_issue_news", told_in(issue.comments[0].body))
    assert await later(8, owner="three") == 1
    assert await later(7, owner="four") == 2
    assert await later(29, owner="five") == 3
    assert await later(90, owner="six") == 3  # silence
    world.dora.comments(issue, "/usher recheck")
    await bot.settled()
    assert await later(8, owner="seven") == 5  # with the request itself


def told_in(body: str) -> str:
    return body.partition("<!--")[0].rstrip()


class TestPreview:
    @pytest.fixture
    def mode(self) -> str:
        return "preview"

    async def test_nothing_is_written(self, bot: Bot, world: Shop) -> None:
        world.dora.commits(world.api, {GUIDE_PATH: None})
        change: Change = world.ana.opens(world.api, touching={GUIDE_PATH: "# Contributing\n"})
        await bot.settled()
        assert (issues(world.api), check_on(change)) == ([], None)
        assert {each.name for each in world.api.checks.values()} <= {"usher/dry-run"}
        assert "guide_absent" in await kinds(bot, world.api)


# --- Drafts -----------------------------------------------------------------------------------------------


class TestDrafts:
    @pytest.fixture
    def bare(self, world: Shop) -> Shop:
        """No guide, and an issue that says so."""
        world.dora.commits(world.api, {GUIDE_PATH: None, RULES: "support: {channel: '#shop-api'}\n"})
        return world

    def may_write(self, world: Shop) -> None:
        """On GitLab a token that may do what Usher does may do this as well."""
        if world.forge.kind == "github":
            world.forge.permit("shop", {**PERMISSIONS, "contents": "write"})

    def drafts(self, repository: Repository) -> list[Change]:
        return [each for each in repository.changes if each.head_branch == "usher/contribution"]

    async def test_a_draft_says_what_is_known_and_asks_the_rest(self, bot: Bot, bare: Shop) -> None:
        self.may_write(bare)
        bare.dora.commits(bare.api, {"Makefile": "install:\n\ttrue\n"})
        await bot.settled()
        [issue] = issues(bare.api)
        bare.later("1h")
        bare.dora.comments(issue, "/usher draft contributing")
        await bot.settled()
        [draft] = self.drafts(bare.api)
        assert draft.draft
        assert {each.path for each in draft.files} == {GUIDE_PATH}
        golden("draft_contributing", tree_of(draft)[GUIDE_PATH].content.decode().rstrip())
        golden("draft_contributing_body", f"{draft.title}\n\n{draft.body}")

    async def test_without_the_permission_the_draft_stands_where_it_was_asked_for(
        self, bot: Bot, bare: Shop
    ) -> None:
        await bot.settled()
        [issue] = issues(bare.api)
        bare.later("1h")
        bare.dora.comments(issue, "/usher draft contributing")
        await bot.settled()
        assert self.drafts(bare.api) == []
        golden("draft_in_words", told_in(issue.comments[-1].body))

    async def test_a_persons_commit_is_never_written_over(self, bot: Bot, bare: Shop) -> None:
        self.may_write(bare)
        await bot.settled()
        [issue] = issues(bare.api)
        bare.later("1h")
        bare.dora.comments(issue, "/usher draft contributing")
        await bot.settled()
        [draft] = self.drafts(bare.api)
        bare.dora.pushes(draft, {GUIDE_PATH: "# Mine\n"})
        bare.later("1h")
        bare.dora.comments(issue, "/usher fix")
        await bot.settled()
        assert tree_of(draft)[GUIDE_PATH].content == b"# Mine\n"
        assert "never writes over" in issue.comments[-1].body

    async def test_a_guide_that_says_all_needs_no_draft(self, bot: Bot, world: Shop) -> None:
        self.may_write(world)
        change = world.ana.opens(world.api, touching=["app.py"])
        await bot.settled()
        world.later("1h")
        world.ana.comments(change, "/usher draft contributing")
        await bot.settled()
        assert self.drafts(world.api) == []
        assert "nothing that could be drafted" in change.comments[-1].body

    async def test_a_fix_mends_links_and_names_who_reviews_in_place_of_who_left(
        self, bot: Bot, world: Shop
    ) -> None:
        self.may_write(world)
        reviewed = world.ana.opens(world.api, touching=["docs/guide.md"])
        await bot.settled()
        world.dora.reviews(reviewed, "approve")
        await bot.settled()
        world.dora.gives(world.api, world.erin, "none")
        world.erin.leaves_organisation("shop")
        world.dora.commits(world.api, {GUIDE_PATH: f"{GUIDE}\nSee [this](Docs/guide.md).\n"})
        await bot.settled()
        [issue] = issues(world.api)
        world.later("1h")
        world.dora.comments(issue, "/usher fix")
        await bot.settled()
        [draft] = self.drafts(world.api)
        owners_path = ".github/CODEOWNERS" if world.forge.kind == "github" else ".gitlab/CODEOWNERS"
        assert {each.path for each in draft.files} == {GUIDE_PATH, owners_path}
        golden("fix_body", f"{draft.title}\n\n{draft.body}")
        golden("fix_owners", tree_of(draft)[owners_path].content.decode().rstrip())
