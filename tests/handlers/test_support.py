"""Somebody reports something: it is sorted and answered in time, and whoever owes an answer hears of it once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.forges.sandbox import Sandbox
from app.forges.sandbox.world import Change, Issue
from app.store.tables import clock, effect, obligation
from tests.handlers.guest_world import grown_shop
from tests.stories import SELVES, Bot, Shop, golden, nods, said

RULES = """\
support: {owner: payments}
reviewers: {fallback: [dora]}
"""


@pytest.fixture
async def world(forge: Sandbox) -> Shop:
    return grown_shop(forge, RULES)


def subject_of(issue: Issue) -> str:
    return f"issue:{issue.repository.id}:{issue.number}"


async def verdicts(bot: Bot, issue: Issue) -> dict[str, str | None]:
    """How each kind of answer to the issue stands, by the time of everybody together."""
    rows = await bot.rows(
        obligation, obligation.c.subject == subject_of(issue), obligation.c.ledger == "slot"
    )
    return {row.kind: row.verdict for row in rows}


async def turn(bot: Bot, issue: Issue) -> str:
    [row] = await bot.rows(clock, clock.c.subject == subject_of(issue))
    return str(row.state)


async def test_an_issue_that_nobody_looks_at_costs_one_reminder(bot: Bot, world: Shop) -> None:
    """Sorting and answering are both due on Wednesday morning; one owner hears of both, once."""
    issue = world.ana.reports(world.api, "Refunds are lost")
    await bot.settled()
    assert said(issue) == []
    assert issue.label_names == {"inner-source"}
    world.later("49h")
    await bot.settled()
    [reminder] = said(issue)
    owner = "ben" if "@ben" in reminder else "carla"
    golden("issue_reminder", reminder.replace(f"@{owner}", "@ben"))
    world.later("4h")
    await bot.settled()
    assert len(said(issue)) == 1


async def test_an_issue_has_its_page_and_its_place_in_the_queues_of_who_waits_and_who_answers(
    bot: Bot, world: Shop
) -> None:
    """Pages once showed changes alone, and whoever had reported anything saw an error instead of their queue."""
    rules = f"{RULES}calendars: {{business: {{zone: Europe/Berlin}}}}\n"
    world.dora.commits(world.api, {".github/usher.yml": rules})
    issue = world.ana.reports(world.api, "Refunds are <b>lost</b>")
    await bot.settled()
    [row] = await bot.rows(clock, clock.c.subject == subject_of(issue))
    page = f"/changes/{row.tenant_id}/{row.subject}"
    async with bot.visited_by("ana") as reporter:
        front = (await reporter.get("/")).text
        told = (await reporter.get(page)).text
    assert page in front
    assert "it is the turn of any of the owners" in front
    for text in (front, told):
        assert "Refunds are &lt;b&gt;lost&lt;/b&gt;" in text
    assert "to be sorted" in told
    assert "10:00 CET" in told
    # As an older Usher left it.
    older = {name: value for name, value in row.projection.items() if name not in ("zone", "sign")}
    async with bot.usher.database.begin() as connection:
        here = clock.c.subject == row.subject
        await connection.execute(sa.update(clock).where(here).values(projection=older))
    async with bot.visited_by("ana") as reporter:
        assert [(await reporter.get(each)).status_code for each in ("/", page)] == [200, 200]


@pytest.mark.slow
async def test_a_critical_issue_on_a_saturday_goes_to_the_lead_after_four_hours(
    bot: Bot, world: Shop
) -> None:
    world.later("103h")  # Friday 16:00
    issue = world.ana.reports(world.api, "All refunds are lost")
    await bot.settled()
    world.later("10h")  # Saturday 02:00
    world.dora.labels(issue, "severity/critical")
    await bot.settled()
    rows = await bot.rows(obligation, obligation.c.subject == subject_of(issue))
    [due] = [row.due_at for row in rows if row.kind == "response" and row.ledger == "slot"]
    assert f"{due:%a %H:%M}" == "Sat 06:00"
    world.later("4h")
    await bot.settled()
    [reminder] = said(issue)
    golden("issue_critical", reminder)


@pytest.mark.slow
async def test_an_answer_ends_the_wait_and_the_reporter_begins_it_anew(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds are lost")
    await bot.settled()
    world.ben.comments(issue, "Which version?")
    await bot.settled()
    assert await verdicts(bot, issue) == {"triage": "met", "response": "met"}
    assert await turn(bot, issue) == "REPORTER"
    world.later("5d")
    await bot.settled()
    assert said(issue) == []
    world.ana.comments(issue, "The newest.")
    await bot.settled()
    assert await turn(bot, issue) == "RESPOND"


@pytest.mark.slow
async def test_whoever_it_is_assigned_to_is_the_one_who_hears(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds are lost")
    world.dora.assigns(issue, "carla")
    await bot.settled()
    world.later("1m")
    world.dora.unassigns(issue, "carla")
    world.dora.assigns(issue, "ben")
    await bot.settled()
    world.later("49h")
    await bot.settled()
    [reminder] = said(issue)
    assert "@ben" in reminder
    assert "it is assigned to you" in reminder


@pytest.mark.slow
async def test_what_needs_information_waits_for_its_reporter(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "It does not work")
    world.ben.labels(issue, "needs-info")
    await bot.settled()
    world.later("7d")
    await bot.settled()
    assert (await turn(bot, issue), said(issue)) == ("REPORTER", [])


@pytest.mark.slow
async def test_a_promise_moves_the_reminder(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds are lost")
    comment = world.ben.comments(issue, "/usher eta fri 12:00")
    wrong = world.ben.comments(issue, "/usher take")
    stranger = world.ana.comments(issue, "/usher ack")
    await bot.settled()
    assert (nods(comment), nods(wrong), nods(stranger)) == (["+1"], ["confused"], ["confused"])
    golden("issue_command", said(issue)[0])
    world.later("49h")  # Wednesday 10:00; sorting is due, and nobody promised that
    await bot.settled()
    rows = await bot.rows(obligation, obligation.c.subject == subject_of(issue))
    [due] = [row.due_at for row in rows if row.kind == "response" and row.ledger == "slot"]
    assert f"{due:%a %H:%M}" == "Thu 17:00"  # two working days later at most


@pytest.mark.slow
async def test_a_colleagues_issue_is_no_promise(bot: Bot, world: Shop) -> None:
    issue = world.ben.reports(world.api, "Tidy up")
    await bot.settled()
    world.later("7d")
    await bot.settled()
    assert (said(issue), issue.label_names, await verdicts(bot, issue)) == ([], set(), {})


@pytest.mark.slow
async def test_closing_ends_everything(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds are lost")
    await bot.settled()
    world.ana.closes(issue)
    await bot.settled()
    world.later("7d")
    await bot.settled()
    assert (said(issue), await turn(bot, issue)) == ([], "DONE")
    assert await verdicts(bot, issue) == {"triage": "cancelled", "response": "cancelled"}


@pytest.mark.slow
async def test_silence_brings_in_another_owner_and_then_the_lead(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds are lost")
    await bot.settled()
    for _ in range(8):
        world.later("1d")
        await bot.settled()
    assert len(said(issue)) == 3
    assert {"@ben", "@carla"} == {text.split(",")[0] for text in said(issue)[:2]}
    golden("issue_lead", said(issue)[2])


# --- Requests -----------------------------------------------------------------------------------------------


async def test_a_request_is_declined_with_a_reason(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds in bitcoin")
    world.dora.labels(issue, "enhancement")
    await bot.settled()
    world.ben.labels(issue, "declined")
    await bot.settled()
    assert said(issue) == []
    world.later("1h")
    await bot.settled()
    [question] = said(issue)
    golden("request_declined", question)
    assert (await verdicts(bot, issue))["triage"] is None
    world.ben.comments(issue, "No bank of ours takes it.")
    await bot.settled()
    assert (await verdicts(bot, issue))["triage"] == "met"


@pytest.mark.slow
async def test_a_no_with_a_reason_needs_no_question(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds in bitcoin")
    world.dora.labels(issue, "enhancement")
    world.ben.comments(issue, "No bank of ours takes it.")
    world.ben.labels(issue, "declined")
    await bot.settled()
    world.later("1d")
    await bot.settled()
    assert said(issue) == []


@pytest.mark.slow
async def test_what_is_due_soon_is_in_the_leads_digest(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds in parts")
    world.dora.labels(issue, "enhancement")
    await bot.settled()
    world.later("97h")  # Friday 10:00: four of the five days are used up
    await bot.settled()
    [line] = await bot.rows(effect, effect.c.subject == subject_of(issue), effect.c.kind == "digest")
    assert line.payload["to"] == "dora"
    golden("issue_digest", line.payload["said"])
    assert said(issue) == []


@pytest.mark.slow
async def test_a_request_that_nobody_sorts_costs_one_reminder_after_its_own_time(
    bot: Bot, world: Shop
) -> None:
    issue = world.ana.reports(world.api, "Refunds in parts")
    world.dora.labels(issue, "enhancement")
    await bot.settled()
    world.later("4d")
    await bot.settled()
    assert said(issue) == []
    world.later("73h")
    await bot.settled()
    assert len(said(issue)) == 1
    for _ in range(5):
        world.later("1d")
        await bot.settled()
    assert len(said(issue)) == 1


@pytest.mark.slow
async def test_a_welcome_contribution_waits_for_nobody(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds in parts")
    world.dora.labels(issue, "enhancement")
    world.ben.labels(issue, "contribution-welcome")
    await bot.settled()
    world.later("14d")
    await bot.settled()
    assert said(issue) == []
    [row] = await bot.rows(clock, clock.c.subject == subject_of(issue))
    assert row.projection["because"] == "it is contribution-welcome"


# --- Leaving things alone -------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_issues_of_bots_and_of_usher_itself_are_left_alone(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {".github/CODEOWNERS": "* @nobody\n"})
    await bot.settled()
    [own] = [each for each in world.api.issues.values() if not isinstance(each, Change)]
    world.later("14d")
    await bot.settled()
    assert own.author in SELVES
    assert said(own) == []


@pytest.mark.slow
async def test_an_archived_repository_hears_nothing(bot: Bot, world: Shop) -> None:
    issue = world.ana.reports(world.api, "Refunds are lost")
    await bot.settled()
    world.dora.archives(world.api)
    world.later("7d")
    await bot.settled()
    assert said(issue) == []
