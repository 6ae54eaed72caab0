"""An issue speaks seldom: only of what is new and grave, later each time, and then no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policies import tracking
from policies.findings import Finding
from policies.tracking import Spoken

OPENED = datetime(2026, 11, 2, 9, tzinfo=UTC)
BACKOFF = [timedelta(days=days) for days in (7, 14, 28)]


def day(number: int) -> datetime:
    return OPENED + timedelta(days=number)


@pytest.mark.parametrize(
    ("since", "comments", "next_at"),
    [
        (0, (), 7),
        (0, (8,), 22),
        (0, (8, 23), 51),
        (0, (8, 23, 52), None),
        (60, (8, 23, 52), 67),  # somebody asked to look again
        (60, (8, 23, 52, 70), 84),
    ],
)
def test_when_the_next_comment_may_come(since: int, comments: tuple[int, ...], next_at: int | None) -> None:
    spoken = Spoken(day(since), tuple(map(day, comments)))
    assert tracking.may_speak_at(spoken, BACKOFF) == (None if next_at is None else day(next_at))


def test_only_what_is_grave_and_newer_than_the_last_word_is_told() -> None:
    old, new = (Finding("owner_left", "high", "CODEOWNERS", who, 1, 1, "", "") for who in ("@old", "@new"))
    small = Finding("marker", "medium", "CONTRIBUTING.md", "TODO", 1, 1, "", "")
    known = {old.fingerprint: day(3), new.fingerprint: day(9), small.fingerprint: day(9)}
    assert tracking.unsaid([old, new, small], known, Spoken(OPENED, (day(8),))) == (new,)
