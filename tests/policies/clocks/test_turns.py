"""Whose turn it is: the first row of the table that matches."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policies.facts import ChangeQueued, ChangeRetargeted, ConflictChanged, DependencyChanged, Fact
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
    labelled,
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
OBJECTION = reviewed("11-23 10:00", "ben", "changes_requested")
LARGE = [opened("11-23 09:00"), slots("11-23 09:00", guard="it touches 400 files")]
ASIDE = [opened("11-23 09:00", base="gh-pages"), slots("11-23 09:00")]
BASES = "reviews: {bases: [main, 'release/*']}"
BOTH = begun("11-23 09:00", "ben", "dot", chosen=(API, WEB))
OWN_SLOT = "reviews: {changes_requested: own_slot}"

BENS = (7, "REVIEW", ("ben",))
PAUSED = (3, "PAUSED", ())
FIX = (4, "FIX", ("ana",))
OBJECTED = (5, "AUTHOR", ("ana",))
UNASSIGNED = (6, "UNASSIGNED", ("lead",))
MERGE = (9, "MERGE", ("merger",))
DONE = (1, "DONE", ())
DRAFT = (2, "DRAFT", ("ana",))
THREADS = (8, "AUTHOR", ("ana",))
DECIDE = (10, "DECIDE", ("ben",))
DOTS = (7, "REVIEW", ("dot",))
BOTHS = (7, "REVIEW", ("ben", "dot"))
CYDS_TOO = (7, "REVIEW", ("ben", "cyd"))


@pytest.mark.parametrize(
    ("story", "text", "expected"),
    [
        pytest.param([*ASKED, merged("11-23 10:00")], "", DONE, id="merged"),
        pytest.param(
            [*ASKED, drafted("11-23 09:30"), closed("11-23 10:00")], "", DONE, id="closed as a draft"
        ),
        pytest.param([*ASKED, drafted("11-23 10:00")], "", DRAFT, id="a draft is the author's"),
        pytest.param([opened("11-23 09:00", draft=True)], "", DRAFT, id="opened as a draft"),
        pytest.param([*ASKED, drafted("11-23 10:00"), readied("11-23 11:00")], "", BENS, id="ready again"),
        pytest.param([*ASKED, labelled("11-23 10:00", "Blocked")], "", PAUSED, id="a label pauses"),
        pytest.param(
            [*ASKED, labelled("11-23 10:00", "blocked"), labelled("11-23 11:00", "blocked", on=False)],
            "",
            BENS,
            id="until it is taken off",
        ),
        pytest.param([*ASKED, labelled("11-23 10:00", "blocked", bot=True)], "", BENS, id="no bot's label"),
        pytest.param(
            [*ASKED, labelled("11-23 10:00", "blocked")],
            "reviews: {pause_labels: [wait]}",
            BENS,
            id="only labels that were agreed",
        ),
        pytest.param([*ASKED, command("11-23 10:00", "ana", "snooze thu")], "", PAUSED, id="snoozed"),
        pytest.param(
            [*ASKED, command("11-23 10:00", "ana", "snooze 12:30")], "", BENS, id="unclear until when"
        ),
        pytest.param(
            [*ASKED, command("11-23 10:00", "ana", "snooze +1h")], "", BENS, id="the snooze is over"
        ),
        pytest.param([*ASKED, command("11-23 10:00", "ben", "block on legal")], "", PAUSED, id="blocked"),
        pytest.param(
            [*ASKED, command("11-23 10:00", "ben", "block x"), command("11-23 11:00", "ben", "unblock")],
            "",
            BENS,
            id="no longer blocked",
        ),
        pytest.param(
            [*ASKED, command("11-23 10:00", "ben", "block x"), command("11-23 11:00", "ben", "undo")],
            "",
            BENS,
            id="the block was a mistake",
        ),
        *(
            pytest.param(
                [
                    *ASKED,
                    command("11-23 10:00", "ben", "block x"),
                    command("11-23 10:30", "ben", at_once),
                    command("11-23 11:00", "ben", "undo"),
                ],
                "",
                BENS,
                id=f"a mistake, though {at_once} came after it",
            )
            for at_once in ("help", "thanks post", "why", "recheck")
        ),
        pytest.param(
            [*ASKED, command("11-23 10:00", "ben", "block x"), command("11-23 11:00", "ana", "undo")],
            "",
            PAUSED,
            id="nobody else can take it back",
        ),
        pytest.param(
            [*ASKED, DependencyChanged(at=at("11-23 10:00"), ref="#3")], "", PAUSED, id="waits for another"
        ),
        pytest.param(
            [
                *ASKED,
                DependencyChanged(at=at("11-23 10:00"), ref="#3"),
                DependencyChanged(at=at("11-23 11:00"), ref="#3", open=False),
            ],
            "",
            BENS,
            id="which is done",
        ),
        pytest.param(ASKED, "reviews: {freeze: [{from: 2026-11-20, to: 2026-11-23}]}", PAUSED, id="frozen"),
        pytest.param(ASKED, "reviews: {freeze: [{from: 2026-11-20, to: 2026-11-22}]}", BENS, id="thawed"),
        pytest.param(
            [*ASKED, ConflictChanged(at=at("11-23 10:00"))], "", FIX, id="a conflict is the author's"
        ),
        pytest.param([*ASKED, checked("11-23 10:00", "failure")], "", FIX, id="a required check failed"),
        pytest.param([*ASKED, checked("11-23 10:00", "failure", "lint")], "", BENS, id="one not required"),
        pytest.param(
            [*ASKED, checked("11-23 10:00", "cancelled")], "", BENS, id="a cancelled check says nothing"
        ),
        pytest.param(
            [*ASKED, checked("11-23 10:00", "failure"), pushed("11-23 11:00")],
            "",
            BENS,
            id="a push starts checks anew",
        ),
        pytest.param(
            [*ASKED, checked("11-23 10:00", "failure")],
            "reviews: {ci: ignore}",
            BENS,
            id="checks are ignored",
        ),
        pytest.param(LARGE, "", FIX, id="too large"),
        pytest.param(
            [
                *LARGE,
                command("11-23 10:00", "ben", "ready"),
            ],
            "",
            UNASSIGNED,
            id="an owner wants to see it all the same",
        ),
        pytest.param(
            [
                *LARGE,
                pushed("11-23 10:00"),
                slots("11-23 10:00"),
            ],
            "",
            UNASSIGNED,
            id="made smaller",
        ),
        pytest.param(
            [opened("11-23 09:00", base="gh-pages"), slots("11-23 09:00")],
            BASES,
            FIX,
            id="onto a branch that is not reviewed",
        ),
        pytest.param(
            [
                *ASIDE,
                ChangeRetargeted(at=at("11-23 10:00"), base="release/1"),
            ],
            BASES,
            UNASSIGNED,
            id="retargeted",
        ),
        pytest.param([*ASKED, OBJECTION], "", OBJECTED, id="changes requested"),
        pytest.param(
            [*ASKED, reviewed("11-23 10:00", "zoe", "changes_requested")], "", BENS, id="by an outsider"
        ),
        pytest.param(
            [*ASKED, asked("11-23 09:30", "zoe"), reviewed("11-23 10:00", "zoe", "changes_requested")],
            "",
            BENS,
            id="by somebody asked who may not write",
        ),
        pytest.param(
            [*ASKED, asked("11-23 09:30", "wim"), reviewed("11-23 10:00", "wim", "changes_requested")],
            "",
            OBJECTED,
            id="by somebody asked who may write",
        ),
        pytest.param([*BOTH, OBJECTION], "", OBJECTED, id="binds all slots"),
        pytest.param([*BOTH, OBJECTION], OWN_SLOT, OBJECTED, id="or the own"),
        pytest.param([opened("11-23 09:00")], "", UNASSIGNED, id="owners not known yet"),
        pytest.param([opened("11-23 09:00"), slots("11-23 09:00")], "", UNASSIGNED, id="nobody asked"),
        pytest.param([*BOTH, unasked("11-23 10:00", "dot")], "", UNASSIGNED, id="one slot without anybody"),
        pytest.param(
            [*BOTH, command("11-23 10:00", "dot", "decline")], "", UNASSIGNED, id="somebody declined"
        ),
        pytest.param(BOTH, "", BOTHS, id="two slots, two people"),
        pytest.param([*ASKED, asked("11-23 09:30", "cyd")], "", CYDS_TOO, id="two people, one slot"),
        pytest.param(
            [*ASKED, commented("11-23 10:00", "bot", bot=True)], "", BENS, id="a bot answers nothing"
        ),
        pytest.param([*ASKED, commented("11-23 10:00", "ana")], "", BENS, id="nor does the author"),
        pytest.param([*ASKED, commented("11-23 10:00", "zoe")], "", BENS, id="nor a third party"),
        pytest.param(
            [*ASKED, commented("11-23 10:00", "ben", answers=False)], "", BENS, id="nor a mere command"
        ),
        pytest.param(
            [*ASKED, reviewed("11-23 10:00", "ben", "pending")], "", BENS, id="nor a review only begun"
        ),
        pytest.param([*ASKED, inline("11-23 10:00", "ben", "t1")], "", THREADS, id="an open thread"),
        pytest.param(
            [*ASKED, inline("11-23 10:00", "ben", "t1"), resolved("11-23 10:01", "t1", by="ben")],
            "",
            DECIDE,
            id="which its author resolved",
        ),
        pytest.param(
            [*BOTH, inline("11-23 10:00", "ben", "t1")], "", DOTS, id="another slot's review comes first"
        ),
        pytest.param([*ASKED, reviewed("11-23 10:00", "ben", "approved")], "", MERGE, id="approved"),
        pytest.param([*ASKED, reviewed("11-23 10:00", "cyd", "approved")], "", MERGE, id="by another owner"),
        pytest.param([*BOTH, reviewed("11-23 10:00", "ben", "approved")], "", DOTS, id="one of two slots"),
        pytest.param(
            [
                *ASKED,
                reviewed("11-23 09:30", "cyd", "changes_requested"),
                reviewed("11-23 10:00", "ben", "approved"),
            ],
            "",
            OBJECTED,
            id="an objection stands beside an approval",
        ),
        pytest.param(
            [
                *ASKED,
                reviewed("11-23 09:30", "ben", "changes_requested"),
                reviewed("11-23 10:00", "ben", "approved"),
            ],
            "",
            MERGE,
            id="the objection was taken back",
        ),
        pytest.param(
            [*ASKED, reviewed("11-23 10:00", "ben", "approved"), inline("11-23 10:01", "ben", "t1")],
            "",
            MERGE,
            id="comments beside an approval",
        ),
        pytest.param([*ASKED, commented("11-23 10:00", "ben")], "", DECIDE, id="answered, not decided"),
        pytest.param([*ASKED, closed("11-23 10:00"), reopened("11-23 11:00")], "", BENS, id="reopened"),
    ],
)
def test_whose_turn_it_is(story: list[Fact], text: str, expected: tuple[int, str, tuple[str, ...]]) -> None:
    found = state(story, "11-23 12:00", terms(text, required_checks=("CI",), writers=("wim", "ben")))
    assert (found.turn.row, found.turn.state, found.turn.parties) == expected


def test_an_objection_may_bind_its_own_slot_alone() -> None:
    story = [*BOTH, OBJECTION]
    rows = {
        each.name: each.turn.row for each in state(story, "11-23 12:00", terms(OWN_SLOT)).slots if each.turn
    }
    assert rows == {"@api": 5, "@web": 7}
    rows = {each.name: each.turn.row for each in state(story, "11-23 12:00").slots if each.turn}
    assert rows == {"@api": 5, "@web": 5}


def test_a_check_never_pauses_where_nobody_knows_which_are_required() -> None:
    story = [*ASKED, checked("11-23 10:00", "failure")]
    assert state(story, "11-23 12:00", terms(required_checks=None)).turn.state == "REVIEW"


def test_open_threads_count_on_approved_slots_only_where_the_forge_demands_it() -> None:
    story = [*ASKED, reviewed("11-23 10:00", "ben", "approved"), inline("11-23 10:01", "ben", "t1")]
    found = state(story, "11-23 12:00", terms(threads_must_resolve=True))
    assert (found.turn.row, found.turn.state) == (8, "AUTHOR")


def test_the_author_merges_where_they_may() -> None:
    story = [*ASKED, reviewed("11-23 10:00", "ben", "approved")]
    assert state(story, "11-23 12:00", terms(author_may_merge=True)).turn.parties == ("ana",)


def test_a_turn_is_somebodys_since_it_came_to_them() -> None:
    story = [*ASKED, commented("11-23 10:00", "zoe"), drafted("11-23 10:30"), readied("11-23 11:00")]
    assert state(story, "11-23 12:00").turn.since == at("11-23 11:00")
    assert state(story, "11-23 10:20").turn.since == at("11-23 09:00")


def test_the_only_owner_cannot_review_their_own_change_and_the_reason_says_so() -> None:
    story = [opened("11-23 09:00"), slots("11-23 09:00", ("@api", 1, ("Ana",)))]
    turn = state(story, "11-23 12:00").turn
    assert (turn.row, turn.reason) == (6, "its author is the only owner")


def test_a_slot_that_needs_two_is_not_satisfied_by_one() -> None:
    two = ("@api", 2, ("ben", "cyd"))
    story = [*begun("11-23 09:00", "ben", "cyd", chosen=(two,)), reviewed("11-23 10:00", "ben", "approved")]
    found = state(story, "11-23 12:00")
    assert (found.turn.state, found.turn.parties) == ("REVIEW", ("cyd",))


def test_whoever_approved_has_decided_so_that_somebody_else_is_lacking() -> None:
    two = ("@api", 2, ("ben", "cyd"))
    story = [*begun("11-23 09:00", "ben", chosen=(two,)), reviewed("11-23 10:00", "ben", "approved")]
    assert state(story, "11-23 12:00").turn.state == "UNASSIGNED"
    asked_too = [*story, asked("11-23 11:00", "cyd", usher=("@api",))]
    assert state(asked_too, "11-23 12:00").turn.parties == ("cyd",)


def test_a_slot_without_owners_is_satisfied_by_whoever_was_asked() -> None:
    story = [
        *begun("11-23 09:00", chosen=(("fallback", 1, ()),)),
        asked("11-23 09:10", "eve", usher=("fallback",)),
    ]
    assert state(story, "11-23 12:00").turn.parties == ("eve",)
    approved = [*story, reviewed("11-23 10:00", "eve", "approved")]
    assert state(approved, "11-23 12:00").turn.state == "MERGE"


def test_an_approval_that_was_dismissed_by_hand_leaves_the_decision_to_its_author() -> None:
    review = reviewed("11-23 10:00", "ben", "approved")
    found = state([*ASKED, review, dismissed("11-23 11:00", review)], "11-23 12:00")
    assert (found.turn.state, found.turn.parties) == ("DECIDE", ("ben",))


def test_the_merge_queue_is_nobodys_delay() -> None:
    story = [*ASKED, reviewed("11-23 10:00", "ben", "approved"), ChangeQueued(at=at("11-23 10:30"))]
    found = state(story, "11-23 12:00", terms("reviews: {budgets: {merge: 1bd}}"))
    (merge,) = [each for each in found.obligations if each.kind == "merge"]
    assert (merge.accrued.total_seconds(), merge.due) == (1800, None)


def test_an_area_for_which_there_is_no_room_yet_waits_and_its_time_does_not_run() -> None:
    """One person at a time is agreed: the web's time begins to run when the API's owner is done."""
    few = terms("reviewers: {max_reviewers: 1}")
    both = begun("11-23 09:00", "ben", chosen=(API, WEB))
    found = state(both, "11-23 15:00", few)
    assert (found.turn.state, found.turn.parties) == ("REVIEW", ("ben",))
    assert [slot.turn.state for slot in found.slots if slot.turn] == ["REVIEW", "QUEUED"]
    assert owed(found, "first_response", party="@web").accrued == timedelta()
    done = [*both, reviewed("11-23 15:00", "ben", "approved"), asked("11-23 15:00", "dot", usher=("@web",))]
    found = state(done, "11-23 16:00", few)
    assert (found.turn.state, found.turn.parties) == ("REVIEW", ("dot",))
    assert owed(found, "first_response", party="@web").due == at("11-24 15:00")


def test_an_area_that_nobody_can_take_is_the_leads_however_full_it_is() -> None:
    few = terms("reviewers: {max_reviewers: 1}")
    both = begun("11-23 09:00", "ben", chosen=(API, ("@own", 1, ("ana",))))
    assert state(both, "11-23 15:00", few).turn.state == "UNASSIGNED"


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ([command("11-23 10:00", "ben", "block x")], True),
        ([command("11-23 10:00", "ben", "block x"), drafted("11-23 10:30")], True),
        ([command("11-23 10:00", "ben", "block x"), command("11-23 10:30", "ben", "unblock")], False),
        ([command("11-23 10:00", "ana", "snooze +1h")], False),
        ([labelled("11-23 10:00", "blocked")], False),
    ],
    ids=["blocked", "and a draft", "no longer", "woken", "by a label"],
)
def test_what_unblock_can_end(said: list[Fact], held: bool) -> None:
    assert state([*ASKED, *said], "11-23 12:00").held is held


def test_a_page_says_that_another_approval_is_needed_where_one_was_given() -> None:
    pair = ("@pair", 2, ("ana", "ben"))
    story = [*begun("11-23 09:00", "ben", chosen=(pair,)), reviewed("11-23 10:00", "ben", "approved")]
    found = state(story, "11-23 12:00").turn
    assert (found.state, found.reason) == ("UNASSIGNED", "another approval is needed")
