"""A change finds its people: few, by name, with a reason, and never the wrong ones."""

from __future__ import annotations

import pytest

from tests.stories import Bot, Shop, golden, said


async def test_the_owner_of_the_touched_files_is_asked_with_a_reason(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == {"erin"}
    golden("asked_one_owner", said(change)[0])


@pytest.mark.slow
async def test_a_team_becomes_people_and_each_area_gets_somebody(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py", "docs/guide.md"])
    await bot.settled()
    assert "erin" in change.asked
    assert len(change.asked & {"ben", "carla"}) == 1
    assert change.asked_teams == set()
    golden("asked_two_areas", said(change)[0])


@pytest.mark.slow
async def test_the_last_matching_rule_wins(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert change.asked == {"dora"}


async def test_the_author_is_never_asked(bot: Bot, world: Shop) -> None:
    change = world.ben.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    assert change.asked == {"carla"}


@pytest.mark.slow
async def test_an_account_that_the_rules_call_a_bot_is_never_asked(bot: Bot, world: Shop) -> None:
    """To the forge it is a person like any other."""
    world.dora.commits(world.api, {".github/usher.yml": "reviews: {bots: {logins: [Ben]}}\n"})
    for number in range(4):
        change = world.ana.opens(world.api, touching={f"pay/{number}.py": "x\n"})
        await bot.settled()
        assert change.asked == {"carla"}


@pytest.mark.slow
async def test_a_draft_waits_until_it_is_ready(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"], draft=True)
    await bot.settled()
    assert change.asked == set()
    assert said(change) == []
    world.ana.readies(change)
    await bot.settled()
    assert change.asked == {"erin"}


@pytest.mark.slow
async def test_at_most_the_agreed_number_is_asked(bot: Bot, world: Shop) -> None:
    files = {f"area{n}/a.py": "x\n" for n in range(4)}
    owners = "".join(f"area{n}/ @{login}\n" for n, login in enumerate(("ben", "carla", "dora", "erin")))
    rules = "reviewers: {max_reviewers: 2}\n"
    world.dora.commits(world.api, {**files, ".github/CODEOWNERS": owners, ".github/usher.yml": rules})
    change = world.ana.opens(world.api, touching=list(files))
    await bot.settled()
    assert len(change.asked) == 2


async def test_looking_again_changes_nothing(bot: Bot, world: Shop) -> None:
    """The pick is stable, and nobody is asked or told twice."""
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    asked, remarks = change.asked, said(change)
    writes = list(bot.forge.ledger.writes)
    world.ana.edits(change, title="The same, with another title")
    await bot.settled()
    assert (change.asked, said(change)) == (asked, remarks)
    assert list(bot.forge.ledger.writes) == writes


@pytest.mark.slow
async def test_a_push_that_touches_another_area_asks_its_owner_too(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.ana.pushes(change, "pay/refund.py")
    await bot.settled()
    assert "erin" in change.asked
    assert len(change.asked & {"ben", "carla"}) == 1


async def test_reviewers_whom_the_author_chose_count(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    world.ana.asks(change, "carla")
    await bot.settled()
    assert change.asked == {"carla"}


@pytest.mark.slow
async def test_whoever_takes_themselves_off_is_not_asked_here_again(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    [first] = change.asked
    person = {"ben": world.ben, "carla": world.carla}[first]
    person.unasks(change, first)
    await bot.settled()
    assert change.asked == {"ben", "carla"} - {first}
    world.ana.pushes(change, "pay/limits.py")
    await bot.settled()
    assert first not in change.asked


@pytest.mark.slow
async def test_one_person_whom_the_forge_refuses_does_not_spoil_the_others(bot: Bot, world: Shop) -> None:
    """The owners file names somebody who is not on the forge."""
    world.ana.commits(world.api, {".github/CODEOWNERS": "pay/ @nobody-of-that-name\ndocs/ @erin\n"})
    change = world.ana.opens(world.api, touching=["pay/refund.py", "docs/guide.md"])
    await bot.settled()
    assert change.asked == {"erin"}


@pytest.mark.slow
async def test_the_rules_of_the_change_itself_do_not_count(bot: Bot, world: Shop) -> None:
    """Somebody who edits CODEOWNERS in a change must not choose who reviews it."""
    change = world.ana.opens(
        world.api, touching={".github/CODEOWNERS": "* @ana\n", "docs/guide.md": "changed\n"}
    )
    await bot.settled()
    assert {"dora", "erin"} <= change.asked


@pytest.mark.slow
async def test_a_push_to_the_owners_file_counts_from_then_on(bot: Bot, world: Shop) -> None:
    first = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert first.asked == {"erin"}
    world.dora.commits(world.api, {".github/CODEOWNERS": "docs/ @carla\n"})
    await bot.settled()
    second = world.ana.opens(world.api, touching={"docs/other.md": "new\n"})
    await bot.settled()
    assert second.asked == {"carla"}


@pytest.mark.slow
async def test_who_left_the_team_is_not_asked(bot: Bot, world: Shop) -> None:
    first = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    world.carla.leaves("shop/payments")
    await bot.settled()
    second = world.ana.opens(world.api, touching={"pay/new.py": "x\n"})
    await bot.settled()
    assert first.asked
    assert second.asked == {"ben"}


async def test_files_that_nobody_owns_are_said_to_be_so(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/CODEOWNERS": "docs/ @erin\n"})
    change = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert change.asked == set()
    golden("nobody_owns", said(change)[0])


@pytest.mark.slow
async def test_a_repository_without_owners_file_uses_the_fallback(bot: Bot, world: Shop) -> None:
    world.dora.commits(
        world.api, {".github/CODEOWNERS": None, ".github/usher.yml": "reviewers: {fallback: [dora]}\n"}
    )
    change = world.ana.opens(world.api, touching=["app.py"])
    await bot.settled()
    assert change.asked == {"dora"}
    golden("asked_fallback", said(change)[0])


@pytest.mark.slow
async def test_a_mistake_in_the_rules_is_told_with_its_line(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/usher.yml": "reviewers:\n  max_reviewers: many\n"})
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == {"erin"}
    golden("rules_problem", said(change)[0])


@pytest.mark.slow
async def test_a_hostile_path_does_nothing_in_the_comment(bot: Bot, world: Shop) -> None:
    """A pattern is shown as code, so it mentions nobody and runs no command."""
    world.dora.commits(world.api, {".github/CODEOWNERS": "*`@carla`|\\ x @erin\n* @erin\n"})
    change = world.ana.opens(world.api, touching={"a`@carla`| x": "1\n"})
    await bot.settled()
    assert change.asked == {"erin"}
    golden("hostile_pattern", said(change)[0])


@pytest.mark.slow
async def test_a_fork_is_treated_by_the_rules_of_the_repository_it_goes_to(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching={"docs/guide.md": "better\n"}, from_fork=True)
    await bot.settled()
    assert change.from_fork
    assert change.asked == {"erin"}


@pytest.mark.slow
async def test_a_closed_change_asks_nobody(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"], draft=True)
    world.ana.closes(change)
    await bot.settled()
    assert change.asked == set()
    assert said(change) == []


@pytest.mark.slow
async def test_who_wrote_part_of_it_does_not_review_it(bot: Bot, world: Shop) -> None:
    for writer, other in ((world.ben, "carla"), (world.carla, "ben")):
        change = world.ana.opens(world.api, touching=["pay/refund.py"], draft=True)
        writer.pushes(change, ["pay/refund.py"])
        world.ana.readies(change)
        await bot.settled()
        assert change.asked == {other}
