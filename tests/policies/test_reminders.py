"""Which reminder is due, to whom, and at what time of their day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings

from policies.calendars import Calendar, is_open, parse_span
from policies.clocks import Away, fold
from policies.facts import Fact
from policies.reminders import Heard, Lead, Reminders, Rung, Said, remind
from tests.policies.clocks.telling import (
    API,
    WEB,
    asked,
    at,
    begun,
    checked,
    command,
    commented,
    drafted,
    labelled,
    opened,
    reviewed,
    slots,
    state,
    terms,
)
from tests.policies.clocks.test_properties import UNDER, nows, stories

ASKED = begun("11-23 09:00", "ben")  # due at 17:00
PERSON = "first_response|person|@api|ben|1"
SLOT = "first_response|slot|@api|@api|1"


def look(
    story: list[Fact],
    now: str,
    text: str = "",
    said: tuple[Said, ...] = (),
    heard: Heard | None = None,
    **more: object,
) -> Reminders:
    under = terms(text, **more)
    return remind(state(story, now, under), under.rules, said, heard or Heard(), at(now))


def steps(found: Reminders) -> list[tuple[str, str]]:
    return [(rung.step, rung.to) for rung in found.rungs]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("11-23 12:59", []),
        ("11-23 13:00", [("sticky", "ben")]),
        ("11-23 15:30", []),  # the digest waits for the next morning
        ("11-23 16:59", []),
        ("11-23 17:00", []),  # Ben's day is over
        ("11-24 09:00", [("mention", "ben")]),
        ("11-24 12:59", [("mention", "ben")]),
        ("11-24 13:00", [("mention", "ben"), ("backup", "")]),
        ("11-25 09:00", [("mention", "ben"), ("reassign", "lead")]),
    ],
)
def test_the_highest_step_that_was_reached_is_due_in_working_hours(
    now: str, expected: list[tuple[str, str]]
) -> None:
    """Nothing was said so far: after a pause of Usher nobody gets all the steps at once."""
    assert steps(look(ASKED, now)) == expected


@pytest.mark.parametrize(("now", "told"), [("11-25 09:00", ""), ("11-25 14:59", ""), ("11-25 15:00", "lou")])
def test_a_lead_is_told_in_their_own_hours(now: str, told: str) -> None:
    """The area works in Berlin; Lou leads it from New York, where it is six hours earlier."""
    leads = {"@api": Lead("lou", Calendar("America/New_York"))}
    found = remind(state(ASKED, now), terms().rules, (), Heard(), at(now), leads=leads)
    assert [rung.to for rung in found.rungs if rung.step == "reassign"] == ([told] if told else [])
    assert told or found.look_again == at("11-25 15:00")


def test_a_leads_reminders_count_with_all_that_they_get_a_day() -> None:
    leads = {"@api": Lead("lou", Calendar("Europe/Berlin"))}
    heard = Heard(mentions={"lou": terms().rules.reviews.per_person_day})
    found = remind(state(ASKED, "11-25 09:00"), terms().rules, (), heard, at("11-25 09:00"), leads=leads)
    assert [rung.as_digest for rung in found.rungs if rung.step == "reassign"] == [True]


def test_the_digest_comes_in_the_morning() -> None:
    story = begun("11-23 11:00", "ben")  # 80 % on Tuesday at 09:24
    assert steps(look(story, "11-24 09:25")) == []
    assert look(story, "11-24 09:25").look_again == at("11-24 09:30")
    assert steps(look(story, "11-24 09:30")) == [("digest", "ben")]


def test_the_digest_skips_days_off() -> None:
    story = begun("11-20 09:45", "ben")  # 80 % on Friday at 16:09
    assert look(story, "11-20 16:30").look_again == at("11-23 09:30")


@pytest.mark.parametrize(
    ("span", "comes"),
    [("09:00-17:00", "11-24 09:30"), ("13:00-17:00", "11-24 13:00"), ("06:00-08:00", "11-24 06:00")],
)
def test_the_digest_comes_when_its_reader_works(span: str, comes: str) -> None:
    """80 % of five days that are counted round the clock, on Monday evening."""
    hours = {"ben": Calendar("Europe/Berlin", ((parse_span(span),),) * 5 + ((),) * 2)}
    text = "reviews: {budgets: {first_response: 5d}}"
    found = look(begun("11-19 20:00", "ben"), "11-23 21:00", text, own=hours)
    assert found.look_again == at(comes)


@pytest.mark.parametrize(
    ("said", "now", "expected"),
    [
        ([("sticky", PERSON)], "11-23 13:30", []),
        ([("mention", PERSON)], "11-24 09:30", []),
        ([("mention", PERSON)], "11-24 14:00", [("backup", "")]),
        ([("mention", PERSON), ("backup", SLOT)], "11-24 14:00", []),
        ([("backup", SLOT)], "11-25 09:30", [("mention", "ben"), ("reassign", "lead")]),
        ([("reassign", SLOT), ("mention", PERSON)], "11-27 09:30", []),
    ],
)
def test_no_step_is_said_twice_nor_a_lower_one_after_it(
    said: list[tuple[str, str]], now: str, expected: list[tuple[str, str]]
) -> None:
    before = tuple(Said(obligation, step, at("11-23 13:00")) for step, obligation in said)  # type: ignore[arg-type]
    assert steps(look(ASKED, now, said=before)) == expected


def test_each_step_has_one_key() -> None:
    (mention,) = look(ASKED, "11-24 09:00").rungs
    assert mention == Rung(PERSON, "mention", "ben", "@api")
    assert mention.key == f"{PERSON}|mention"


def test_people_are_reminded_in_their_own_hours() -> None:
    story = [opened("11-23 08:00"), slots("11-23 08:00"), asked("11-23 15:00", "ben", usher=("@api",))]
    far = {"ben": Calendar("America/New_York")}  # due at 23:00 in Berlin
    assert steps(look(story, "11-24 10:00", own=far)) == []
    assert look(story, "11-24 10:00", own=far).look_again == at("11-24 13:00")  # the slot's backup
    assert steps(look(story, "11-24 15:00", own=far)) == [("backup", ""), ("mention", "ben")]


@pytest.mark.parametrize(
    ("quiet", "now", "is_said", "again"),
    [
        ("none", "11-23 17:00", True, None),
        ('["20:00-24:00", "00:00-07:00"]', "11-23 17:00", True, None),
        ('["16:00-24:00"]', "11-23 17:00", False, "11-24 00:00"),
        ('["16:00-24:00", "00:00-07:00"]', "11-23 17:00", False, "11-24 07:00"),
        ('["00:00-24:00"]', "11-23 17:00", False, "11-24 13:00"),
    ],
)
def test_quiet_hours_are_kept(quiet: str, now: str, is_said: bool, again: str | None) -> None:
    found = look(ASKED, now, f"reviews: {{quiet_hours: {quiet}}}")
    assert (steps(found) == [("mention", "ben")]) is is_said
    if again:
        assert found.look_again == at(again)


def test_whoever_has_just_acted_is_left_alone_for_a_while() -> None:
    """A review that was begun at 15:00 mutes until four working hours later."""
    story = [*ASKED, reviewed("11-23 15:00", "ben", "pending")]
    assert steps(look(story, "11-24 09:00")) == []
    assert look(story, "11-24 09:00").look_again == at("11-24 11:00")
    assert steps(look(story, "11-24 11:00")) == [("mention", "ben")]


@pytest.mark.parametrize(
    "ending",
    [
        [drafted("11-23 16:00")],
        [reviewed("11-23 16:00", "ben", "changes_requested")],
        [commented("11-23 16:00", "cyd")],
        [command("11-23 16:00", "ana", "snooze +30d")],
        [command("11-23 16:00", "ben", "eta wed")],
    ],
)
def test_nobody_is_reminded_when_it_is_not_their_turn(ending: list[Fact]) -> None:
    assert steps(look([*ASKED, *ending], "11-24 10:30")) == []


def test_somebody_on_holiday_is_not_reminded() -> None:
    away = {"ben": (Away(at("11-24 00:00"), at("11-24 12:00"), at("11-24 08:00")),)}
    assert steps(look(ASKED, "11-24 10:00", away=away)) == []
    assert look(ASKED, "11-24 10:00", away=away).look_again == at("11-24 12:00")


def test_one_mention_is_enough_for_all_that_was_asked_at_once() -> None:
    """Ben owns both slots; when he answered for one of them he is not told again of the other."""
    two = begun("11-23 09:00", "ben", chosen=(API, ("@web", 1, ("ben", "dot"))))
    assert steps(look(two, "11-24 09:00")) == [("mention", "ben")]
    said = (Said(PERSON, "mention", at("11-24 09:00")),)
    gone = [*two, commented("11-24 09:30", "cyd")]
    assert steps(look(gone, "11-24 10:00", said=said)) == []


def test_of_two_dates_for_what_was_asked_at_once_the_earlier_counts() -> None:
    two = begun("11-23 09:00", "ben", chosen=(API, ("@web", 1, ("ben", "dot"))))
    text = "reviews: {areas: {web: {owners: ['@web'], budgets: {first_response: 4bh}}}}"
    found = look(two, "11-23 13:00", text)
    assert [(rung.step, rung.to, rung.slot) for rung in found.rungs] == [("mention", "ben", "@web")]


def test_who_promised_an_answer_for_later_is_not_replaced_before() -> None:
    """Ben's promise moved the area's time; Cyd, who was asked beside him, promised more than that."""
    story = [
        *ASKED,
        command("11-23 10:00", "ben", "eta tue 11:00"),
        asked("11-23 12:00", "cyd", usher=("@api",)),
        command("11-24 10:00", "cyd", "eta thu 17:00"),
    ]
    (rung,) = [rung for rung in look(story, "11-25 16:00").rungs if rung.step == "reassign"]
    assert rung.replace == ("ben",)


def test_at_the_last_step_the_lead_hears_whose_time_is_used_up() -> None:
    late = [*ASKED, asked("11-24 16:00", "cyd", usher=("@api",))]
    (rung,) = [rung for rung in look(late, "11-25 09:00").rungs if rung.step == "reassign"]
    assert (rung.to, rung.replace) == ("lead", ("ben",))


def test_authors_are_never_mentioned() -> None:
    text = "reviews: {budgets: {author: 1bd}}"
    story = [*ASKED, reviewed("11-23 09:00", "ben", "changes_requested")]
    assert steps(look(story, "11-23 14:00", text)) == [("sticky", "ana")]
    assert steps(look(story, "11-26 14:00", text)) == [("digest", "ana")]


@pytest.mark.parametrize(
    ("heard", "text", "as_digest"),
    [
        (Heard(), "", False),
        (Heard(mentions={"Ben": 9}), "", False),
        (Heard(mentions={"Ben": 10}), "", True),
        (Heard(mentions={"cyd": 10}), "", False),
        (Heard(mentions={"ben": 1}), "reviews: {per_person_day: 1}", True),
        (Heard(mentions_here=1), "", False),
        (Heard(mentions_here=2), "", True),
        (Heard(comments=1), "", True),
        (Heard(comments=1), "noise: {comments_per_subject_day: 3}", False),
    ],
)
def test_beyond_what_a_person_or_a_change_bears_it_goes_to_the_digest(
    heard: Heard, text: str, as_digest: bool
) -> None:
    (mention,) = look(ASKED, "11-24 09:00", text, heard=heard).rungs
    assert (mention.step, mention.as_digest) == ("mention", as_digest)


def test_mentions_of_one_moment_count_against_the_cap_too() -> None:
    crowd = ("@api", 3, ("ben", "cyd", "fay"))
    found = look(begun("11-23 09:00", "ben", "cyd", "fay", chosen=(crowd,)), "11-24 09:00")
    assert [rung.as_digest for rung in found.rungs] == [False, False, True]


def test_a_silenced_usher_says_nothing() -> None:
    under = terms()
    found = remind(
        state(ASKED, "11-24 09:00", under), under.rules, (), Heard(), at("11-24 09:00"), paused=True
    )
    assert found == Reminders()


def test_slots_are_reminded_apart() -> None:
    two = begun("11-23 09:00", "ben", "dot", chosen=(API, WEB))
    assert steps(look(two, "11-24 09:00")) == [("mention", "ben"), ("mention", "dot")]


# --- Of every story ------------------------------------------------------------------------------------


@given(stories(), nows)
@settings(max_examples=60, deadline=None)
def test_each_step_is_said_once_and_only_in_working_hours(facts: list[Fact], start: datetime) -> None:
    """Usher looks at each instant it was told to, for a week, and remembers what it said."""
    said: list[Said] = []
    now, end = start, start + timedelta(days=7)
    for _ in range(200):
        found = fold(facts, UNDER, now)
        reminders = remind(found, UNDER.rules, tuple(said), Heard(), now)
        for rung in reminders.rungs:
            assert (rung.obligation, rung.step) not in {(one.obligation, one.step) for one in said}
            said.append(Said(rung.obligation, rung.step, now))
            book = next(each for each in found.obligations if each.key == rung.obligation)
            assert book.open
            assert rung.step == "sticky" or is_open(book.own_hours, now)
        coming = [found.next_wake, reminders.look_again, *(fact.at for fact in facts)]
        later = [each for each in coming if each is not None and each > now]
        if not later or min(later) > end:
            break
        now = min(later)
    else:
        raise AssertionError("woken too often")


@pytest.mark.parametrize(
    "rest", [drafted("11-24 10:00"), labelled("11-24 10:00", "blocked")], ids=["a draft", "a label"]
)
def test_while_a_change_rests_nobody_is_reminded_however_late_their_answer(rest: Fact) -> None:
    """The author's pause does not stop what is overdue; yet nobody is to look at it now."""
    late = [*ASKED, rest]
    assert steps(look(ASKED, "11-25 09:00")) != []
    assert steps(look(late, "11-25 09:00")) == []


def test_a_digest_that_was_missed_in_the_morning_is_not_sent_at_night() -> None:
    story = begun("11-23 11:00", "ben")  # 80 % on Tuesday at 09:24
    assert steps(look(story, "11-24 10:50")) == [("digest", "ben")]
    red = [*begun("11-23 10:00", "ben"), checked("11-23 16:30", "failure"), checked("11-24 18:00", "success")]
    found = look(red, "11-24 18:00", required_checks=("ci",))
    assert (steps(found), found.look_again) == ([], at("11-25 09:00"))
