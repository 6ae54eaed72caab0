"""A new repository is asked once whether to share it: when, what each answer means, and when nothing is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policies.facts import Issue, Person, RepositoryAsked
from policies.new_repositories import Newcomer, answer, look_again, wanted
from policies.tracking import Tracked

MADE = datetime(2026, 11, 23, 9, tzinfo=UTC)
ASKED = MADE + timedelta(days=1)
NEW = Newcomer(MADE, timedelta(days=1), in_question=True, shared=False)
USHER, DORA = Person("usher[bot]", bot=True), Person("dora")
ISSUE = Issue(1, "", "", USHER)
OPEN = Tracked(1, ISSUE, left_open=True, closed_by_us=False, since=ASKED)
CLOSED = Tracked(
    1,
    replace(ISSUE, open=False, closed_at=ASKED + timedelta(days=3)),
    left_open=False,
    closed_by_us=True,
    since=ASKED,
)


def days(number: float) -> datetime:
    return ASKED + timedelta(days=number)


def said(verb: str, day: float) -> RepositoryAsked:
    return RepositoryAsked(at=days(day), by="dora", source="issue:1:1:1.1", verb=verb)


def now_wanted(
    newcomer: Newcomer, asked: Tracked | None, reply: RepositoryAsked | None, day: float
) -> tuple[int, str, bool] | None:
    found = wanted(newcomer, asked, reply, days(day))
    return (found.nth, found.stage, found.open) if found else None


@pytest.mark.parametrize(
    ("newcomer", "day", "asks"),
    [
        (NEW, -0.1, False),
        (NEW, 0, True),
        (NEW, 13.9, True),
        (NEW, 14, False),  # it is not new any more when somebody switches the question on
        (replace(NEW, shared=True), 0, False),
        (replace(NEW, in_question=False), 0, False),
        (replace(NEW, created_at=None), 0, False),
    ],
)
def test_only_what_is_new_and_not_yet_shared_is_asked(newcomer: Newcomer, day: float, asks: bool) -> None:
    assert now_wanted(newcomer, None, None, day) == ((1, "asked", True) if asks else None)


@pytest.mark.parametrize(
    ("asked", "reply", "day", "then"),
    [
        (OPEN, None, 13.9, (1, "asked", True)),
        (OPEN, None, 14, (1, "silent", False)),
        (CLOSED, None, 20, (1, "silent", False)),
        (OPEN, said("yes", 2), 3, (1, "yes", True)),
        (OPEN, said("yes", 2), 16, (1, "yes", False)),
        (OPEN, said("no", 2), 3, (1, "no", False)),
        (CLOSED, said("no", 2), 400, (1, "no", False)),
        (OPEN, said("later", 2), 3, (1, "later", False)),
        (CLOSED, said("later", 2), 91.9, (1, "later", False)),
        (CLOSED, said("later", 2), 92, (2, "asked", True)),
        (replace(CLOSED, nth=2), said("later", 2), 92, (2, "later", False)),  # once more, and not twice
        (CLOSED, said("yes", 30), 31, (1, "yes", True)),  # a late yes is as good as an early one
    ],
)
def test_an_answer_means_what_it_says(
    asked: Tracked, reply: RepositoryAsked | None, day: float, then: tuple[int, str, bool]
) -> None:
    assert now_wanted(NEW, asked, reply, day) == then


def test_whoever_is_listed_has_answered() -> None:
    shared = replace(NEW, shared=True)
    assert now_wanted(shared, OPEN, None, 1) == (1, "shared", False)
    assert now_wanted(shared, OPEN, said("yes", 1), 2) == (1, "shared", False)
    assert now_wanted(shared, CLOSED, said("later", 2), 92) == (1, "later", False)


def test_where_the_question_is_switched_off_it_ends_as_if_nobody_had_answered() -> None:
    off = replace(NEW, in_question=False)
    assert now_wanted(off, OPEN, None, 1) == (1, "silent", False)
    assert now_wanted(off, CLOSED, said("later", 2), 92) == (1, "later", False)


def test_an_issue_that_a_person_closed_or_deleted_is_left_alone_until_they_say_more() -> None:
    theirs = replace(CLOSED, left_open=True, closed_by_us=False)
    assert now_wanted(NEW, theirs, None, 20) is None
    assert now_wanted(NEW, theirs, said("no", 2), 20) is None
    assert now_wanted(NEW, theirs, said("yes", 5), 6) == (1, "yes", True)
    assert now_wanted(NEW, replace(OPEN, issue=None), None, 20) is None


def test_the_last_answer_to_this_question_holds() -> None:
    log = [said("later", -90), said("no", 1), said("yes", 2), said("recheck", 3)]
    found = answer(log, ASKED)
    assert found is not None
    assert found.verb == "yes"
    assert answer(log[:1], ASKED) is None


def test_it_is_looked_at_again_when_something_ends() -> None:
    assert look_again(NEW, None, None) == (ASKED,)
    assert look_again(replace(NEW, in_question=False), None, None) == ()
    assert look_again(NEW, OPEN, None) == (days(14),)
    assert look_again(NEW, CLOSED, said("later", 2)) == (days(16), days(92))


def test_an_answer_that_was_taken_back_holds_no_more() -> None:
    no = replace(said("no", 1), source="issue:1:1:7.1")
    back = replace(said("undone", 1), source="issue:1:1:7.1|undone")
    assert answer([no, back], ASKED) is None
    assert answer([replace(said("yes", 0.5), source="issue:1:1:6.1"), no, back], ASKED).verb == "yes"  # type: ignore[union-attr]
