"""When somebody means by `fri 15:00`, `+2bd` or a date."""

from __future__ import annotations

import pytest

from policies.calendars import Calendar
from policies.instants import parse
from tests.policies.clocks.telling import BERLIN, at, utc

WEDNESDAY = at("11-25 12:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fri 15:00", at("11-27 15:00")),
        ("Friday 15:00", at("11-27 15:00")),
        ("fri", at("11-27 17:00")),
        ("wed 15:00", at("11-25 15:00")),
        ("wed 9:00", at("12-02 09:00")),
        ("wed", at("11-25 17:00")),
        ("tue", at("12-01 17:00")),
        ("sat", at("11-29 00:00")),
        ("today", at("11-25 17:00")),
        ("tomorrow 08:30", at("11-26 08:30")),
        ("2026-12-03", at("12-03 17:00")),
        ("2026-12-03 10:15", at("12-03 10:15")),
        ("+2bd", at("11-27 12:00")),
        ("+4bh", at("11-25 16:00")),
        ("+3h", at("11-25 15:00")),
        ("+30d", at("12-25 12:00")),
    ],
)
def test_a_person_in_berlin_means(text: str, expected: object) -> None:
    assert parse(tuple(text.split()), WEDNESDAY, BERLIN) == expected


def test_everybody_means_their_own_clock() -> None:
    assert parse(("thu", "15:00"), WEDNESDAY, Calendar("Asia/Tokyo")) == utc("2026-11-26T06:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "15:00",
        "fri 25:00",
        "fri 15",
        "friendly",
        "2026-13-01",
        "2026-02-30 10:00",
        "+2",
        "+2w",
        "in 2 days",
        "9999-12-31",
        "9999-12-31 23:00",
        "0001-01-01",
        "2040-01-01",
    ],
)
def test_anything_else_is_unclear(text: str) -> None:
    assert parse(tuple(text.split()), WEDNESDAY, BERLIN) is None
