"""How long people wait, with those who still wait counted rightly: Kaplan and Meier, in exact fractions.

Leaving out whoever still waits would make slow teams look quick; counting their wait as an answer would make
them look quicker still. A wait that has not ended says that the answer took longer than this.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

HALF, P85 = Fraction(1, 2), Fraction(15, 100)


@dataclass(frozen=True, slots=True, order=True)
class Wait:
    """How long somebody waited, in any unit; `answered` False: at least so long, and no answer was seen."""

    length: float
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Point:
    """The part of all waits that is longer than `length`."""

    length: float
    still_waiting: Fraction


@dataclass(frozen=True, slots=True)
class Quantile:
    """A length of waiting. `beyond`: it is longer than this, and how long is not known yet."""

    length: float
    beyond: bool = False


def curve(waits: Iterable[Wait]) -> tuple[Point, ...]:
    """S(t) = Π(1 − dᵢ/nᵢ), one point for each length at which somebody was answered (Kaplan & Meier 1958).

    Of equal lengths the answers come first.
    """
    known = sorted(waits)
    at_risk, surviving = len(known), Fraction(1)
    points: list[Point] = []
    for length in sorted({each.length for each in known}):
        here = [each for each in known if each.length == length]
        answers = sum(each.answered for each in here)
        if answers:
            surviving *= 1 - Fraction(answers, at_risk)
            points.append(Point(length, surviving))
        at_risk -= len(here)
    return tuple(points)


def quantile(waits: Iterable[Wait], still: Fraction) -> Quantile | None:
    """min{t: S(t) ≤ `still`}; beyond the longest wait where S never falls so low; None of nothing."""
    known = tuple(waits)
    if not known:
        return None
    for point in curve(known):
        if point.still_waiting <= still:
            return Quantile(point.length)
    return Quantile(max(each.length for each in known), beyond=True)


def median(waits: Iterable[Wait]) -> Quantile | None:
    """Half of all waits are over by then."""
    return quantile(waits, HALF)


def p85(waits: Iterable[Wait]) -> Quantile | None:
    """85 of 100 waits are over by then."""
    return quantile(waits, P85)
