"""When the month's wins are told: on the first business day of the next month, at nine or when work begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies.calendars import Hours, next_open

NINE = time(9)

NEWS_FOR = timedelta(days=7)
"""A month that could not be told for so long is not told any more: the page of wins has it."""


@dataclass(frozen=True, slots=True)
class Telling:
    """The wins of this month are told then, or as soon as may be after."""

    year: int
    month: int
    at: datetime

    @property
    def nth(self) -> int:
        """The month as one number that grows, 202611."""
        return self.year * 100 + self.month

    def is_due(self, now: datetime) -> bool:
        """Whether it is time, and not too late."""
        return self.at <= now < self.at + NEWS_FOR


def telling(now: datetime, hours: Hours) -> Telling | None:
    """What is told in the month that is now where people work these hours; None where nobody ever works."""
    today = now.astimezone(ZoneInfo(hours.zone))
    first = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    opens = next_open(hours, first)
    if opens is None:
        return None
    nine = datetime.combine(opens.astimezone(first.tzinfo).date(), NINE, first.tzinfo)
    before = first - timedelta(days=1)
    return Telling(before.year, before.month, max(opens, nine.astimezone(opens.tzinfo)))
