"""How alive a repository is, how ready for contributions, and in which order the catalogue lists them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

DAY = 86_400.0
WEEKS = 13
"""The last quarter's commits are what counts of `participation`."""

CAP = 3000.0


@dataclass(frozen=True, slots=True)
class Liveliness:
    """What the activity score is made of.

    `text_units`: the longer of description and motivation in UTF-16 code units, as JavaScript counts.
    `participation`: commits of each week, oldest first; None: not known.
    """

    forks: int
    subscribers: int
    stars: int
    open_issues: int
    updated_at: datetime
    created_at: datetime
    participation: Sequence[int] | None
    text_units: int
    own_guide: bool


def utf16_units(text: str) -> int:
    """The length of a text as JavaScript counts it: two for what lies beyond the basic plane."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def activity(of: Liveliness, now: datetime) -> int:
    """The Repository Activity Score (InnerSource Patterns), in the order of its own definition.

    Days are fractional and never negative. Halves round up, as JavaScript's Math.round does and Python's
    `round` does not. The jump at 3000 is the pattern's own.
    """
    return math.floor(raw_activity(of, now) - 50 + 0.5)


def raw_activity(of: Liveliness, now: datetime) -> float:
    """The score before the fifty that every repository begins with are taken off, and before it is rounded."""
    updated, created = _days(of.updated_at, now), _days(of.created_at, now)
    score = 50.0 + 5 * of.forks + of.subscribers + of.stars / 3 + of.open_issues / 5
    score *= 1 + (100 - min(updated, 100)) / 100
    if of.participation is not None:
        weekly = sum(of.participation[-WEEKS:]) / WEEKS
        score *= 1 + min(max(weekly - 3, 0), 7) / 7
    score += (1000 - min(updated, 365) * 2.74) * (365 - min(created, 365)) / 365
    if of.text_units > 30:
        score += 50
    if of.own_guide:
        score += 100
    if score > CAP:
        score = CAP + 100 * math.log(score)
    return score


def _days(since: datetime, now: datetime) -> float:
    return max((now - since).total_seconds() / DAY, 0.0)


@dataclass(frozen=True, slots=True)
class Readiness:
    """How ready a repository is for strangers, 0 to 100, and why; every part is shown.

    `guidelines` (Q): mean over the required sections, 0 to 1; None: not looked at yet. `shared` (H): the part
    of owned files that have two or more active owners.
    """

    guidelines: float | None = None
    shared: float | None = None
    channel: bool = False
    readme: bool = False
    licence: bool = False

    @property
    def parts(self) -> tuple[tuple[str, float, int], ...]:
        """(what, points it has, points it could have)."""
        return (
            ("contribution guidelines", 50 * (self.guidelines or 0.0), 50),
            ("files with two or more active owners", 20 * (self.shared or 0.0), 20),
            ("a channel to ask in", 10.0 * self.channel, 10),
            ("a README of 300 characters or more", 10.0 * self.readme, 10),
            ("a licence", 10.0 * self.licence, 10),
        )

    @property
    def points(self) -> float:
        return sum(points for _, points, _ in self.parts)


def standing(readiness: float, pushed_at: datetime | None, attainment: float | None, now: datetime) -> float:
    """By which the catalogue is ordered where nobody searches: R/100 + e^(−days since push/90) + attainment.

    An attainment that is not known counts as one half.
    """
    fresh = 0.0 if pushed_at is None else math.exp(-_days(pushed_at, now) / 90)
    return readiness / 100 + fresh + (0.5 if attainment is None else attainment)
