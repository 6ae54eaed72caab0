"""By which hours and holidays people work."""

# ruff: noqa: RUF009 -- the defaults are calls, but of frozen values that are safe to share

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated

from policies.calendars import Calendar, Span
from policies.durations import Duration
from policies.durations import parse as lasting
from policies.rules.values import days_of, is_days, is_working_day, is_zone


@dataclass(frozen=True, slots=True)
class Holidays:
    """Which public holidays apply, and which days besides (`add`) or not (`remove`)."""

    country: str | None = None
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)
    add: tuple[date, ...] = ()
    remove: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarTerms:
    """A calendar as it was agreed; `zone` None: nobody named one, and UTC stands in.

    `week` maps days (`mon`, `mon-fri`) to spans; a later line overrides an earlier one for its days. It is
    replaced as a whole, so that a week from Sunday to Thursday does not keep the default's Friday.
    """

    zone: Annotated[str, is_zone] | None = None
    week: Mapping[Annotated[str, is_days], tuple[Span, ...]] = field(
        default_factory=lambda: {"mon-fri": (Span(540, 1020),)}, metadata={"whole": True}
    )
    day: Annotated[Duration, is_working_day] = lasting("8h")
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    holidays: Holidays = Holidays()

    def check(self) -> None:
        """ValueError, in words for its writer, for a value that the file would not accept."""
        if self.zone is not None:
            is_zone(self.zone)
        for days in self.week:
            is_days(days)
        is_working_day(self.day)

    def calendar(self, holidays: frozenset[date] = frozenset()) -> Calendar:
        """The calendar, with the dates that its holidays fall on (`add` and `remove` are applied here)."""
        week: list[tuple[Span, ...]] = [()] * 7
        for days, spans in self.week.items():
            for day in days_of(days):
                week[day] = spans
        return Calendar(
            zone=self.zone or "UTC",
            week=tuple(week),
            day=self.day.length(timedelta()),
            dates=dict(self.dates),
            holidays=(holidays | set(self.holidays.add)) - set(self.holidays.remove),
        )


@dataclass(frozen=True, slots=True)
class CalendarOf:
    """Which calendar, by name, which team ("org/slug") and which person (login) works by."""

    teams: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


def standard_calendars() -> dict[str, CalendarTerms]:
    return {
        "business": CalendarTerms(),
        "always": CalendarTerms("UTC", week={"mon-sun": (Span(0, 1440),)}, day=lasting("24h")),
    }
