"""Counts the time that an answer takes, in somebody's hours, with pauses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from policies import calendars
from policies.calendars import Hours, elapsed

NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in which a budget was used up: from when, from which amount on, and for how much."""

    start: datetime
    used: timedelta
    length: timedelta


@dataclass(slots=True)
class Meter:
    """Counts the time that an obligation uses, in its hours.

    `used` is what is gone of the budget; `accrued` is all the time that passed, and differs from it where
    a long pause gave some back.
    """

    hours: Hours
    budget: timedelta
    used: timedelta = NOTHING
    accrued: timedelta = NOTHING
    runs: list[Run] = field(default_factory=list)
    running: bool = False
    at: datetime | None = None
    resumes: datetime | None = None

    def run(self, start: datetime, end: datetime) -> None:
        """Time passes, and counts."""
        length = elapsed(self.hours, start, end)
        self.runs.append(Run(start, self.used, length))
        self.used += length
        self.accrued += length
        self.running, self.at, self.resumes = True, end, None

    def rest(self, end: datetime, until: datetime | None) -> None:
        """Time passes, and does not count; `until` is when it will again by itself."""
        self.running, self.at, self.resumes = False, end, until

    def give_back(self, share: float) -> None:
        """At least this share of the budget is left again, unless all of it was used before."""
        if self.used < self.budget:
            self.used = min(self.used, self.budget * (1 - share))

    @property
    def is_over(self) -> bool:
        return self.used >= self.budget

    def reaches(self, amount: timedelta) -> datetime | None:
        """When so much was used first, or will be if things stay as they are; None: not in sight."""
        for run in self.runs:
            if run.used <= amount <= run.used + run.length:
                return calendars.due(self.hours, run.start, amount - run.used)
        if self.running and self.at is not None and amount >= self.used:
            return calendars.due(self.hours, self.at, amount - self.used)
        return None
