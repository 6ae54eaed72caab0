"""What a pattern covers: its segments from the root down, and how far it reaches from there.

Both dialects come down to the same form. A body is a row of segments in which `ANYWHERE` stands for any
number of directories, also none. The reach says what a place that the whole body fits then means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

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


class Glob(NamedTuple):
    """A segment with wildcards, as written; `classes` says whether it has a class in brackets."""

    text: str
    classes: bool

    @property
    def only_stars(self) -> bool:
        return not self.text.strip("*")


Part = str | Glob | _Anywhere
"""A name, a glob for one name, or any number of names."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that can match."""

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
            if not live:
                break
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
            elif part == name or (isinstance(part, Glob) and compiled(part).fits(name, meter)):
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


def literal_path(parts: tuple[Part, ...]) -> str | None:
    """The path that these parts spell, or None where one of them is no plain name."""
    names = []
    for part in parts:
        if not isinstance(part, str):
            return None
        names.append(part)
    return "/".join(names)


# --- Segments ---------------------------------------------------------------------------------------------

_WILDCARDS: dict[str, Token] = {"*": STAR, "?": ANY}


def compiled(part: str | Glob) -> Segment:
    """The matcher of a segment."""
    return Literal(part) if isinstance(part, str) else segment(_tokens(part.text, part.classes))


def _part(text: str, classes: bool) -> str | Glob:
    """The name that a segment spells, or the glob that it is."""
    if "\\" in text:
        tokens = _tokens(text, classes)
        name = "".join(token for token in tokens if isinstance(token, str))
        if len(name) == len(tokens):
            return name
        return Glob(text, any(isinstance(token, OneOf) and token is not ANY for token in tokens))
    has_class = classes and "[" in text
    return Glob(text, has_class) if has_class or "*" in text or "?" in text else text


def _tokens(text: str, classes: bool) -> list[Token]:
    """The tokens of a segment; a backslash makes the next character itself, and at the end is itself."""
    if "\\" not in text and not (classes and "[" in text):
        return [_WILDCARDS.get(character, character) for character in text]
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        character = text[place]
        place += 1
        if character == "\\" and place < len(text):
            tokens.append(text[place])
            place += 1
        elif character == "[" and classes:
            taken, place = _class(text, place)
            tokens.append(taken or character)
        else:
            tokens.append(_WILDCARDS.get(character, character))
    return tokens


def _class(text: str, place: int) -> tuple[OneOf | None, int]:
    """The class whose inside starts at `place`, and where it ends; None where no character can fit it."""
    negated = text[place : place + 1] in ("!", "^")
    place += negated
    ranges: list[tuple[str, str]] = []
    while place < len(text):
        if text[place] == "]":
            return (OneOf(tuple(ranges), negated) if ranges or negated else None), place + 1
        low, place = _class_character(text, place)
        high = low
        if text[place : place + 1] == "-" and text[place + 1 : place + 2] not in ("]", ""):
            high, place = _class_character(text, place + 1)
        ranges.append((low, high))
    return None, place


def _class_character(text: str, place: int) -> tuple[str, int]:
    if text[place] == "\\":
        place += 1
    return text[place : place + 1], place + 1


def _body(segments: Sequence[str], classes: bool) -> list[Part]:
    """The parts that segments come to; several `**` in a row are one."""
    body: list[Part] = []
    for text in segments:
        if text != "**":
            body.append(_part(text, classes))
        elif body[-1:] != [ANYWHERE]:
            body.append(ANYWHERE)
    return body


def _only_stars(part: Part) -> bool:
    return isinstance(part, Glob) and part.only_stars


# --- GitHub -----------------------------------------------------------------------------------------------

_BRACKET = re.compile(r"[\[\]]").search
_ANY_NAME = Glob("*", classes=False)


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
    return _github_reach(_body(segments if anchored else ["**", *segments], classes=False), inside)


def _github_reach(body: list[Part], inside: bool) -> Pattern:
    """The reach follows from how the body ends; a star that is a whole last segment means direct files."""
    if inside:
        ending = [_ANY_NAME] if body[-1] is ANYWHERE else []
        return Pattern((*body, *ending), Reach.INSIDE)
    if body[-1] is ANYWHERE:
        return Pattern(tuple(body[:-1]), Reach.INSIDE)
    if _only_stars(body[-1]):
        if body[-2:-1] == [ANYWHERE]:
            return Pattern(tuple(body[:-2]), Reach.INSIDE)
        return Pattern(tuple(body[:-1]), Reach.DIRECT)
    return Pattern(tuple(body), Reach.TREE)


def _github_segments(pattern: str) -> list[str] | None:
    """The texts between slashes; None where the pattern ends in the middle of an escape."""
    if "\\" not in pattern:
        bracket = _BRACKET(pattern)
        if bracket:
            raise _bare_bracket(pattern, bracket.start())
        return pattern.split("/")
    segments = [""]
    place = 0
    while place < len(pattern):
        character = pattern[place]
        if character == "\\":
            place += 1
            if place == len(pattern):
                return None
            character += pattern[place]
        if character in ("/", "\\/"):
            segments.append("")
        elif character in ("[", "]"):
            raise _bare_bracket(pattern, place)
        else:
            segments[-1] += character
        place += 1
    return segments


def _bare_bracket(pattern: str, place: int) -> InvalidPattern:
    message = f"GitHub has no character classes; write `\\{pattern[place]}` for the character itself."
    written = re.sub(
        r"\\.|[\[\]]", lambda found: found[0] if found[0][0] == "\\" else "\\" + found[0], pattern
    )
    return InvalidPattern(message, place, written)


# --- GitLab -----------------------------------------------------------------------------------------------

_ESCAPE_OR_CLASS = re.compile(r"[\\\[]").search


def gitlab(pattern: str) -> Pattern | None:
    """The meaning of a GitLab pattern in its normal form, or None for one that matches nothing.

    The normal form starts with `/`; it is what GitLab hands to Ruby's `File.fnmatch?` with `FNM_PATHNAME` and
    `FNM_DOTMATCH`, whose documentation and behaviour this follows.
    """
    segments = _gitlab_segments(pattern[1:])
    if segments is None or not all(segments):
        return None  # an empty segment, as in `a//b`, fits no name
    body = _body(segments[:-1], classes=True)
    last = _part(segments[-1], classes=True)
    if not _only_stars(last):
        return Pattern((*body, last), Reach.FILE)
    if body[-1:] == [ANYWHERE]:
        return Pattern(tuple(body[:-1]), Reach.INSIDE)
    return Pattern(tuple(body), Reach.DIRECT)


def _gitlab_segments(pattern: str) -> list[str] | None:
    """The texts between slashes; None for a class that takes nothing or is not closed.

    A backslash before a slash is dropped, and a slash within a class ends no segment.
    """
    if not _ESCAPE_OR_CLASS(pattern):
        return pattern.split("/")
    segments = [""]
    place = 0
    while place < len(pattern):
        start = place
        place += 2 if pattern[place] == "\\" else 1
        if pattern[start] == "[":
            taken, place = _class(pattern, place)
            if taken is None:
                return None
        written = pattern[start:place]
        if written == "\\/" and segments[-1] == "**":
            segments[-1] = "*"  # `**` stands for directories only right before a bare slash
        if written in ("/", "\\/"):
            segments.append("")
        else:
            segments[-1] += written
    return segments
