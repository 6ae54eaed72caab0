"""How GitHub reads CODEOWNERS: one rule a line, and the last that matches decides.

Source: GitHub's "About code owners", and gitignore's rules where that page says nothing. A line with an
invalid pattern or owner is lost; the lines around it are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from policies.owners import patterns
from policies.owners.answers import UNMATCHED, Match, Problem, Rule
from policies.owners.index import LastRule
from policies.owners.limits import LONG_PATTERN, MANY_RULES
from policies.owners.patterns import InvalidPattern, Pattern
from policies.owners.references import each_once, is_github_owner, is_glued
from policies.owners.segments import Meter

_BLANKS = " \t\r"
_SPECIAL = re.compile(r"[*?\[\]!\\]").search
_PLAIN_OWNERS = re.compile(
    r"(?:@[A-Za-z0-9][A-Za-z0-9_-]*+(?:/[A-Za-z0-9_.-]++)?+(?:[ \t]++|\Z))*+"
).fullmatch  # logins and teams only, which most lines have
_WORD = re.compile(r"[^ \t\r]+").finditer


class Lost(NamedTuple):
    """One line that GitHub skips, and the kind of problem that it is skipped for."""

    line: int
    text: str
    pattern: str
    kind: str


class GitHubFile:
    """The rules of a GitHub file in order, and what is wrong with the lines that are lost."""

    def __init__(self, text: str) -> None:
        self._rows: list[tuple[int, str, str, str]] = []  # line, text, pattern, good owners
        self.lost: list[Lost] = []
        self.problems: list[Problem] = []
        self.refused = False  # more rules than anybody writes
        self._index = LastRule()
        self._below = self._index.below
        self._read(text)
        self._answers: list[Match | None] = [*[None] * len(self._rows), UNMATCHED]  # the last is number -1

    @property
    def rules(self) -> list[Rule]:
        """The rules in the file's order, in which a later one wins."""
        return [
            Rule(line, text, pattern, each_once(owners.split())) for line, text, pattern, owners in self._rows
        ]

    def match_all(self, paths: Iterable[str], meter: Meter) -> list[Match]:
        """Who owns each of `paths`; TooCostly when `meter` says so."""
        found = self._index.find_all(paths, meter)
        return [self._answers[number] or self._answer(number) for number in found]

    def _answer(self, number: int) -> Match:
        line, text, pattern, owners = self._rows[number]
        answer = self._answers[number] = Match(True, each_once(owners.split()), line, text, pattern)
        return answer

    # --- Reading --------------------------------------------------------------------------------------

    def _read(self, text: str) -> None:
        left = MANY_RULES
        for number, raw in enumerate(text.split("\n"), 1):
            line = raw.strip(_BLANKS)
            if not line or line[0] == "#":
                continue
            left -= 1
            if left < 0:
                self._refuse(number)
                return
            pattern, owners = _split(line)
            if not _PLAIN_OWNERS(owners):
                good = self._good_owners(owners, number, raw)
                if good is None:
                    self.lost.append(Lost(number, line, pattern, "Invalid owner"))
                    continue
                owners = good
            if self._add(pattern, number, raw):
                self._rows.append((number, line, pattern, owners))
            else:
                self.lost.append(Lost(number, line, pattern, "Invalid pattern"))

    def _refuse(self, line: int) -> None:
        message = f"More than {MANY_RULES:,} rules: the file is not used."
        self.refused = True
        self._rows, self.lost = [], []
        self._index = LastRule()
        self.problems = [Problem(line, 1, "too_many_rules", "error", message)]

    def _add(self, pattern: str, line: int, raw: str) -> bool:
        """Put `pattern` into the index under the next rule's number; False where its line is lost."""
        number = len(self._rows)
        if pattern[0] == "/" and 1 < len(pattern) < 1024 and not _SPECIAL(pattern) and "//" not in pattern:
            if pattern[-1] == "/":
                self._below[pattern[1:-1]] = number
            else:
                self._below[pattern[1:]] = self._index.exact[pattern[1:]] = number
            return True
        start = len(raw) - len(raw.lstrip(_BLANKS)) + 1
        try:
            meaning = compiled(pattern)
        except InvalidPattern as error:
            self.problems.append(
                Problem(
                    line, start + error.column, "Invalid pattern", "error", error.message, error.suggestion
                )
            )
            return False
        if meaning is not None:
            self._index.add(meaning, number)
        elif len(pattern.encode(errors="surrogateescape")) > LONG_PATTERN:
            message = f"A pattern of more than {LONG_PATTERN:,} bytes never matches here."
            self.problems.append(Problem(line, start, "pattern_too_long", "error", message))
        return True

    def _good_owners(self, text: str, line: int, raw: str) -> str | None:
        """The owners in `text`, or None where one of its words is invalid, which loses the line.

        Glued owners name nobody and do no harm. The first bad word is reported.
        """
        words = [word.group() for word in _WORD(text)]
        good = [word for word in words if is_github_owner(word)]
        if len(good) < len(words):
            invalid = next((word for word in words if not is_github_owner(word) and not is_glued(word)), None)
            bad = invalid or next(word for word in words if is_glued(word))
            self.problems.append(_bad_owner(bad, line, _column(raw, words.index(bad)), invalid is None))
            if invalid is not None:
                return None
        return " ".join(good)


def _split(line: str) -> tuple[str, str]:
    """The pattern and the text after it of a trimmed line; a comment is cut, whatever stands before it."""
    if "#" in line:
        line = line[: line.index("#")]
    if "\\" in line:
        end = _end_of_pattern(line)
        return line[:end], line[end:].strip(_BLANKS)
    if "\t" in line:
        line = line.replace("\t", " ")
    pattern, _, owners = line.partition(" ")
    return pattern, owners.strip(_BLANKS)


def _end_of_pattern(line: str) -> int:
    place = 0
    while place < len(line) and line[place] not in " \t":
        place += 2 if line[place] == "\\" else 1
    return min(place, len(line))


def _column(raw: str, place: int) -> int:
    """The column of the word number `place` after the pattern."""
    line = raw.strip(_BLANKS)
    words = list(_WORD(line, _end_of_pattern(line)))
    return raw.index(line) + words[place].start() + 1


def _bad_owner(word: str, line: int, column: int, glued: bool) -> Problem:
    if glued:
        apart = word.replace("@", " @").strip()
        message = "Two owners without a blank between them are nobody."
        return Problem(line, column, "glued_owner", "error", message, apart)
    better = word.strip(",;")
    if not is_github_owner(better):
        better = "@" + better.lstrip("@")
    message = "An owner is @login, @organisation/team or an email address. GitHub skips this whole line."
    return Problem(
        line, column, "Invalid owner", "error", message, better if is_github_owner(better) else None
    )


def compiled(pattern: str) -> Pattern | None:
    """What `pattern` covers, None where that is nothing; InvalidPattern where GitHub skips its line."""
    meaning = patterns.github(pattern[: LONG_PATTERN + 1])
    too_long = len(pattern.encode(errors="surrogateescape")) > LONG_PATTERN
    return None if too_long else meaning
