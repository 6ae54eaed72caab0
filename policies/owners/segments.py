"""Whether a name fits one segment of a pattern, found left to right and never tried again.

A segment is what stands between two slashes. Split at its stars it is a row of pieces: the first sits at
the start of the name, the last at its end, and each one between is found at the leftmost place after the
piece before. Leftmost is always good enough, because what a piece leaves over can only help those after
it; so nothing is ever tried twice, and hostile patterns cost no more than their length times the name's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class TooCostly(Exception):
    """The step budget of one call is spent; the answer would not be worth its price."""


class Meter:
    """Counts the work of one call in steps, a step being about one comparison of a name with a pattern."""

    __slots__ = ("left",)

    def __init__(self, limit: int) -> None:
        self.left = limit

    def spend(self, steps: int) -> None:
        """Count `steps`; TooCostly when more were spent than the call may."""
        self.left -= steps
        if self.left < 0:
            raise TooCostly


class Segment(Protocol):
    """One segment of a pattern."""

    @property
    def needle(self) -> str:
        """Text that each name that fits has somewhere in it: the quickest way to see that one does not."""
        ...

    def fits(self, name: str, meter: Meter) -> bool:
        """Whether the whole of `name` fits. The caller counts one step; what costs more is spent here."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A segment without wildcards."""

    text: str

    @property
    def needle(self) -> str:
        return self.text

    def fits(self, name: str, meter: Meter) -> bool:
        return name == self.text


@dataclass(frozen=True, slots=True)
class Affixes:
    """A segment with one star: `head*tail`."""

    head: str
    tail: str

    @property
    def needle(self) -> str:
        return max(self.head, self.tail, key=len)

    def fits(self, name: str, meter: Meter) -> bool:
        return name.startswith(self.head) and name.endswith(self.tail, len(self.head))


@dataclass(frozen=True, slots=True)
class Pieces:
    """A segment with several stars and no other wildcard: `head*piece*…*tail`."""

    head: str
    between: tuple[str, ...]
    tail: str
    needle: str

    def fits(self, name: str, meter: Meter) -> bool:
        meter.spend(len(name) * len(self.needle) >> 6)
        if not name.startswith(self.head):
            return False
        place = len(self.head)
        for piece in self.between:
            place = name.find(piece, place)
            if place < 0:
                return False
            place += len(piece)
        return name.endswith(self.tail, place)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A class such as `[a-c_]`: one character within (or, negated, outside) its ranges."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def takes(self, character: str) -> bool:
        inside = any(
            low <= character <= high or character in (low, high)  # a backward range still has its two ends
            for low, high in self.ranges
        )
        return inside is not self.negated


@dataclass(frozen=True, slots=True)
class _Star:
    """Any run of characters, also none."""


STAR = _Star()
ANY = OneOf((), negated=True)  # `?`
Token = str | OneOf | _Star
"""A single character, a class, or `STAR`."""


@dataclass(frozen=True, slots=True)
class Wild:
    """A segment with `?` or classes, read one character at a time."""

    tokens: tuple[Token, ...]
    widest: int  # ranges in the longest class, at least 1

    @property
    def needle(self) -> str:
        return ""

    def fits(self, name: str, meter: Meter) -> bool:
        tokens, count, end = self.tokens, len(self.tokens), len(name)
        at = place = 0
        piece = start = -1  # after the latest star: its piece, and where in the name that is being tried
        meter.spend(min(count, end) * self.widest >> 1)
        while place < end or at < count:
            token = tokens[at] if at < count else None
            if isinstance(token, _Star):
                at, piece, start = at + 1, at + 1, place
                if at == count:
                    return True
            elif place < end and token is not None and _takes(token, name[place]):
                at, place = at + 1, place + 1
            elif piece >= 0 and place < end:
                meter.spend(2 * (1 + place - start) * self.widest)
                start += 1
                at, place = piece, start
            else:
                return False
        return True


def _takes(token: Token, character: str) -> bool:
    return (
        token == character if isinstance(token, str) else isinstance(token, OneOf) and token.takes(character)
    )


def segment(tokens: list[Token]) -> Segment:
    """The segment that these tokens spell, at least one of which is a wildcard."""
    classes = [token for token in tokens if isinstance(token, OneOf)]
    if classes:
        return Wild(tuple(tokens), max(1, max(len(each.ranges) for each in classes)))
    head, *between, tail = _split_at_stars(tokens)
    if not any(between):
        return Affixes(head, tail)
    longest = max(head, *between, tail, key=len)
    return Pieces(head, tuple(piece for piece in between if piece), tail, longest)


def _split_at_stars(tokens: list[Token]) -> list[str]:
    pieces: list[list[str]] = [[]]
    for token in tokens:
        if isinstance(token, str):
            pieces[-1].append(token)
        else:
            pieces.append([])
    return ["".join(piece) for piece in pieces]
