"""How long `30s`, `8bh` and the like are."""

from datetime import timedelta

import pytest

from policies.durations import parse

EIGHT_HOURS = timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "length", "working"),
    [
        ("30s", timedelta(seconds=30), False),
        ("20m", timedelta(minutes=20), False),
        ("4h", timedelta(hours=4), False),
        ("3d", timedelta(days=3), False),
        ("8bh", timedelta(hours=8), True),
        ("0.75bh", timedelta(minutes=45), True),
        ("2bd", timedelta(hours=16), True),
        ("0s", timedelta(), False),
    ],
)
def test_each_unit_has_its_length(text: str, length: timedelta, working: bool) -> None:
    duration = parse(text)
    assert (duration.length(EIGHT_HOURS), duration.working, str(duration)) == (length, working, text)


def test_a_working_day_is_as_long_as_the_calendar_says() -> None:
    assert parse("2bd").length(timedelta(hours=7, minutes=42)) == timedelta(hours=15, minutes=24)


@pytest.mark.parametrize(
    "text", ["", "4", "h", "4 h", "-4h", "4H", "4w", "4h30m", "4h\n", "٤h", "1e3h", "9999999d"]
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse(text)


def test_a_slip_of_the_pen_is_refused() -> None:
    """A budget of three centuries would only make somebody wait for the answer."""
    with pytest.raises(ValueError, match="longer than 2000 days"):
        parse("99999bd")
