"""When somebody means: `fri 15:00`, `2026-11-27`, `tomorrow` or `+2bd`, in their own time zone and hours."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies import calendars, durations
from policies.calendars import ALWAYS, Hours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def parse(words: tuple[str, ...], now: datetime, hours: Hours) -> datetime | None:
    """The instant that somebody who works these hours means at `now`, in UTC; None where it is unclear.

    A day without a time is the end of that day's work. A weekday is the next one whose instant lies ahead.
    A date further away than anything that is agreed (`durations.LONGEST`) is a slip of the pen.
    """
    match [word.casefold() for word in words]:
        case [text] if text.startswith("+"):
            return _later(text[1:], now, hours)
        case [day]:
            return _on_day(day, None, now, hours)
        case [day, clock] if match := _TIME.fullmatch(clock):
            return _on_day(day, time(int(match[1]), int(match[2])), now, hours)
    return None


def span(words: tuple[str, ...], now: datetime, hours: Hours) -> tuple[datetime, datetime] | None:
    """From when to when: two days, both of them whole, or two days each with a time; None where it is unclear.

    `mon fri`, `2026-12-24 2027-01-01`, `today 14:00 tomorrow 12:00`. The second is sought after the first.
    """
    match words:
        case [first, last]:
            start, last_day = _midnight(first, now, hours), _midnight(last, now, hours)
            if start is not None and last_day is not None and last_day < start:
                last_day = _midnight(last, start, hours)
            zone = ZoneInfo(hours.zone)
            end = last_day and (last_day.astimezone(zone) + timedelta(days=1)).astimezone(UTC)
        case [first, clock, last, other] if _TIME.fullmatch(clock) and _TIME.fullmatch(other):
            start = parse((first, clock), now, hours)
            end = start and parse((last, other), start, hours)
        case _:
            return None
    return (start, end) if start is not None and end is not None and start < end else None


def _midnight(day: str, now: datetime, hours: Hours) -> datetime | None:
    """When a day begins; a weekday is the next one, or today."""
    zone = ZoneInfo(hours.zone)
    today = datetime.combine(now.astimezone(zone).date(), time(), zone)
    just_before = today.astimezone(UTC) - timedelta(seconds=1)
    if day.startswith("+"):
        instant = parse((day,), now, hours)
        return instant and datetime.combine(instant.astimezone(zone).date(), time(), zone).astimezone(UTC)
    if day.casefold() in ("today", "tomorrow"):
        return (today + timedelta(days=day.casefold() == "tomorrow")).astimezone(UTC)
    return parse((day, "00:00"), just_before, hours)


def _later(text: str, now: datetime, hours: Hours) -> datetime | None:
    try:
        duration = durations.parse(text)
    except ValueError:
        return None
    return calendars.due(hours if duration.working else ALWAYS, now, duration.length(hours.day))


def _on_day(day: str, clock: time | None, now: datetime, hours: Hours) -> datetime | None:
    today = now.astimezone(ZoneInfo(hours.zone)).date()
    if _DATE.fullmatch(day):
        try:
            on = date.fromisoformat(day)
        except ValueError:
            return None
        return _at(on, clock, hours) if abs(on - today) <= durations.LONGEST else None
    if day in ("today", "tomorrow"):
        return _at(today + timedelta(days=day == "tomorrow"), clock, hours)
    if day[:3] not in _DAYS or not _is_name(day):
        return None
    ahead = (_DAYS.index(day[:3]) - today.weekday()) % 7
    instant = _at(today + timedelta(days=ahead), clock, hours)
    return instant if instant > now else _at(today + timedelta(days=ahead + 7), clock, hours)


def _is_name(day: str) -> bool:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return day in _DAYS or day in full


def _at(on: date, clock: time | None, hours: Hours) -> datetime:
    zone = ZoneInfo(hours.zone)
    if clock is not None:
        return datetime.combine(on, clock, zone).astimezone(UTC)
    midnight = datetime.combine(on + timedelta(days=1), time(), zone).astimezone(UTC)
    return calendars.last_moment(hours, on) or midnight
