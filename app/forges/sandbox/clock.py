"""The forge's two clocks: the one that people live by, and the one that tokens expire by."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(length: str | timedelta) -> timedelta:
    """The length of "90s", "20m", "4h", "2d" or "1w"; ValueError for anything else."""
    if isinstance(length, timedelta):
        return length
    found = re.fullmatch(r"(\d+)([smhdw])", length)
    if not found:
        raise ValueError(f"not a length of time: {length!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


@dataclass(slots=True)
class StoryClock:
    """Stands still until a story moves it. Times of changes, reviews and comments come from it.

    Whole seconds, as forges tell time.
    """

    instant: datetime = START

    def __post_init__(self) -> None:
        if self.instant.tzinfo is None:
            raise ValueError("the forge's clock needs a time zone")
        self.instant = self.instant.astimezone(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.instant

    def later(self, length: str | timedelta) -> datetime:
        """Move on, never back; returns the new instant."""
        step = span(length)
        if step < timedelta(0):
            raise ValueError("time does not run backwards")
        self.instant += step
        return self.instant


@dataclass(slots=True)
class WallClock:
    """Real time, shifted where a test wants a token to expire or the forge's `Date` to be wrong."""

    shift: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def later(self, length: str | timedelta) -> None:
        self.shift += span(length)
