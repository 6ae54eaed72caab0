"""How long: `30s`, `20m`, `4h` and `3d` on the wall, `8bh` and `2bd` of somebody's working time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Literal

Unit = Literal["s", "m", "h", "d", "bh", "bd"]

LONGEST = timedelta(days=2_000)
"""Nothing that is agreed lasts longer; a longer one is a slip of the pen."""

_TEXT = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(s|m|h|d|bh|bd)", re.ASCII)
_SECONDS: dict[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86400, "bh": 3600}


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of time in the unit it was written in.

    Wall time passes always; working time passes only inside the calendar that applies.
    """

    amount: Fraction
    unit: Unit

    @property
    def working(self) -> bool:
        """Whether it is counted inside a calendar."""
        return self.unit in ("bh", "bd")

    def length(self, day: timedelta) -> timedelta:
        """Its length, to the second; `day` is the working day of the calendar, which only `bd` needs."""
        second = day.total_seconds() if self.unit == "bd" else _SECONDS[self.unit]
        return timedelta(seconds=round(self.amount * Fraction(second)))

    def __str__(self) -> str:
        amount = float(self.amount)
        return f"{amount:g}{self.unit}"


def parse(text: str) -> Duration:
    """The duration that somebody wrote; ValueError, in words for that person, where it is none."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration: write 30s, 20m, 4h or 3d, or 8bh or 2bd for working time")
    duration = Duration(Fraction(match[1]), match[2])  # type: ignore[arg-type]
    if duration.length(timedelta(days=1)) > LONGEST:
        raise ValueError(f"{text!r} is longer than {LONGEST.days} days")
    return duration
