"""Until when an answer is promised: worked examples, each with its deadline."""

from __future__ import annotations

import pytest

from policies.calendars import Calendar, Replaced
from policies.clocks import Away
from policies.facts import Fact
from tests.policies.clocks.telling import (
    API,
    BERLIN,
    agreed,
    asked,
    at,
    begun,
    command,
    drafted,
    opened,
    owed,
    pushed,
    readied,
    reviewed,
    slots,
    state,
    terms,
    utc,
)


@pytest.mark.parametrize(
    ("story", "now", "budget", "due"),
    [
        pytest.param(
            [*begun("11-23 09:00", "ben"), drafted("11-23 10:00"), readied("11-24 14:00")],
            "11-24 15:00", "8bh", "2026-11-25T12:00", id="5 a draft in between pauses",
        ),
        pytest.param(begun("11-23 09:00", "ben"), "11-23 12:00", "8bh", "2026-11-23T16:00", id="6 a full day"),
        pytest.param(
            [*begun("11-23 09:00", "ben"), drafted("11-23 10:00"), readied("11-24 14:00")],
            "11-24 14:30", "3bh", "2026-11-24T15:00", id="11 half of a small budget is left, and enough",
        ),
        pytest.param(
            [*begun("11-23 09:00", "ben"), drafted("11-23 15:00"), readied("11-25 09:00")],
            "11-25 09:00", "8bh", "2026-11-25T12:00", id="22 after a long draft half of the budget is left again",
        ),
    ],
)  # fmt: skip
def test_the_slots_answer_is_due(story: list[Fact], now: str, budget: str, due: str) -> None:
    found = state(story, now, terms(f"reviews: {{budgets: {{first_response: {budget}}}}}"))
    assert owed(found, "first_response").due == utc(due)


def test_without_a_floor_nothing_is_given_back() -> None:
    """22, plain: two of eight hours were left, and two are."""
    story = [*begun("11-23 09:00", "ben"), drafted("11-23 15:00"), readied("11-25 09:00")]
    found = state(story, "11-25 09:00", terms("reviews: {resume_floor: 0}"))
    assert owed(found, "first_response").due == utc("2026-11-25T10:00")


def test_somebody_who_moved_works_by_the_new_hours_from_then_on() -> None:
    """23: until Tuesday 11:00 in Berlin, then in New York."""
    moved = Replaced(BERLIN, at("11-24 11:00"), Calendar("America/New_York"))
    found = state(begun("11-24 09:00", "ben"), "11-24 10:00", terms(calendars={"business": moved}))
    assert owed(found, "first_response").due == utc("2026-11-24T20:00")


def test_a_person_elsewhere_has_their_own_deadline_and_the_slot_keeps_its() -> None:
    """24: asked at 15:00 in Berlin, which is 9:00 in New York."""
    story = [opened("11-23 08:55"), slots("11-23 08:55"), asked("11-23 15:00", "ben", usher=("@api",))]
    found = state(story, "11-23 15:30", terms(own={"Ben": Calendar("America/New_York")}))
    assert owed(found, "first_response", "person").due == utc("2026-11-23T22:00")
    assert owed(found, "first_response", "slot").due == utc("2026-11-23T16:00")


def test_a_promise_moves_the_deadline_by_two_working_days_at_most() -> None:
    """25: `eta fri` on Monday."""
    story = [*begun("11-23 09:00", "ben"), command("11-23 10:00", "ben", "eta fri")]
    found = state(story, "11-23 10:00")
    assert owed(found, "first_response", "slot").due == utc("2026-11-25T16:00")
    assert owed(found, "first_response", "person").due == utc("2026-11-25T16:00")


def test_a_silent_author_is_asked_and_then_taken_at_their_push() -> None:
    """26: a push on Monday at 15:00; four working hours later the author is asked, and again four later the
    turn goes back."""
    story = [
        *begun("11-20 09:00", "ben"),
        reviewed("11-20 10:00", "ben", "changes_requested"),
        pushed("11-23 15:00"),
    ]
    before = state(story, "11-24 10:59")
    assert (before.ask_author, before.next_wake) == (False, utc("2026-11-24T10:00"))
    asking = state(story, "11-24 11:00")
    assert (asking.ask_author, asking.turn.state) == (True, "AUTHOR")
    assert asking.next_wake == utc("2026-11-24T14:00")
    back = state(story, "11-24 15:00")
    assert (back.turn.state, back.turn.parties, back.reask) == ("REREVIEW", ("ben",), ("ben",))
    assert owed(back, "re_review", cycle=2).due == utc("2026-11-25T14:00")


def test_an_answer_found_by_polling_around_the_deadline_is_unknown() -> None:
    """28: due at 16:00 UTC, answered at some time between 15:50 and 16:10."""
    story = [*begun("11-23 09:00", "ben"), reviewed("11-23 17:10", "ben", polled_since="11-23 16:50")]
    assert owed(state(story, "11-23 18:00"), "first_response").verdict == "unknown"


@pytest.mark.parametrize(
    ("answered", "since", "verdict"),
    [
        ("11-23 17:00", None, "met"),
        ("11-23 17:01", None, "missed"),
        ("11-23 17:00", "11-23 16:00", "met"),
        ("11-23 17:10", "11-23 17:00", "missed"),
    ],
)
def test_an_answer_at_the_very_instant_is_in_time(answered: str, since: str | None, verdict: str) -> None:
    story = [*begun("11-23 09:00", "ben"), reviewed(answered, "ben", polled_since=since)]
    assert owed(state(story, "11-24 09:00"), "first_response").verdict == verdict


def test_a_budget_of_wall_time_runs_round_the_clock() -> None:
    found = state(
        begun("11-20 16:00", "ben"), "11-20 17:00", terms("reviews: {budgets: {first_response: 24h}}")
    )
    assert owed(found, "first_response").due == utc("2026-11-21T15:00")


def test_a_team_that_follows_the_sun_is_due_by_everybodys_hours() -> None:
    under = terms(
        'reviews: {areas: {api: {owners: ["@api"], follow_the_sun: true, budgets: {first_response: 16bh}}}}',
        own={"cyd": Calendar("America/Los_Angeles")},
    )
    found = state(begun("11-23 09:00", "ben"), "11-23 10:00", under)
    assert owed(found, "first_response", "slot").due == utc("2026-11-24T01:00")


def test_hours_are_the_persons_own_else_agreed_else_their_teams_else_everybodys() -> None:
    text = """
    calendars: {east: {zone: Asia/Kolkata}, west: {zone: America/Los_Angeles}}
    calendar_of: {people: {cyd: east}, teams: {org/web: west}}
    """
    places = {name: Calendar(zone) for name, zone in
              {"east": "Asia/Kolkata", "west": "America/Los_Angeles", "business": "Europe/Berlin"}.items()}  # fmt: skip
    under = terms(text, calendars=places, own={"ben": Calendar("Asia/Tokyo")}, teams={"org/web": ("Dot",)})
    everybody = ("@api", 4, ("ben", "cyd", "dot", "eve"))
    found = state(begun("11-23 09:00", "ben", "cyd", "dot", "eve", chosen=(everybody,)), "11-23 09:30", under)
    zones = {each.party: each.hours.zone for each in found.obligations if each.ledger == "person"}
    assert zones == {
        "ben": "Asia/Tokyo", "cyd": "Asia/Kolkata", "dot": "America/Los_Angeles", "eve": "Europe/Berlin",
    }  # fmt: skip


def test_a_budget_that_runs_keeps_the_rules_it_began_with() -> None:
    old = agreed("reviews: {budgets: {first_response: 8bh}}")
    under = terms("reviews: {budgets: {first_response: 2bh}}", earlier=((at("11-23 12:00"), old),))
    assert owed(state(begun("11-23 09:00", "ben"), "11-23 13:00", under), "first_response").due == at(
        "11-23 17:00"
    )
    assert owed(state(begun("11-23 12:30", "ben"), "11-23 13:00", under), "first_response").due == at(
        "11-23 14:30"
    )


@pytest.mark.parametrize(
    ("text", "guest", "due"),
    [
        ("reviews: {budgets: {first_response: 2bh}}", False, "11-23 11:00"),
        ("reviews: {budgets: {first_response: 2bh}, guest: {first_response: 1bh}}", True, "11-23 10:00"),
        ("reviews: {budgets: {first_response: 2bh}, guest: {first_response: 1bh}}", False, "11-23 11:00"),
        ('reviews: {guest: {first_response: 1bh}, areas: {a: {owners: ["@API"], budgets: {first_response: 4bh}}}}',
         True, "11-23 13:00"),
    ],
)  # fmt: skip
def test_an_area_has_its_own_budgets_and_guests_theirs(text: str, guest: bool, due: str) -> None:
    found = state(begun("11-23 09:00", "ben"), "11-23 09:30", terms(text, guest=guest))
    assert owed(found, "first_response", "slot").due == at(due)


def test_a_short_absence_pauses_the_person_and_never_the_slot() -> None:
    under = terms(away={"ben": (Away(at("11-23 11:00"), at("11-23 13:00"), at("11-20 09:00")),)})
    found = state(begun("11-23 09:00", "ben"), "11-23 12:00", under)
    assert owed(found, "first_response", "person").due == at("11-24 11:00")
    assert owed(found, "first_response", "slot").due == at("11-23 17:00")


@pytest.mark.parametrize(
    ("declared", "handed_over"), [("11-20 09:00", "11-23 11:00"), ("11-23 14:00", "11-23 14:00")]
)
def test_a_long_absence_hands_over_and_excuses(declared: str, handed_over: str) -> None:
    under = terms(away={"ben": (Away(at("11-23 11:00"), at("11-25 09:00"), at(declared)),)})
    found = state(begun("11-23 09:00", "ben"), "11-23 15:00", under)
    person = owed(found, "first_response", "person")
    assert (person.verdict, person.ended) == ("excused", at(handed_over))
    assert (found.turn.row, found.slots[0].asked) == (6, ())
    assert owed(found, "first_response", "slot").due == at("11-23 17:00")


def test_an_absence_without_a_sensible_end_hands_over_like_any_other() -> None:
    under = terms(away={"ben": (Away(at("11-23 11:00"), utc("9990-01-01"), at("11-20 09:00")),)})
    found = state(begun("11-23 09:00", "ben"), "11-23 15:00", under)
    assert owed(found, "first_response", "person").ended == at("11-23 11:00")


def test_an_absence_that_was_known_when_a_person_asked_stands() -> None:
    """The request stands with a note; nothing accrues for the person until they are back."""
    under = terms(away={"ben": (Away(at("11-23 00:00"), at("11-25 00:00"), at("11-01 09:00")),)})
    found = state(begun("11-23 09:00", "ben", chosen=(API,)), "11-23 12:00", under)
    assert found.slots[0].asked == ("ben",)
    assert owed(found, "first_response", "person").due == at("11-25 17:00")
