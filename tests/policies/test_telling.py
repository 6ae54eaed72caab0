"""One act is one line of a change's history."""

from __future__ import annotations

from datetime import UTC, datetime

from policies.facts import CommandGiven, CommandRefused, CommandTyped, RemarkMade
from policies.telling import worth_telling

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def remark(number: int, *, answers: bool) -> RemarkMade:
    return RemarkMade(at=AT, by="ben", remark_id=number, answers=answers)


def typed(number: int, line: int = 1) -> CommandTyped:
    return CommandTyped(at=AT, by="ben", remark_id=number, line=line, text="/usher decline")


def given(number: int, line: int = 1) -> CommandGiven:
    return CommandGiven(at=AT, by="ben", remark_id=number, line=line, verb="decline")


def test_a_comment_that_is_a_command_is_told_by_the_command_alone() -> None:
    assert worth_telling([remark(1, answers=False), typed(1), given(1)]) == [given(1)]
    refused = CommandRefused(at=AT, by="ben", remark_id=1, line=1, problem="no such command")
    assert worth_telling([remark(1, answers=False), typed(1), refused]) == [refused]


def test_a_comment_that_says_more_than_its_command_is_told_too() -> None:
    assert worth_telling([remark(1, answers=True), typed(1), given(1)]) == [remark(1, answers=True), given(1)]


def test_a_command_that_nobody_has_read_yet_is_told_as_typed() -> None:
    told = [remark(1, answers=False), typed(1, line=2)]
    assert worth_telling([*told, remark(2, answers=False), given(2)]) == [*told, given(2)]


def test_other_comments_stay() -> None:
    """A comment of an emoji answers nobody, and is told all the same."""
    assert worth_telling([remark(1, answers=False), remark(2, answers=True)]) == [
        remark(1, answers=False),
        remark(2, answers=True),
    ]
