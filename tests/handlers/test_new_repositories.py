"""Somebody makes a repository: a day later one issue asks whether to share it, and whatever they say is done."""

from __future__ import annotations

import pytest

from app.forges.sandbox.world import Issue, Repository
from tests.handlers.test_owner_doctor import issues, told
from tests.handlers.test_support import nods, said
from tests.stories import Bot, Shop, golden, in_its_place

RULES = {".github/usher.yml": "new_repositories: {ask: true}\nguidelines: {tracking_issue: off}\n"}


def made(world: Shop, name: str = "shop/till", **more: str) -> Repository:
    """A repository that was made just now; dora made it, and ana may only read."""
    files = {**RULES, "till.py": "print('till')\n", **more}
    if world.forge.kind == "gitlab":
        files = {in_its_place(path): text for path, text in files.items()}
    return world.forge.repository(name, files=files, collaborators={"dora": "admin", "ana": "read"})


async def asked(bot: Bot, world: Shop) -> tuple[Repository, Issue]:
    """A new repository, and the question in it."""
    till = made(world)
    await bot.settled()
    assert issues(till) == []
    world.later("24h")
    await bot.settled()
    [question] = issues(till)
    return till, question


@pytest.mark.slow
async def test_a_day_later_one_issue_asks_and_a_yes_says_how(bot: Bot, world: Shop) -> None:
    till, question = await asked(bot, world)
    golden("new_repository", f"{question.title}\n\n{told(question)}")
    stranger = world.ana.comments(question, "/usher no")
    await bot.settled()
    assert nods(stranger) == ["confused"]
    yes = world.dora.comments(question, "/usher yes")
    await bot.settled()
    assert (nods(yes), question.open) == (["+1"], True)
    golden("new_repository_yes", told(question))
    world.dora.commits(till, {"innersource.json": "{}"})
    await bot.settled()
    assert not question.open
    golden("new_repository_shared", told(question))
    assert issues(till) == [question]


@pytest.mark.slow
async def test_a_no_closes_it_for_ever(bot: Bot, world: Shop) -> None:
    till, question = await asked(bot, world)
    world.dora.comments(question, "/usher no thanks")
    await bot.settled()
    assert not question.open
    golden("new_repository_no", told(question))
    world.later("100d")
    await bot.settled()
    assert (issues(till), question.open) == ([question], False)


@pytest.mark.slow
async def test_later_is_asked_once_more_after_ninety_days_and_not_a_third_time(bot: Bot, world: Shop) -> None:
    till, question = await asked(bot, world)
    world.dora.comments(question, "/usher later")
    await bot.settled()
    assert not question.open
    golden("new_repository_later", told(question))
    world.later("89d")
    await bot.settled()
    assert issues(till) == [question]
    world.later("1d")
    await bot.settled()
    _, second = issues(till)
    golden("new_repository_again", told(second))
    world.dora.comments(second, "/usher later")
    await bot.settled()
    golden("new_repository_later_again", told(second))
    world.later("100d")
    await bot.settled()
    assert [each.open for each in issues(till)] == [False, False]


@pytest.mark.slow
async def test_silence_is_an_answer_too(bot: Bot, world: Shop) -> None:
    till, question = await asked(bot, world)
    world.later("14d")
    await bot.settled()
    assert not question.open
    golden("new_repository_silent", told(question))
    assert said(question) == []
    assert issues(till) == [question]


@pytest.mark.slow
async def test_a_draft_is_to_be_had_on_the_question(bot: Bot, world: Shop) -> None:
    till, question = await asked(bot, world)
    world.dora.comments(question, "/usher yes")
    world.dora.comments(question, "/usher draft contributing")
    await bot.settled()
    if bot.forge.kind == "gitlab":  # where a Developer may write files on a branch
        [proposed] = till.merge_requests.values()
        assert proposed.draft
        assert [each.path for each in till.diff(proposed.merge_base, proposed.head)] == ["CONTRIBUTING.md"]
        return
    [draft] = said(question)
    assert "CONTRIBUTING.md" in draft


@pytest.mark.slow
async def test_whoever_shares_already_or_archived_or_forked_is_not_asked(bot: Bot, world: Shop) -> None:
    till = made(world, **{"innersource.json": "{}"})
    attic = made(world, "shop/attic")
    world.dora.archives(attic)
    world.dora.commits(world.api, RULES)
    change = world.ana.opens(world.api, touching="app.py", from_fork=True)
    await bot.settled()
    world.later("24h")
    await bot.settled()
    fork = world.forge.world.repositories[change.head_repository.id]
    assert [issues(each) for each in (till, attic, fork)] == [[], [], []]
    assert len(issues(world.api)) == 1


@pytest.mark.slow
async def test_the_answers_mean_nothing_elsewhere(bot: Bot, world: Shop) -> None:
    issue = world.dora.reports(world.api, "Shall we?")
    comment = world.dora.comments(issue, "/usher yes")
    change = world.ana.opens(world.api, touching="app.py")
    world.dora.comments(change, "/usher later")
    await bot.settled()
    assert nods(comment) == ["confused"]
    golden("answer_elsewhere", said(issue)[0])
    assert any("asks whether other teams" in text for text in said(change))


@pytest.mark.slow
async def test_without_the_rule_nobody_is_asked(bot: Bot, world: Shop) -> None:
    quiet = world.forge.repository("shop/quiet", files={"README.md": "Quiet.\n"})
    world.later("24h")
    await bot.settled()
    assert [each.title for each in issues(quiet) if "find" in each.title] == []
