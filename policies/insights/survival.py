"""How long people wait, with those who still wait counted rightly: Kaplan and Meier, in exact numbers.

Leaving out whoever still waits would make slow teams look quick; counting their wait as an answer would make
them look quicker still. A wait that has not ended says that the answer took longer than this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

HALF, P85 = Fraction(1, 2), Fraction(15, 100)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long somebody waited, in any unit. `unanswered`: at least so long, and no answer was seen."""

    answered: tuple[float, ...] = ()
    unanswered: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.answered) + len(self.unanswered)

    @property
    def longest(self) -> float:
        return max((*self.answered, *self.unanswered), default=0.0)


def together(waits: Iterable[Waits]) -> Waits:
    """All of them as one."""
    known = tuple(waits)
    return Waits(
        tuple(length for each in known for length in each.answered),
        tuple(length for each in known for length in each.unanswered),
    )


@dataclass(frozen=True, slots=True)
class Point:
    """The part of all waits that is longer than `length`."""

    length: float
    still_waiting: float


@dataclass(frozen=True, slots=True)
class Quantile:
    """A length of waiting. `beyond`: it is longer than this, and how long is not known yet."""

    length: float
    beyond: bool = False


def curve(waits: Waits) -> tuple[Point, ...]:
    """S(t) as it is drawn, one point for each length at which somebody was answered."""
    return tuple(Point(length, top / bottom) for length, top, bottom in _steps(waits))


def quantile(waits: Waits, still: Fraction) -> Quantile | None:
    """min{t: S(t) ≤ `still`}; beyond the longest wait where S never falls so low; None of nothing."""
    if not len(waits):
        return None
    for length, top, bottom in _steps(waits):
        if top * still.denominator <= still.numerator * bottom:
            return Quantile(length)
    return Quantile(waits.longest, beyond=True)


def _steps(waits: Waits) -> Iterator[tuple[float, int, int]]:
    """(t, numerator, denominator) of S(t) = Π(1 − dᵢ/nᵢ) at each t with an answer (Kaplan & Meier 1958).

    Of equal lengths the answers come first. While nobody leaves unanswered the product is what is left over
    what there was, so only those who leave add a factor: exact, and quick for ten thousands.
    """
    answers, leaving = Counter(waits.answered), Counter(waits.unanswered)
    top, bottom = 1, 1
    began = left = len(waits)
    for length in sorted(answers.keys() | leaving.keys()):
        if length in answers:
            left -= answers[length]
            yield length, top * left, bottom * began
        if length in leaving:
            if left != began:
                top, bottom = top * left, bottom * began
            began = left = left - leaving[length]


def median(waits: Waits) -> Quantile | None:
    """Half of all waits are over by then."""
    return quantile(waits, HALF)


def p85(waits: Waits) -> Quantile | None:
    """85 of 100 waits are over by then."""
    return quantile(waits, P85)
