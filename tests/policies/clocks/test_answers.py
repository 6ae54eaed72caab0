"""How an answer is owed, given, given back and ended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.clocks import Outage
from policies.facts import Fact, ReviewAsked
from tests.policies.clocks.telling import (
    API,
    WEB,
    asked,
    at,
    begun,
    checked,
    closed,
    command,
    commented,
    dismissed,
    drafted,
    inline,
    merged,
    opened,
    owed,
    pushed,
    readied,
    reopened,
    resolved,
    reviewed,
    slots,
    state,
    terms,
    unasked,
)

ASKED = begun("11-23 09:00", "ben")


# --- When the time starts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "slot_t0"),
    [
        pytest.param([opened("11-23 09:00"), slots("11-23 09:00")], "11-23 09:05", id="opened, and settled"),
        pytest.param(
            [opened("11-23 09:00", draft=True), slots("11-23 09:00"), readied("11-23 10:00")],
            "11-23 10:05",
            id="ready, and settled",
        ),
        pytest.param(
            [opened("11-23 09:00"), slots("11-23 09:00"), drafted("11-23 09:03"), readied("11-23 10:00")],
            "11-23 10:05",
            id="a draft before it settled",
        ),
        pytest.param([opened("11-23 09:00"), slots("11-23 10:00")], "11-23 10:05", id="files pushed later"),
        pytest.param(
            [opened("11-23 09:00"), slots("11-23 09:00"), asked("11-23 09:02", "ben")],
            "11-23 09:02",
            id="a person asked before it settled",
        ),
        pytest.param(
            [opened("11-23 09:00"), slots("11-23 09:00"), asked("11-23 09:02", "ben", usher=("@api",))],
            "11-23 09:05",
            id="Usher's own request moves nothing",
        ),
        pytest.param(
            [opened("11-23 09:00"), slots("11-23 09:00"), asked("11-23 11:00", "ben", usher=("@api",))],
            "11-23 09:05",
            id="nor does it when it is late",
        ),
        pytest.param(
            [opened("11-23 09:00:00"), slots("11-23 09:00"), asked("11-23 09:00:20", "ben")],
            "11-23 09:00",
            id="reviewers chosen on the form",
        ),
        pytest.param(
            [
                opened("11-23 09:00"),
                slots("11-23 09:00"),
                ReviewAsked(at=at("11-23 09:02"), by="ana", team="api"),
            ],
            "11-23 09:02",
            id="a person asked the team",
        ),
        pytest.param(
            [opened("11-23 09:00"), slots("11-23 09:00"), commented("11-23 09:02", "ben")],
            "11-23 09:02",
            id="answered before it settled",
        ),
    ],
)
def test_a_slots_time_starts(story: list[Fact], slot_t0: str) -> None:
    assert owed(state(story, "11-23 14:00"), "first_response").t0 == at(slot_t0)


@pytest.mark.parametrize(
    ("story", "t0"),
    [
        ([], "11-23 11:05"),
        ([checked("11-23 09:30", "success")], "11-23 09:30"),
        ([checked("11-23 09:02", "success")], "11-23 09:05"),
        ([checked("11-23 09:30", "failure")], "11-23 11:05"),
        ([checked("11-23 11:30", "success")], "11-23 11:05"),
    ],
)
def test_the_checks_may_gate_the_start_for_a_while(story: list[Fact], t0: str) -> None:
    under = terms("reviews: {ci: gate, gate_max: 2h}", required_checks=("ci",))
    found = state([opened("11-23 09:00"), slots("11-23 09:00"), *story], "11-23 14:00", under)
    assert owed(found, "first_response").t0 == at(t0)


def test_a_person_who_is_asked_twice_was_asked_the_first_time() -> None:
    story = [
        *begun("11-23 09:00", "ben"),
        asked("11-23 12:00", "ben"),
        asked("11-23 13:00", "ben", usher=("@api",)),
    ]
    assert owed(state(story, "11-23 14:00"), "first_response", "person").t0 == at("11-23 09:00")


def test_slots_that_become_known_later_hold_for_people_asked_before() -> None:
    story = [opened("11-23 09:00"), asked("11-23 09:00", "ben"), slots("11-23 09:20")]
    found = state(story, "11-23 14:00")
    assert owed(found, "first_response", "person").t0 == at("11-23 09:20")


def test_a_fact_that_is_told_twice_with_two_times_counts_once() -> None:
    """A webhook and the timeline may date one act a few seconds apart."""
    once = [*begun("11-23 09:00"), drafted("11-23 09:01"), readied("11-23 10:00")]
    twice = [
        *once,
        drafted("11-23 09:01:20"),
        readied("11-23 10:00:40"),
        closed("11-24 09:00"),
        closed("11-24 09:00:10"),
    ]
    assert owed(state(twice, "11-23 14:00"), "first_response").t0 == at("11-23 10:05")
    assert owed(state(twice, "11-24 14:00"), "first_response").ended == at("11-24 09:00")


# --- What an answer is ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        reviewed("11-23 10:00", "ben"),
        reviewed("11-23 10:00", "ben", "approved"),
        reviewed("11-23 10:00", "cyd", "changes_requested"),
        inline("11-23 10:00", "ben", "t1"),
        commented("11-23 10:00", "Ben"),
        commented("11-23 10:00", "cyd"),
        merged("11-23 10:00", by="cyd"),
        closed("11-23 10:00", by="ben"),
    ],
)
def test_any_word_of_an_owner_or_of_somebody_asked_answers(answer: Fact) -> None:
    slot = owed(state([*ASKED, answer], "11-23 14:00"), "first_response")
    assert (slot.verdict, slot.ended) == ("met", at("11-23 10:00"))


def test_one_answer_frees_the_others() -> None:
    story = [*begun("11-23 09:00", "ben", "cyd"), commented("11-23 10:00", "ben")]
    found = state(story, "11-23 14:00")
    assert owed(found, "first_response", "person", "ben").verdict == "met"
    assert owed(found, "first_response", "person", "cyd").verdict == "released"


def test_a_slot_that_needs_two_waits_for_two() -> None:
    two = ("@api", 2, ("ben", "cyd", "fay"))
    story = [*begun("11-23 09:00", "ben", "cyd", "fay", chosen=(two,)), commented("11-23 10:00", "ben")]
    found = state(story, "11-23 10:30")
    assert owed(found, "first_response", "slot").verdict == "met"
    assert owed(found, "first_response", "person", "cyd").verdict is None
    later = state([*story, commented("11-23 11:00", "cyd")], "11-23 14:00")
    assert owed(later, "first_response", "person", "fay").verdict == "released"


def test_who_is_free_too_late_missed_it() -> None:
    story = [*begun("11-23 09:00", "ben", "cyd"), commented("11-24 10:00", "cyd")]
    found = state(story, "11-24 14:00")
    verdicts = {each.key: each.verdict for each in found.obligations}
    assert set(verdicts.values()) == {"missed"}


@pytest.mark.parametrize(
    ("ending", "verdict"),
    [
        ([command("11-23 10:00", "ben", "decline")], "released"),
        ([command("11-23 10:00", "ana", "next")], "released"),
        ([command("11-23 10:00", "cyd", "next @ben")], "released"),
        ([unasked("11-23 10:00", "ben")], "released"),
        ([unasked("11-24 10:00", "ben")], "missed"),
        ([command("11-24 10:00", "ben", "decline")], "missed"),
    ],
)
def test_a_person_may_be_let_go_while_the_slots_time_runs_on(ending: list[Fact], verdict: str) -> None:
    found = state([*ASKED, *ending], "11-24 12:00")
    assert owed(found, "first_response", "person").verdict == verdict
    slot = owed(found, "first_response", "slot")
    assert (slot.open, slot.due, slot.verdict) == (True, at("11-23 17:00"), "missed")
    assert found.declined == ("ben",)


def test_changing_people_never_lowers_what_the_slot_has_used() -> None:
    story = [*ASKED, command("11-23 15:00", "ben", "decline"), asked("11-23 16:00", "cyd", usher=("@api",))]
    found = state(story, "11-23 16:30")
    assert owed(found, "first_response", "slot").due == at("11-23 17:00")
    assert owed(found, "first_response", "person", "cyd").due == at("11-24 16:00")


def test_somebody_asked_again_by_a_person_is_not_declined_any_more() -> None:
    story = [*ASKED, command("11-23 10:00", "ben", "decline"), asked("11-23 11:00", "ben")]
    found = state(story, "11-23 12:00")
    assert (found.declined, found.turn.parties) == ((), ("ben",))
    assert [each.key for each in found.obligations if each.party == "ben"] == [
        "first_response|person|@api|ben|1",
        "first_response|person|@api|ben|1.2",
    ]


def test_finding_somebody_is_a_promise_of_its_own() -> None:
    story = [opened("11-23 09:00"), slots("11-23 09:00"), asked("11-23 09:45", "ben", usher=("@api",))]
    found = owed(state(story, "11-23 12:00"), "assign")
    assert (found.t0, found.due, found.verdict) == (at("11-23 09:05"), at("11-23 10:05"), "met")
    late = owed(state([opened("11-23 09:00"), slots("11-23 09:00")], "11-23 12:00"), "assign")
    assert (late.verdict, late.verdict_at) == ("missed", at("11-23 10:05"))


def test_an_engaged_owner_takes_a_slot_that_nobody_else_has() -> None:
    """Ben was asked for one slot and owns the other as well; when its reviewer leaves, it is his."""
    shared = ("@web", 1, ("ben", "dot"))
    story = [
        *begun("11-23 09:00", chosen=(API, shared)),
        asked("11-23 09:10", "ben", usher=("@api",)),
        asked("11-23 09:10", "dot", usher=("@web",)),
        command("11-23 11:00", "dot", "decline"),
    ]
    found = state(story, "11-23 12:00")
    assert {each.name: each.asked for each in found.slots} == {"@api": ("ben",), "@web": ("ben",)}


# --- Promises ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promise", "answered", "verdict"),
    [
        ("eta wed", "11-23 16:00", "met"),
        ("eta wed", "11-25 10:00", "acknowledged"),
        ("eta wed", "11-26 10:00", "missed"),
        ("ack", "11-24 10:00", "acknowledged"),
        ("ack", "11-24 16:00", "missed"),
        ("eta tuesday 10:00", "11-24 09:59", "acknowledged"),
        ("eta tuesday 10:00", "11-24 10:01", "missed"),
        ("eta someday", "11-24 09:30", "missed"),
    ],
)
def test_an_answer_within_what_was_promised_is_acknowledged(
    promise: str, answered: str, verdict: str
) -> None:
    story = [*ASKED, command("11-23 12:00", "ben", promise), reviewed(answered, "ben")]
    found = state(story, "11-27 12:00")
    assert owed(found, "first_response", "slot").verdict == verdict
    assert owed(found, "first_response", "person").verdict == verdict


def test_only_the_first_promise_of_a_cycle_counts() -> None:
    story = [*ASKED, command("11-23 10:00", "ben", "eta tue 10:00"), command("11-23 11:00", "ben", "eta wed")]
    assert owed(state(story, "11-23 12:00"), "first_response").due == at("11-24 10:00")


def test_a_promise_never_brings_the_deadline_forward() -> None:
    story = [*ASKED, command("11-23 10:00", "ben", "eta today 12:00")]
    assert owed(state(story, "11-23 11:00"), "first_response").due == at("11-23 17:00")


def test_a_promise_after_the_deadline_moves_the_reminders_alone() -> None:
    story = [*ASKED, command("11-24 10:00", "ben", "eta wed")]
    slot = owed(state(story, "11-24 12:00"), "first_response", "slot")
    assert (slot.due, slot.verdict) == (at("11-23 17:00"), "missed")
    assert slot.steps[100] == at("11-23 17:00")
    assert slot.steps[150] == at("11-26 13:00")
    assert slot.promised == at("11-25 17:00")  # so that a second promise can be answered


@given(st.lists(st.sampled_from(["eta wed", "eta today 12:00", "ack"]), min_size=2, max_size=4), st.data())
def test_whoever_has_promised_in_time_or_late_cannot_again(said: list[str], data: st.DataObject) -> None:
    """A second one changes nothing at all; the first is told by every obligation that it was made for."""
    days = st.sampled_from(["11-23 10:00", "11-23 16:00", "11-24 10:00", "11-24 16:00"])
    when = sorted(data.draw(st.lists(days, min_size=len(said), max_size=len(said), unique=True)))
    given_at = list(zip(when, said, strict=True))
    promises = [command(day, "ben", text) for day, text in given_at]
    once, often = (state([*ASKED, *some], "11-24 18:00") for some in (promises[:1], promises))
    assert once.obligations == often.obligations
    assert all(each.promised is not None for each in once.obligations if each.kind == "first_response")


def test_the_steps_of_the_ladder_move_with_a_promise() -> None:
    plain = owed(state(ASKED, "11-23 12:00"), "first_response").steps
    assert plain == {
        50: at("11-23 13:00"), 80: at("11-23 15:24"), 100: at("11-23 17:00"),
        150: at("11-24 13:00"), 200: at("11-24 17:00"),
    }  # fmt: skip
    promised = [*ASKED, command("11-23 14:00", "ben", "eta tue 17:00")]
    moved = owed(state(promised, "11-23 15:00"), "first_response").steps
    assert moved == {
        50: at("11-23 13:00"), 80: at("11-24 15:24"), 100: at("11-24 17:00"),
        150: at("11-25 13:00"), 200: at("11-25 17:00"),
    }  # fmt: skip


# --- The turn goes back --------------------------------------------------------------------------------

OBJECTED = [*ASKED, reviewed("11-23 10:00", "ben", "changes_requested")]
THREADED = [*ASKED, inline("11-23 10:00", "ben", "t1")]


@pytest.mark.parametrize(
    ("acts", "back"),
    [
        pytest.param([*OBJECTED, asked("11-23 11:00", "ben")], "11-23 11:15", id="asked again"),
        pytest.param(
            [*OBJECTED, command("11-23 11:00", "ana", "ready")], "11-23 11:15", id="said to be ready"
        ),
        pytest.param(
            [*OBJECTED, drafted("11-23 10:30"), readied("11-23 11:00")], "11-23 11:15", id="ready again"
        ),
        pytest.param(
            [*OBJECTED, command("11-23 11:00", "ana", "ready"), asked("11-23 11:10", "ben")],
            "11-23 11:25",
            id="the last such act counts",
        ),
        pytest.param(
            [*THREADED, inline("11-23 11:00", "ana", "t1")], "11-23 11:15", id="every thread answered"
        ),
        pytest.param([*THREADED, resolved("11-23 11:00", "t1")], "11-23 11:15", id="every thread resolved"),
        pytest.param(
            [
                *OBJECTED,
                inline("11-23 10:00", "ben", "t1"),
                inline("11-23 11:00", "ana", "t1"),
                pushed("11-23 11:30"),
            ],
            "11-23 11:45",
            id="changes requested: threads answered and content pushed",
        ),
        pytest.param(
            [*OBJECTED, inline("11-23 10:00", "ben", "t1"), inline("11-23 11:00", "ana", "t1")],
            None,
            id="changes requested: threads answered alone",
        ),
        pytest.param(
            [*THREADED, inline("11-23 10:00", "ben", "t2"), inline("11-23 11:00", "ana", "t1")],
            None,
            id="one of two threads",
        ),
        pytest.param(
            [*THREADED, inline("11-23 11:00", "ana", "t1"), inline("11-23 11:05", "ben", "t1")],
            None,
            id="the reviewer asked once more before it was quiet",
        ),
        pytest.param([*OBJECTED, pushed("11-23 11:00")], None, id="a push alone"),
        pytest.param(
            [
                *OBJECTED,
                inline("11-23 10:00", "ben", "t1"),
                inline("11-23 11:00", "ana", "t1"),
                pushed("11-23 11:30", bot=True),
            ],
            None,
            id="a bot's push is none",
        ),
        pytest.param([*OBJECTED, commented("11-23 11:00", "ana")], None, id="a mere comment"),
        pytest.param(
            [*OBJECTED, command("11-23 11:00", "ben", "ready")], None, id="only the author can say so"
        ),
        pytest.param(
            [*OBJECTED, command("11-23 11:00", "ana", "ready"), command("11-23 11:05", "ana", "not-yet")],
            None,
            id="or take it back",
        ),
    ],
)
def test_the_turn_goes_back_to_the_reviewer(acts: list[Fact], back: str | None) -> None:
    found = state(acts, "11-23 13:00")
    if back is None:
        assert found.turn.state == "AUTHOR"
        assert [each.kind for each in found.obligations if each.cycle == 2] == []
    else:
        assert (found.turn.state, found.turn.parties, found.turn.since) == ("REREVIEW", ("ben",), at(back))
        assert owed(found, "re_review", "slot", cycle=2).t0 == at(back)
        assert owed(found, "re_review", "person", cycle=2).t0 == at(back)


def test_until_things_are_quiet_it_stays_the_authors_turn() -> None:
    for acts in ([*OBJECTED, asked("11-23 11:00", "ben")], [*THREADED, inline("11-23 11:00", "ana", "t1")]):
        found = state(acts, "11-23 11:10")
        assert (found.turn.state, found.next_wake) == ("AUTHOR", at("11-23 11:15"))


def test_a_rebase_is_no_push_of_content() -> None:
    same = [
        opened("11-23 08:00"),
        slots("11-23 08:00"),
        pushed("11-23 08:30", content="c1"),
        asked("11-23 09:00", "ben"),
        reviewed("11-23 10:00", "ben", "changes_requested"),
        pushed("11-23 11:00", content="c1"),
    ]
    assert state(same, "11-24 16:00").turn.state == "AUTHOR"
    real = [*same, pushed("11-23 11:30", content="c2")]
    assert state(real, "11-24 16:00").turn.state == "REREVIEW"


def test_not_yet_holds_until_the_next_push() -> None:
    story = [*OBJECTED, pushed("11-23 11:00"), command("11-23 12:00", "ana", "not-yet")]
    assert state(story, "11-26 12:00").turn.state == "AUTHOR"
    again = [*story, pushed("11-24 09:00")]
    assert state(again, "11-24 13:00").ask_author is True
    assert state(again, "11-24 17:00").turn.state == "REREVIEW"


def test_a_draft_never_asks_whether_it_is_ready() -> None:
    story = [*OBJECTED, pushed("11-23 11:00"), drafted("11-23 11:30")]
    found = state(story, "11-26 12:00")
    assert (found.turn.state, found.ask_author) == ("DRAFT", False)


def test_each_round_has_a_fresh_budget() -> None:
    story = [*OBJECTED, asked("11-23 11:00", "ben"), reviewed("11-23 15:00", "ben", "changes_requested"),
             asked("11-24 09:00", "ben")]  # fmt: skip
    found = state(story, "11-24 10:00")
    assert owed(found, "re_review", "slot", cycle=2).verdict == "met"
    assert owed(found, "re_review", "slot", cycle=3).due == at("11-25 09:15")


def test_an_approval_lost_to_a_push_into_its_files_is_asked_for_again() -> None:
    review = reviewed("11-23 10:00", "ben", "approved")
    story = [*ASKED, review, pushed("11-23 11:00"), dismissed("11-23 11:00", review)]
    found = state(story, "11-23 12:00")
    assert (found.turn.state, found.turn.parties, found.reask) == ("REREVIEW", ("ben",), ("ben",))
    assert owed(found, "re_review", "slot", cycle=2).t0 == at("11-23 11:00")


def test_an_approval_lost_to_a_push_elsewhere_owes_nothing() -> None:
    review = reviewed("11-23 10:00", "ben", "approved")
    story = [
        opened("11-23 09:00"), slots("11-23 09:00", contents={"@api": "one"}), asked("11-23 09:00", "ben"), review,
        pushed("11-23 11:00"), slots("11-23 11:00", contents={"@api": "one"}), dismissed("11-23 11:00", review),
    ]  # fmt: skip
    found = state(story, "11-23 12:00")
    assert (found.turn.state, found.turn.parties) == ("DECIDE", ("ben",))
    assert [each.kind for each in found.obligations if each.kind == "re_review"] == []


def test_a_push_after_an_approval_that_stands_asks_nobody() -> None:
    story = [*ASKED, reviewed("11-23 10:00", "ben", "approved"), pushed("11-23 11:00")]
    found = state(story, "11-23 12:00")
    assert (found.turn.state, [each.kind for each in found.obligations if each.open]) == ("MERGE", [])


def test_an_answer_that_was_only_seen_as_dismissed_was_an_answer() -> None:
    lost = dismissed("11-23 11:00", reviewed("11-23 10:00", "ben", "approved"))
    assert owed(state([*ASKED, lost], "11-23 12:00"), "first_response").verdict == "met"


# --- Pauses --------------------------------------------------------------------------------------------


def test_nothing_accrues_while_it_is_the_authors_turn() -> None:
    two = begun("11-23 09:00", "ben", "dot", chosen=(API, WEB))
    found = state([*two, reviewed("11-23 11:00", "ben", "changes_requested")], "11-23 15:00")
    web = next(each for each in found.obligations if each.key == "first_response|slot|@web|@web|1")
    assert (web.accrued.total_seconds(), web.due, web.verdict, web.accruing) == (2 * 3600, None, None, False)


def test_a_pause_by_the_author_never_stops_what_is_overdue() -> None:
    before = state([*ASKED, drafted("11-23 16:00")], "11-24 12:00")
    assert owed(before, "first_response", "slot").verdict is None
    after = state([*ASKED, drafted("11-24 10:00")], "11-24 14:00")
    slot = owed(after, "first_response", "slot")
    assert (slot.verdict, slot.steps[150]) == ("missed", at("11-24 13:00"))


def test_a_pause_by_the_owners_is_acknowledged_at_best() -> None:
    story = [*ASKED, command("11-23 10:00", "ben", "block on release"), command("11-24 10:00", "ben", "unblock"),
             reviewed("11-24 11:00", "ben")]  # fmt: skip
    assert owed(state(story, "11-24 12:00"), "first_response", "slot").verdict == "acknowledged"
    by_author = [*ASKED, command("11-23 10:00", "ana", "block x"), command("11-24 10:00", "ana", "unblock"),
                 reviewed("11-24 11:00", "ben")]  # fmt: skip
    assert owed(state(by_author, "11-24 12:00"), "first_response", "slot").verdict == "met"


def test_owners_can_pause_for_five_working_days_at_most() -> None:
    story = [*begun("11-02 09:00", "ben"), command("11-02 10:00", "ben", "block x")]
    slot = owed(state(story, "11-09 16:00"), "first_response", "slot")
    assert slot.accrued.total_seconds() == 7 * 3600
    assert slot.due == at("11-09 17:00")


def test_a_short_draft_gives_nothing_back() -> None:
    story = [*ASKED, drafted("11-23 15:00"), readied("11-23 15:30")]
    assert owed(state(story, "11-23 16:00"), "first_response").due == at("11-24 09:30")


def test_time_is_given_back_once_and_never_after_the_deadline() -> None:
    twice = [
        *ASKED,
        drafted("11-23 16:00"),
        readied("11-24 16:00"),
        drafted("11-25 11:00"),
        readied("11-26 11:00"),
    ]
    assert owed(state(twice, "11-26 11:00"), "first_response").due == at("11-26 12:00")
    late = [*ASKED, drafted("11-24 09:30"), readied("11-25 09:00")]
    assert owed(state(late, "11-25 10:00"), "first_response").due == at("11-23 17:00")


# --- Ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "verdict"),
    [
        ([closed("11-23 10:00")], "cancelled"),
        ([merged("11-23 10:00")], "cancelled"),
        ([closed("11-24 10:00")], "missed"),
        ([slots("11-23 10:00", WEB)], "cancelled"),
        ([closed("11-23 10:00"), reopened("11-23 10:10"), reviewed("11-23 10:30", "ben")], "met"),
        ([closed("11-23 10:00"), reopened("11-23 10:11")], "cancelled"),
    ],
)
def test_what_is_closed_unanswered_is_cancelled(ending: list[Fact], verdict: str | None) -> None:
    found = state([*ASKED, *ending], "11-24 12:00")
    assert owed(found, "first_response", "slot", "@api").verdict == verdict


def test_a_change_opened_again_without_an_answer_begins_anew() -> None:
    found = state([*ASKED, closed("11-23 10:00"), reopened("11-23 12:00")], "11-23 13:00")
    assert owed(found, "first_response", "slot", cycle=2).t0 == at("11-23 12:05")
    assert owed(found, "first_response", "person", cycle=2).t0 == at("11-23 12:00")


def test_a_change_opened_again_after_an_answer_goes_on() -> None:
    story = [*OBJECTED, asked("11-23 11:00", "ben"), closed("11-23 12:15"), reopened("11-23 13:15")]
    found = state(story, "11-23 14:15")
    slot = owed(found, "re_review", "slot", cycle=2)
    assert (slot.accrued.total_seconds(), slot.t0) == (2 * 3600, at("11-23 11:15"))


def test_an_outage_over_the_deadline_excuses() -> None:
    out = (Outage(at("11-23 16:30"), at("11-23 18:00")),)
    story = [*ASKED, reviewed("11-24 10:00", "ben")]
    assert owed(state(story, "11-24 12:00", terms(outages=out)), "first_response").verdict == "excused"


@pytest.mark.parametrize("text", ["", "reviews: {bots: {sla: true}}"])
def test_changes_by_bots_have_no_clock_unless_agreed(text: str) -> None:
    story = [opened("11-23 09:00", bot=True), slots("11-23 09:00"), asked("11-23 09:00", "ben", by="cyd")]
    found = state(story, "11-23 12:00", terms(text))
    assert (bool(found.obligations), found.turn.state) == (bool(text), "REVIEW")


def test_a_person_that_the_rules_call_a_bot_is_one() -> None:
    assert state(ASKED, "11-23 12:00", terms("reviews: {bots: {logins: [Ana]}}")).obligations == ()


def test_reviews_may_be_switched_off() -> None:
    assert state(ASKED, "11-23 12:00", terms("reviews: {enabled: false}")).obligations == ()


# --- Slots that change ---------------------------------------------------------------------------------


def test_the_same_slot_keeps_its_time_when_its_owners_change() -> None:
    story = [*ASKED, slots("11-23 12:00", ("@api", 1, ("cyd", "fay")))]
    found = owed(state(story, "11-23 13:00"), "first_response", "slot")
    assert (found.t0, found.due) == (at("11-23 09:00"), at("11-23 17:00"))


def test_a_new_slot_goes_on_with_the_time_of_the_one_that_shares_most_files() -> None:
    story = [
        opened("11-23 09:00"),
        slots("11-23 09:00", API, WEB, files={"@api": ("a", "b", "c"), "@web": ("w",)}),
        asked("11-23 09:00", "ben"),
        slots("11-23 12:00", ("@new", 1, ("fay",)), WEB, files={"@new": ("b", "c", "w"), "@web": ("x",)}),
    ]
    found = state(story, "11-23 13:00")
    new = owed(found, "first_response", "slot", "@new")
    assert (new.key, new.t0) == ("first_response|slot|@api|@api|1", at("11-23 09:00"))
    assert {each.name: each.asked for each in found.slots} == {"@new": ("ben",), "@web": ()}


def test_a_slot_that_comes_back_has_a_book_of_its_own() -> None:
    story = [*ASKED, slots("11-23 10:00", WEB), slots("11-23 11:00", API)]
    keys = [each.key for each in state(story, "11-23 12:00").obligations]
    assert len(keys) == len(set(keys))
    assert "first_response|slot|@api (2)|@api (2)|1" in keys


# --- Optional clocks -----------------------------------------------------------------------------------


def test_a_decision_may_be_promised_too() -> None:
    under = terms("reviews: {budgets: {decision: 2bd}}")
    story = [*OBJECTED, asked("11-23 11:00", "ben"), reviewed("11-23 13:15", "ben", "approved")]
    decision = owed(state(story, "11-23 15:00", under), "decision")
    assert (decision.accrued.total_seconds(), decision.verdict) == (3 * 3600, "met")


def test_the_authors_own_time_may_be_counted() -> None:
    under = terms("reviews: {budgets: {author: 2bd}}")
    author = owed(state(OBJECTED, "11-23 15:00", under), "author", "item")
    assert (author.party, author.t0, author.due) == ("ana", at("11-23 10:00"), at("11-25 10:00"))


def test_no_fact_that_opens_the_change_is_an_error() -> None:
    with pytest.raises(ValueError, match="opened"):
        state([asked("11-23 09:00", "ben")], "11-23 10:00")


def test_whoever_a_colleagues_answer_freed_stays_free_after_a_push() -> None:
    """Their request still stands on the forge, but it was for an answer that somebody else gave."""
    story = [
        *begun("11-23 09:00", "ben", "cyd"),
        inline("11-23 10:00", "cyd", "t1"),
        pushed("11-25 13:00", content="x"),
        slots("11-25 13:00"),
    ]
    found = state(story, "11-25 14:00")
    assert owed(found, "first_response", "person", "ben").verdict == "released"
    assert (found.turn.state, found.turn.parties) == ("AUTHOR", ("ana",))
    again = state([*story, asked("11-25 13:30", "ben")], "11-25 14:00")
    assert again.turn.parties == ("ben",)


def test_the_objection_of_somebody_who_left_it_to_others_waits_for_nobody() -> None:
    story = [
        *begun("11-23 09:00", "ben"),
        reviewed("11-23 10:00", "ben", "changes_requested"),
        pushed("11-23 11:00"),
        asked("11-23 11:00", "ben"),
        command("11-23 12:00", "ben", "decline"),
        asked("11-23 12:00", "cyd", usher=("@api",)),
        reviewed("11-23 13:00", "cyd", "changes_requested"),
        pushed("11-23 14:00"),
        asked("11-23 14:00", "cyd"),
    ]
    assert state(story, "11-23 15:00").turn.parties == ("cyd",)
    approved = [*story, reviewed("11-23 15:30", "cyd", "approved")]
    assert state(approved, "11-23 16:00").turn.state == "MERGE"


def test_whoever_objected_is_not_freed_by_colleagues_and_keeps_one_book() -> None:
    """Only ben can lift his objection: when cyd approves, the slot waits for ben alone, who is reminded once."""
    story = [
        *begun("11-23 09:00", "ben", "cyd"),
        reviewed("11-23 10:00", "ben", "changes_requested"),
        pushed("11-23 11:00"),
        asked("11-23 11:00", "ben"),
        reviewed("11-23 14:00", "cyd", "approved"),
    ]
    found = state(story, "11-24 12:00")
    [slot] = found.slots
    assert (slot.asked, slot.approvals, slot.satisfied) == (("ben",), ("cyd",), False)
    assert (found.turn.row, found.turn.parties) == (7, ("ben",))
    own = owed(found, "re_review", "person", "ben", 2)
    assert own.open
    assert own.t0 == at("11-23 11:15")
    assert owed(found, "re_review", "slot", cycle=3).t0 == at("11-23 14:00")
