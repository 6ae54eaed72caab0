"""What a pattern covers: its segments from the root down, and how far it reaches from there.

Both dialects come down to the same form. A body is a row of segments in which `ANYWHERE` stands for any
number of directories, also none. The reach says what a place that the whole body fits then means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from policies.owners.segments import ANY, STAR, Literal, Meter, OneOf, Segment, Token, segment


class Reach(Enum):
    """What is covered where the body fits."""

    FILE = "the file of that path"
    TREE = "the file of that path, or all that is in the directory of that path"
    INSIDE = "all that is in the directory of that path"
    DIRECT = "the files that are directly in the directory of that path"


class _Anywhere(Enum):
    ANYWHERE = "**"


ANYWHERE = _Anywhere.ANYWHERE
Part = Segment | _Anywhere


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that can match. Two spellings of one meaning are equal."""

    body: tuple[Part, ...]
    reach: Reach

    def matches(self, path: str, meter: Meter) -> bool:
        """Whether this pattern alone covers `path`; linear in the path for each part of the body."""
        names = path.split("/")
        depths = self._depths(names, meter)
        match self.reach:
            case Reach.FILE:
                return len(names) in depths
            case Reach.TREE:
                return bool(depths)
            case Reach.INSIDE:
                return any(depth < len(names) for depth in depths)
            case Reach.DIRECT:
                return len(names) - 1 in depths

    def _depths(self, names: list[str], meter: Meter) -> set[int]:
        """How many leading names the whole body fits; every possibility, held side by side."""
        depths = set()
        live = self._settled({0})
        for depth in range(len(names) + 1):
            if len(self.body) in live:
                depths.add(depth)
            if depth < len(names):
                live = self._settled(self._advanced(live, names[depth], meter))
        return depths

    def _advanced(self, live: set[int], name: str, meter: Meter) -> set[int]:
        meter.spend(1 + len(live))
        following = set()
        for place in live:
            part = self.body[place] if place < len(self.body) else None
            if part is ANYWHERE:
                following.add(place)
            elif part is not None and part.fits(name, meter):
                following.add(place + 1)
        return following

    def _settled(self, live: set[int]) -> set[int]:
        """`live` with what follows each `ANYWHERE`, because that may stand for no directory at all."""
        return live | {place + 1 for place in live if place < len(self.body) and self.body[place] is ANYWHERE}


class InvalidPattern(ValueError):
    """A pattern that the forge refuses: `column` (from 0, in the pattern), why, and what to write."""

    def __init__(self, message: str, column: int = 0, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.suggestion = suggestion


_ESCAPE_OR_CLASS = re.compile(r"[\\\[\]]").search
Tokens = str | list[Token]
"""What stands between two slashes; a plain text where it has no wildcards."""
_DOUBLE_STAR: Tokens = [STAR, STAR]
_WILDCARDS: dict[str, Token] = {"*": STAR, "?": ANY}


def _plain_segments(pattern: str) -> list[Tokens]:
    """The tokens between slashes of a pattern without escapes and classes."""
    return [
        [_WILDCARDS.get(character, character) for character in part] if "*" in part or "?" in part else part
        for part in pattern.split("/")
    ]


def _with_anywhere(segments: Sequence[Tokens]) -> list[Tokens | _Anywhere]:
    """`segments` with each `**` that is a whole segment as `ANYWHERE`; several in a row are one."""
    body: list[Tokens | _Anywhere] = []
    for tokens in segments:
        if tokens != _DOUBLE_STAR:
            body.append(tokens)
        elif body[-1:] != [ANYWHERE]:
            body.append(ANYWHERE)
    return body


def _only_stars(tokens: Tokens | _Anywhere) -> bool:
    return isinstance(tokens, list) and all(token is STAR for token in tokens)


def _pattern(body: list[Tokens | _Anywhere], reach: Reach) -> Pattern:
    return Pattern(tuple(part if part is ANYWHERE else segment(part) for part in body), reach)


# --- GitHub -----------------------------------------------------------------------------------------------


def github(pattern: str) -> Pattern | None:
    """The meaning of a GitHub pattern, or None for one that is valid and matches nothing.

    InvalidPattern where GitHub reports "Invalid pattern" and skips the line. Rules: GitHub's "About code
    owners", and gitignore's where that page says nothing.
    """
    if pattern.startswith("!"):
        raise InvalidPattern("GitHub has no exclusions; a line cannot start with `!`.")
    if pattern == "/":
        raise InvalidPattern("`/` alone is not valid; `*` is every file.", suggestion="*")
    segments = _github_segments(pattern)
    if segments is None:
        return None
    inside = len(segments) > 1 and not segments[-1]
    anchored = len(segments) > (2 if inside else 1)
    if not segments[0]:
        segments = segments[1:]
    if inside:
        segments = segments[:-1]
    if not segments or not all(segments):
        return None  # an empty segment, as in `a//b`, fits no name
    if not anchored:
        segments = [_DOUBLE_STAR, *segments]
    return _reaching(_with_anywhere(segments), inside)


def _github_segments(pattern: str) -> Sequence[Tokens] | None:
    """The tokens between slashes; None where the pattern ends in the middle of an escape."""
    if not _ESCAPE_OR_CLASS(pattern):
        return _plain_segments(pattern)
    segments: list[list[Token]] = [[]]
    place = 0
    while place < len(pattern):
        character = pattern[place]
        escaped = character == "\\"
        if escaped:
            place += 1
            if place == len(pattern):
                return None
            character = pattern[place]
        if character == "/":
            segments.append([])
        elif character in "[]" and not escaped:
            message = f"GitHub has no character classes; write `\\{character}` for the character itself."
            raise InvalidPattern(message, place, _escaped(pattern))
        else:
            segments[-1].append(character if escaped else _WILDCARDS.get(character, character))
        place += 1
    return segments


def _escaped(pattern: str) -> str:
    """`pattern` with a backslash before each bare bracket."""
    written = []
    escape = False
    for character in pattern:
        if character in "[]" and not escape:
            written.append("\\")
        escape = character == "\\" and not escape
        written.append(character)
    return "".join(written)


def _reaching(body: list[Tokens | _Anywhere], inside: bool) -> Pattern:
    """The reach follows from how the body ends; a star that is a whole last segment means direct files."""
    if inside:
        ending: list[Tokens | _Anywhere] = [[STAR]] if body[-1] is ANYWHERE else []
        return _pattern(body + ending, Reach.INSIDE)
    if body[-1] is ANYWHERE:
        return _pattern(body[:-1], Reach.INSIDE)
    if _only_stars(body[-1]):
        if body[-2:-1] == [ANYWHERE]:
            return _pattern(body[:-2], Reach.INSIDE)
        return _pattern(body[:-1], Reach.DIRECT)
    return _pattern(body, Reach.TREE)


# --- GitLab -----------------------------------------------------------------------------------------------


def gitlab(pattern: str) -> Pattern | None:
    """The meaning of a GitLab pattern in its normal form, or None for one that matches nothing.

    The normal form starts with `/`; it is what GitLab hands to Ruby's `File.fnmatch?` with `FNM_PATHNAME` and
    `FNM_DOTMATCH`, whose documentation and behaviour this follows.
    """
    segments = _gitlab_segments(pattern[1:])
    if segments is None or not all(segments):
        return None  # an empty segment, as in `a//b`, fits no name
    *body, last = [*_with_anywhere(segments[:-1]), segments[-1]]
    if not _only_stars(last):
        return _pattern([*body, last], Reach.FILE)
    if body[-1:] == [ANYWHERE]:
        return _pattern(body[:-1], Reach.INSIDE)
    return _pattern(body, Reach.DIRECT)


def _gitlab_segments(pattern: str) -> Sequence[Tokens] | None:
    """The tokens between slashes; None for a class that takes nothing or is not closed.

    A backslash before a slash is dropped, and a slash within a class ends no segment.
    """
    if not _ESCAPE_OR_CLASS(pattern):
        return _plain_segments(pattern)
    segments: list[list[Token]] = [[]]
    place = 0
    while place < len(pattern):
        character = pattern[place]
        escaped = character == "\\" and place + 1 < len(pattern)
        if escaped:
            place += 1
            character = pattern[place]
        place += 1
        if character == "/":
            if escaped and segments[-1] == _DOUBLE_STAR:
                segments[-1] = [STAR]  # `**` stands for directories only right before a bare slash
            segments.append([])
        elif character == "[" and not escaped:
            taken, place = _gitlab_class(pattern, place)
            if taken is None:
                return None
            segments[-1].append(taken)
        else:
            segments[-1].append(character if escaped else _WILDCARDS.get(character, character))
    return segments


def _gitlab_class(pattern: str, place: int) -> tuple[OneOf | None, int]:
    """The class whose text starts at `place`, and where it ends; None where no character can fit it."""
    negated = pattern[place : place + 1] in ("!", "^")
    place += negated
    ranges: list[tuple[str, str]] = []
    while place < len(pattern):
        if pattern[place] == "]":
            return (OneOf(tuple(ranges), negated) if ranges or negated else None), place + 1
        low, place = _class_character(pattern, place)
        high = low
        if pattern[place : place + 1] == "-" and pattern[place + 1 : place + 2] not in ("]", ""):
            high, place = _class_character(pattern, place + 1)
        ranges.append((low, high))
    return None, place


def _class_character(pattern: str, place: int) -> tuple[str, int]:
    if pattern[place] == "\\":
        place += 1
    return pattern[place : place + 1], place + 1


def literal_path(parts: tuple[Part, ...]) -> str | None:
    """The path that these parts spell, or None where one of them is a wildcard."""
    names = []
    for part in parts:
        if not isinstance(part, Literal):
            return None
        names.append(part.text)
    return "/".join(names)
