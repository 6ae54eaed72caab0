"""Working time between two instants, across time zones, holidays and changes of the clocks."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settling.holidays_source import holidays_of
from policies import calendars
from policies.calendars import (
    ALWAYS,
    AllOf,
    AnyOf,
    Calendar,
    Except,
    Hours,
    Replaced,
    Span,
    Window,
    due,
    elapsed,
    parse_span,
)

NINE_TO_FIVE = (parse_span("09:00-17:00"),)


def weekdays(
    zone: str, *spans: str, days: str = "01234", holidays: frozenset[date] = frozenset()
) -> Calendar:
    """A calendar with the same spans on each of `days` (0 is Monday)."""
    open_spans = tuple(parse_span(span) for span in spans) or NINE_TO_FIVE
    week = tuple(open_spans if str(day) in days else () for day in range(7))
    return Calendar(zone, week, holidays=holidays)


def round_the_clock(zone: str) -> Calendar:
    return Calendar(zone, calendars.ROUND_THE_CLOCK, timedelta(hours=24))


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def official(country: str, subdivision: str | None = None) -> frozenset[date]:
    return holidays_of(country, subdivision, ("public",), 2026)


BERLIN = weekdays("Europe/Berlin")
VIENNA = weekdays("Europe/Vienna")
LOS_ANGELES = weekdays("America/Los_Angeles")
NEW_YORK = weekdays("America/New_York")
KOLKATA = weekdays("Asia/Kolkata")


@pytest.mark.parametrize(
    ("hours", "start", "budget", "expected"),
    [
        pytest.param(BERLIN, "2026-11-20 16:30", 8, "2026-11-23T15:30", id="1 over a weekend"),
        pytest.param(BERLIN, "2026-11-21 11:00", 8, "2026-11-23T16:00", id="2 begun on a Saturday"),
        pytest.param(
            weekdays("Europe/Berlin", holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)})),
            "2026-12-24 15:00", 8, "2026-12-29T14:00", id="3 over two holidays",
        ),
        pytest.param(BERLIN, "2026-03-27 16:00", 8, "2026-03-30T14:00", id="4 into summer time"),
        pytest.param(BERLIN, "2026-11-23 09:00", 8, "2026-11-23T16:00", id="6 a full day ends with its window"),
        pytest.param(VIENNA, "2026-11-23 09:00", 16, "2026-11-24T16:00", id="7 two full days"),
        pytest.param(AnyOf((VIENNA, LOS_ANGELES)), "2026-11-23 09:00", 16, "2026-11-24T01:00",
                     id="8 following the sun over two places"),
        pytest.param(AnyOf((VIENNA, LOS_ANGELES, KOLKATA)), "2026-11-23 09:00", 16, "2026-11-24T01:00",
                     id="9 over three"),
        pytest.param(round_the_clock("America/New_York"), "2026-10-31 12:00", 25, "2026-11-01T17:00",
                     id="10 a day of 25 hours"),
        pytest.param(BERLIN, "2026-10-23 16:00", 8, "2026-10-26T15:00", id="12 out of summer time"),
        pytest.param(weekdays("Europe/Madrid", "09:00-14:00", "15:00-18:00"), "2026-11-20 13:30", 2,
                     "2026-11-20T15:30", id="13 over a midday break"),
        pytest.param(weekdays("Asia/Riyadh", days="01236"), "2026-11-26 16:00", 8, "2026-11-29T13:00",
                     id="14 a week from Sunday to Thursday"),
        pytest.param(weekdays("America/New_York", holidays=official("US")), "2026-11-25 16:00", 8,
                     "2026-11-27T21:00", id="15 over Thanksgiving"),
        pytest.param(weekdays("Europe/London", holidays=official("GB", "ENG")), "2026-12-24 15:00", 8,
                     "2026-12-29T15:00", id="16 over Boxing Day, observed on the Monday"),
        pytest.param(weekdays("Europe/Berlin", holidays=official("DE", "BE")), "2026-12-31 12:00", 16,
                     "2027-01-05T11:00", id="17 into the next year"),
        pytest.param(round_the_clock("Africa/Cairo"), "2026-04-23 22:00", 4, "2026-04-24T00:00",
                     id="18 a midnight that is skipped"),
        pytest.param(round_the_clock("America/Havana"), "2026-10-31 22:00", 4, "2026-11-01T06:00",
                     id="19 a midnight that comes twice"),
        pytest.param(weekdays("Europe/Berlin", "02:00-02:30", days="6"), "2026-10-24 12:00", 0.75,
                     "2026-10-25T01:15", id="20 a span that is repeated"),
        pytest.param(weekdays("Europe/Berlin", "02:30-05:00", days="6"), "2026-03-28 12:00", 1.5,
                     "2026-03-29T02:30", id="21 a span whose start is skipped"),
        pytest.param(Replaced(BERLIN, utc("2026-11-24 10:00"), NEW_YORK), "2026-11-24 09:00", 8,
                     "2026-11-24T20:00", id="23 moved to New York at 11:00"),
        pytest.param(NEW_YORK, "2026-11-23 09:00", 8, "2026-11-23T22:00", id="24 somebody in New York"),
    ],
)  # fmt: skip
def test_a_budget_ends_when_the_table_says(hours: Hours, start: str, budget: float, expected: str) -> None:
    begun = local(hours.zone if not isinstance(hours, Replaced) else "Europe/Berlin", start)
    length = timedelta(hours=budget)
    deadline = due(hours, begun, length)
    assert deadline == utc(expected)
    assert elapsed(hours, begun, deadline) == length


def test_a_calendar_that_never_opens_has_no_deadline() -> None:
    assert due(weekdays("Europe/Berlin", days=""), utc("2026-11-20 09:00"), timedelta(hours=1)) is None


def test_a_closed_year_inside_an_open_calendar_is_closed() -> None:
    """Four hundred days without an open minute have no deadline, whatever comes after them."""
    shut = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(500))
    assert due(weekdays("UTC", holidays=shut), utc("2026-01-02 00:00"), timedelta(hours=1)) is None


def test_a_date_overrides_a_holiday_which_overrides_the_week() -> None:
    christmas = date(2026, 12, 25)
    calendar = Calendar(
        "UTC", calendars.NINE_TO_FIVE, dates={christmas: (Span(600, 660),)}, holidays=frozenset({christmas})
    )
    start, end = utc("2026-12-25 00:00"), utc("2026-12-26 00:00")
    assert list(calendar.windows(start, end)) == [Window(utc("2026-12-25 10:00"), utc("2026-12-25 11:00"))]


def test_a_span_to_midnight_continues_into_the_next_day() -> None:
    """Round the clock is one window, not one a day."""
    start, end = utc("2026-03-01 05:00"), utc("2026-03-20 07:00")
    assert list(round_the_clock("Europe/Berlin").windows(start, end)) == [Window(start, end)]


@pytest.mark.parametrize(
    "text", ["9-17", "17:00-09:00", "09:00-09:00", "09:00-24:30", "25:00-26:00", "09:00"]
)
def test_a_span_that_wraps_or_is_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="span"):
        parse_span(text)


def test_an_absence_is_taken_out_of_the_hours() -> None:
    gone = Except(
        BERLIN,
        (
            Window(utc("2026-11-23 11:00"), utc("2026-11-23 13:00")),
            Window(utc("2026-11-23 10:00"), utc("2026-11-23 11:30")),
        ),
    )
    windows = list(gone.windows(utc("2026-11-23 00:00"), utc("2026-11-24 00:00")))
    assert windows == [
        Window(utc("2026-11-23 08:00"), utc("2026-11-23 10:00")),
        Window(utc("2026-11-23 13:00"), utc("2026-11-23 16:00")),
    ]


def test_the_last_moment_of_a_date_is_the_end_of_its_last_window() -> None:
    assert calendars.last_moment(BERLIN, date(2026, 11, 27)) == utc("2026-11-27 16:00")
    assert calendars.last_moment(BERLIN, date(2026, 11, 28)) is None


# --- Properties --------------------------------------------------------------------------------------

ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Cairo", "America/Havana",
    "Australia/Lord_Howe", "Asia/Riyadh", "America/St_Johns", "Pacific/Apia",
]  # fmt: skip
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


some_spans = st.sets(st.integers(0, 96).map(lambda n: n * 15), max_size=4).map(
    lambda edges: tuple(Span(a, b) for a, b in zip(*[iter(sorted(edges))] * 2, strict=False))
)
some_dates = st.integers(0, 800).map(lambda n: FIRST.date() + timedelta(n))
some_weeks = st.tuples(some_spans, some_spans, st.lists(st.integers(0, 2), min_size=7, max_size=7)).map(
    lambda drawn: tuple((drawn[0], drawn[1], ())[choice] for choice in drawn[2])
)
some_calendar = st.builds(
    Calendar,
    st.sampled_from(ZONES),
    some_weeks,
    dates=st.dictionaries(some_dates, some_spans, max_size=2),
    holidays=st.frozensets(some_dates, max_size=4),
)
some_hours = st.recursive(
    some_calendar,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        st.builds(AllOf, inner, inner),
        st.builds(Replaced, inner, st.integers(0, 800).map(lambda n: FIRST + timedelta(days=n)), inner),
    ),
    max_leaves=3,
)
instants = st.integers(0, 800 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))
# Near the nights in which clocks change, where mistakes live.
clock_changes = st.tuples(
    st.sampled_from([date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 4, 24),
                     date(2026, 10, 4), date(2026, 10, 25), date(2026, 10, 30), date(2026, 11, 1)]),
    st.integers(-1440, 1440),
).map(lambda pair: datetime.combine(pair[0], time(), UTC) + timedelta(minutes=pair[1]))  # fmt: skip
starts = st.one_of(instants, clock_changes)


@given(some_hours, starts, st.integers(60, 40 * 3600))
@settings(max_examples=200, deadline=None)
def test_the_deadline_is_the_first_instant_by_which_the_budget_has_passed(
    hours: Hours, start: datetime, seconds: int
) -> None:
    budget = timedelta(seconds=seconds)
    deadline = due(hours, start, budget)
    if deadline is None:
        assert elapsed(hours, start, start + calendars.CLOSED_AFTER) < budget
    else:
        assert elapsed(hours, start, deadline) == budget
        assert elapsed(hours, start, deadline - timedelta(seconds=1)) < budget


@given(some_hours, starts, st.integers(0, 20_000), st.integers(0, 20_000))
@settings(max_examples=200, deadline=None)
def test_intervals_add_up_and_are_never_longer_than_the_wall_clock(
    hours: Hours, start: datetime, first: int, second: int
) -> None:
    middle = start + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)
    whole = elapsed(hours, start, end)
    assert whole == elapsed(hours, start, middle) + elapsed(hours, middle, end)
    assert timedelta() <= whole <= end - start


@given(some_calendar, starts, st.integers(0, 3 * 24 * 60))
@settings(max_examples=200, deadline=None)
def test_working_time_equals_counting_the_minutes_on_the_wall(
    calendar: Calendar, start: datetime, minutes: int
) -> None:
    zone = ZoneInfo(calendar.zone)

    def is_inside(at: datetime) -> bool:
        wall = at.astimezone(zone)
        clock = wall.hour * 60 + wall.minute
        return any(span.start <= clock < span.end for span in calendar.spans(wall.date()))

    counted = sum(is_inside(start + timedelta(minutes=n)) for n in range(minutes))
    assert elapsed(calendar, start, start + timedelta(minutes=minutes)) == timedelta(minutes=counted)


@given(some_hours, starts, st.integers(1, 30_000))
@settings(max_examples=200, deadline=None)
def test_windows_come_in_order_apart_and_cut(hours: Hours, start: datetime, minutes: int) -> None:
    end = start + timedelta(minutes=minutes)
    windows = list(hours.windows(start, end))
    assert all(start <= window.start < window.end <= end for window in windows)
    assert all(a.end <= b.start for a, b in itertools.pairwise(windows))


def test_always_is_always_open() -> None:
    start = utc("2026-02-28 23:59")
    assert due(ALWAYS, start, timedelta(hours=48)) == start + timedelta(hours=48)
