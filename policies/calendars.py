"""When people work: hours, holidays and time zones, and how much working time lies between two instants.

An instant is inside a calendar if the clock on the wall of its zone shows a time within one of that
date's spans. So an hour that a change of clocks skips does not exist, and one that it repeats counts twice.

All instants are aware datetimes; those that come out are in UTC.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

CLOSED_AFTER = timedelta(days=400)
"""A calendar without one open minute for so long is closed, and nothing is ever due in it."""

_DAY = timedelta(days=1)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one local date, from `start` until just before `end`, in minutes after midnight."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 24 * 60:
            raise ValueError("a span ends later on the same day than it starts; 24:00 is the next midnight")

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


def parse_span(text: str) -> Span:
    """The span that was written as `09:00-17:00`; ValueError, in words for its writer, where it is none."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no span of a day: write 09:00-17:00")
    hour, minute, *end = (int(part) for part in match.groups() if part is not None)
    return Span(hour * 60 + minute, end[0] * 60 + end[1])


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A stretch of time, from `start` until just before `end`."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


class Hours(Protocol):
    """Somebody's working time: one calendar, or several put together."""

    @property
    def day(self) -> timedelta:
        """How much working time one working day (`bd`) is."""
        ...

    @property
    def zone(self) -> str:
        """The time zone, by its IANA name, in which dates are told to these people."""
        ...

    def windows(self, start: datetime, end: datetime) -> Iterator[Window]:
        """The open stretches between two instants: in order, apart from each other, cut at both ends."""
        ...


NINE_TO_FIVE = ((Span(540, 1020),),) * 5 + ((),) * 2
ROUND_THE_CLOCK = ((Span(0, 1440),),) * 7


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working hours of one place. `dates` overrides `holidays`, and these override `week`."""

    zone: str = "UTC"
    week: tuple[tuple[Span, ...], ...] = NINE_TO_FIVE  # Monday first
    day: timedelta = timedelta(hours=8)
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    def spans(self, on: date) -> tuple[Span, ...]:
        """The open parts of one local date."""
        if on in self.dates:
            return self.dates[on]
        return () if on in self.holidays else self.week[on.weekday()]

    def windows(self, start: datetime, end: datetime) -> Iterator[Window]:
        return _joined(self._every_window(start, end))

    def _every_window(self, start: datetime, end: datetime) -> Iterator[Window]:
        for offset, piece in _pieces(self.zone, start, end):
            local_start = (piece.start + offset).date()
            for days in range(((piece.end + offset).date() - local_start).days + 1):
                on = local_start + timedelta(days=days)
                midnight = datetime.combine(on, time(), UTC) - offset
                for span in sorted(self.spans(on), key=lambda span: span.start):
                    begin = max(midnight + timedelta(minutes=span.start), piece.start)
                    until = min(midnight + timedelta(minutes=span.end), piece.end)
                    if begin < until:
                        yield Window(begin, until)


ALWAYS = Calendar(week=ROUND_THE_CLOCK, day=_DAY)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Open whenever one of these is, as a team that follows the sun. Its day and zone are the first's."""

    parts: tuple[Hours, ...]

    @property
    def day(self) -> timedelta:
        return self.parts[0].day

    @property
    def zone(self) -> str:
        return self.parts[0].zone

    def windows(self, start: datetime, end: datetime) -> Iterator[Window]:
        return _joined(_by_start([part.windows(start, end) for part in self.parts]))


@dataclass(frozen=True, slots=True)
class AllOf:
    """Open only while both are. Its day and zone are the first's."""

    first: Hours
    second: Hours

    @property
    def day(self) -> timedelta:
        return self.first.day

    @property
    def zone(self) -> str:
        return self.first.zone

    def windows(self, start: datetime, end: datetime) -> Iterator[Window]:
        for window in self.first.windows(start, end):
            yield from self.second.windows(window.start, window.end)


@dataclass(frozen=True, slots=True)
class Except:
    """These hours, less the stretches somebody is away."""

    hours: Hours
    away: tuple[Window, ...]

    @property
    def day(self) -> timedelta:
        return self.hours.day

    @property
    def zone(self) -> str:
        return self.hours.zone

    def windows(self, start: datetime, end: datetime) -> Iterator[Window]:
        gone = sorted(self.away)
        for window in self.hours.windows(start, end):
            begin = window.start
            for absence in gone:
                if absence.start < window.end and absence.end > begin:
                    if absence.start > begin:
                        yield Window(begin, absence.start)
                    begin = absence.end
            if begin < window.end:
                yield Window(begin, window.end)


@dataclass(frozen=True, slots=True)
class Replaced:
    """One set of hours until an instant, another from it on: every instant uses what was in force then."""

    before: Hours
    at: datetime
    then: Hours

    @property
    def day(self) -> timedelta:
        return self.then.day

    @property
    def zone(self) -> str:
        return self.then.zone

    def windows(self, start: datetime, end: datetime) -> Iterator[Window]:
        if start < self.at:
            yield from self.before.windows(start, min(end, self.at))
        if end > self.at:
            yield from self.then.windows(max(start, self.at), end)


def elapsed(hours: Hours, start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two instants; nothing where `end` is not after `start`."""
    if end <= start:
        return timedelta()
    return sum((window.length for window in hours.windows(start, end)), timedelta())


def due(hours: Hours, start: datetime, budget: timedelta) -> datetime | None:
    """The first instant by which so much working time has passed since `start`; None in a closed calendar.

    A budget that ends with a window is due at that window's end, not at the next one's start.
    """
    if budget <= timedelta():
        return start.astimezone(UTC)
    left, since = budget, start
    while True:
        last_open = None
        for window in hours.windows(since, since + CLOSED_AFTER):
            if window.length >= left:
                return window.start + left
            left -= window.length
            last_open = window.end
        if last_open is None:
            return None
        since = last_open


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether an instant is working time."""
    return any(True for _ in hours.windows(at, at + timedelta(seconds=1)))


def next_open(hours: Hours, at: datetime) -> datetime | None:
    """The first instant from `at` on that is working time; None in a closed calendar."""
    return next((window.start for window in hours.windows(at, at + CLOSED_AFTER)), None)


def last_moment(hours: Hours, on: date) -> datetime | None:
    """When the last window of a local date ends; None where nobody works that day."""
    zone = ZoneInfo(hours.zone)
    start = datetime.combine(on, time(), zone).astimezone(UTC)
    end = datetime.combine(on + _DAY, time(), zone).astimezone(UTC)
    return max((window.end for window in hours.windows(start, end)), default=None)


# --- Windows put together ----------------------------------------------------------------------------


def _by_start(streams: list[Iterator[Window]]) -> Iterator[Window]:
    return merge(*streams)


def _joined(windows: Iterable[Window]) -> Iterator[Window]:
    """The same time in as few windows as can be; they come ordered by their start."""
    held: Window | None = None
    for window in windows:
        if held is None:
            held = window
        elif window.start <= held.end:
            held = Window(held.start, max(held.end, window.end))
        else:
            yield held
            held = window
    if held is not None:
        yield held


# --- Changes of the clocks ---------------------------------------------------------------------------


def _pieces(zone: str, start: datetime, end: datetime) -> Iterator[tuple[timedelta, Window]]:
    """The stretch cut where the zone's offset from UTC changes, each piece with its offset."""
    begin = start.astimezone(UTC)
    final = end.astimezone(UTC)
    while begin < final:
        changes = _changes(zone, begin.year)
        upcoming = bisect_right([at for at, _ in changes], begin)
        offset = changes[upcoming - 1][1]
        next_year = datetime(begin.year + 1, 1, 1, tzinfo=UTC)
        until = min(changes[upcoming][0] if upcoming < len(changes) else next_year, final)
        yield offset, Window(begin, until)
        begin = until


@lru_cache(maxsize=1024)
def _changes(zone: str, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """Since when which offset holds in one year, by UTC; the first entry is the year's start."""
    info = ZoneInfo(zone)
    new_year = datetime(year, 1, 1, tzinfo=UTC)
    days = [new_year + n * _DAY for n in range((datetime(year + 1, 1, 1, tzinfo=UTC) - new_year).days + 1)]
    found = [(new_year, _offset(info, new_year))]
    for before, after in pairwise(days):
        if _offset(info, before) != _offset(info, after):
            found.append((_change_between(info, before, after), _offset(info, after)))
    return tuple(change for change in found if change[0].year == year)


def _change_between(info: ZoneInfo, before: datetime, after: datetime) -> datetime:
    old = _offset(info, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(info, middle) == old else (before, middle)
    return after


def _offset(info: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(info).utcoffset() or timedelta()
