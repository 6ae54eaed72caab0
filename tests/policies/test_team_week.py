"""A week of thirty people and sixty changes: nobody hears a wrong reminder, and the judge of that is awake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from policies.facts import (
    ChangeDrafted,
    ChangeOpened,
    CommandGiven,
    Fact,
    RemarkMade,
    ReviewAsked,
    Reviewed,
    ReviewUnasked,
)
from tools.simulate_week import told
from tools.week.judge import Reminder, judge
from tools.week.office import RULES, Absence, Office, Worker, local
from tools.week.play import CHANGES, Week, play, steps

SEEDS = range(1, 11)


@cache
def week(seed: int) -> Week:
    return play(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_hears_a_wrong_reminder_in_a_whole_week(seed: int) -> None:
    played = week(seed)
    assert len(played.reminders) > 20
    assert judge(played.office, played.logs, played.reminders) == ()


@pytest.mark.slow
def test_every_step_of_the_ladder_is_climbed_in_the_week() -> None:
    assert steps(week(1)).keys() == {"sticky", "digest", "mention", "backup", "reassign"}


@pytest.mark.slow
def test_the_week_is_told_in_figures_and_is_the_same_whenever_it_is_played() -> None:
    lines = "\n".join(told(week(1), 1, 0))
    assert f"30 people in 4 teams and 3 time zones; {CHANGES} changes" in lines
    wrong = judge(week(1).office, week(1).logs, week(1).reminders)
    assert f"wrong reminders      {len(wrong)}\n" in lines
    assert "\n".join(told(play(1), 1, 0)) == lines


@pytest.mark.slow
def test_the_judge_finds_what_is_wrong_with_reminders_that_heed_nobodys_hours() -> None:
    careless = play(1, rules=RULES.replace("per_person_day: 2", "per_person_day: 2\n  quiet_hours: none"))
    faults = {wrong.fault for wrong in judge(careless.office, careless.logs, careless.reminders)}
    assert "outside their hours" in faults


# --- The judge itself -----------------------------------------------------------------------------------

BERLIN = "Europe/Berlin"
ILL = Absence(local(BERLIN, 2, 0), local(BERLIN, 5, 0), local(BERLIN, 1, 12))
OFFICE = Office(
    {
        "ana": Worker("ana", "org/web", BERLIN),
        "ben": Worker("ben", "org/api", BERLIN),
        "cyd": Worker("cyd", "org/api", BERLIN, absences=(ILL,)),
        "dot": Worker("dot", "org/api", BERLIN, holidays=(local(BERLIN, 2, 12).date(),)),
    }
)
MON, TUE, WED, SAT = (local(BERLIN, day, 10) for day in (0, 1, 2, 5))
OPENED = ChangeOpened(at=MON, by="ana", base="main")
FINE = Reminder(1, "ben", WED)
HOUR = timedelta(hours=1)


def asked(who: str) -> ReviewAsked:
    return ReviewAsked(at=MON, by="usher[bot]", by_bot=True, by_usher=True, who=who, slots=("@org/api",))


ASKED = (OPENED, asked("ben"), asked("cyd"), asked("dot"))


def faults(log: tuple[Fact, ...], *reminders: Reminder) -> list[str]:
    return [wrong.fault for wrong in judge(OFFICE, {1: log, 2: ASKED, 3: ASKED, 4: ASKED}, reminders)]


def test_a_reminder_of_an_overdue_answer_in_working_hours_is_right() -> None:
    assert faults(ASKED, FINE) == []
    assert faults(ASKED, replace(FINE, at=TUE)) == []


@pytest.mark.parametrize(
    ("more", "reminder", "fault"),
    [
        pytest.param([Reviewed(at=TUE, by="ben", review_id=1)], FINE, "already answered", id="reviewed"),
        pytest.param([RemarkMade(at=TUE, by="ben", remark_id=1)], FINE, "already answered", id="commented"),
        pytest.param([], replace(FINE, to="cyd"), "away", id="away"),
        pytest.param([], replace(FINE, to="dot"), "outside their hours", id="holiday"),
        pytest.param([], replace(FINE, at=SAT), "outside their hours", id="weekend"),
        pytest.param([], replace(FINE, at=WED + 8 * HOUR), "outside their hours", id="evening"),
        pytest.param([], replace(FINE, to="ana"), "not their turn", id="never asked"),
        pytest.param([ChangeDrafted(at=TUE, by="ana")], FINE, "not their turn", id="draft"),
        pytest.param([ReviewUnasked(at=TUE, by="ana", who="ben")], FINE, "not their turn", id="released"),
        pytest.param(
            [Reviewed(at=TUE, by="dot", review_id=1)], FINE, "not their turn", id="a colleague answered"
        ),
        pytest.param(
            [Reviewed(at=TUE, by="dot", review_id=1, state="changes_requested")],
            FINE,
            "not their turn",
            id="the author's turn",
        ),
        pytest.param(
            [CommandGiven(at=TUE, by="ben", remark_id=1, verb="decline")],
            FINE,
            "not their turn",
            id="declined",
        ),
        pytest.param([], replace(FINE, at=MON + 6 * HOUR), "too early", id="six hours after the request"),
        pytest.param(
            [CommandGiven(at=TUE, by="ben", remark_id=1, verb="ack")],
            replace(FINE, at=TUE + 4 * HOUR),
            "too early",
            id="promised for the next day",
        ),
        pytest.param(
            [], replace(FINE, step="reassign", to="ana", at=SAT), "outside their hours", id="a lead"
        ),
    ],
)
def test_the_judge_catches_a_wrong_reminder(more: list[Fact], reminder: Reminder, fault: str) -> None:
    assert faults((*ASKED, *more), reminder) == [fault]


def test_the_judge_catches_what_was_said_before() -> None:
    assert faults(ASKED, FINE, replace(FINE, at=WED + HOUR)) == ["said before"]


def test_the_judge_counts_what_a_person_hears_in_a_day() -> None:
    many = [Reminder(change, "ben", WED + change * HOUR) for change in (1, 2, 3)]
    assert faults(ASKED, *many) == ["beyond the caps"]
