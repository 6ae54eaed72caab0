"""How GitHub reads CODEOWNERS: one rule a line, and the last that matches decides.

Source: GitHub's "About code owners", and gitignore's rules where that page says nothing. A line with an
invalid pattern or owner is lost; the lines around it are not.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from policies.owners import patterns
from policies.owners.answers import UNMATCHED, Match, Problem
from policies.owners.index import LastRule
from policies.owners.limits import LONG_PATTERN, MANY_RULES
from policies.owners.patterns import InvalidPattern, Pattern
from policies.owners.references import each_once, is_github_owner, is_glued
from policies.owners.segments import Meter

_BLANKS = " \t\r"
_SPECIAL = re.compile(r"[*?\[\]!\\]").search
_WORD = re.compile(r"[^ \t\r]+").finditer


class Rule(NamedTuple):
    """One line that can decide: `pattern` and `owners` as written, each owner once."""

    line: int
    text: str
    pattern: str
    owners: tuple[str, ...]


class Lost(NamedTuple):
    """One line that GitHub skips, and the kind of problem that it is skipped for."""

    line: int
    text: str
    pattern: str
    kind: str


class GitHubFile:
    """The rules of a GitHub file in order, and what is wrong with the lines that are lost."""

    def __init__(self, text: str) -> None:
        self.rules: list[Rule] = []
        self.lost: list[Lost] = []
        self.problems: list[Problem] = []
        self.refused = False  # more rules than anybody writes
        self._index = LastRule()
        self._folded: dict[str, str] = {}  # a good owner as written -> how all its spellings compare
        self._read(text)
        self._answers: list[Match | None] = [None] * len(self.rules)

    def match(self, path: str, meter: Meter) -> Match:
        """Who owns `path`; TooCostly when `meter` says so."""
        number = self._index.find(path, meter)
        return UNMATCHED if number < 0 else self._answers[number] or self._answer(number)

    def _answer(self, number: int) -> Match:
        line, text, pattern, owners = self.rules[number]
        answer = self._answers[number] = Match(True, owners, line, text, pattern)
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
            pattern, words = split(line)
            owners = self._owners(words, number, raw)
            if owners is None:
                self.lost.append(Lost(number, line, pattern, "Invalid owner"))
            elif self._add(pattern, number, raw):
                self.rules.append(Rule(number, line, pattern, owners))
            else:
                self.lost.append(Lost(number, line, pattern, "Invalid pattern"))

    def _refuse(self, line: int) -> None:
        message = f"More than {MANY_RULES:,} rules: the file is not used."
        self.refused = True
        self.rules, self.lost = [], []
        self._index = LastRule()
        self.problems = [Problem(line, 1, "too_many_rules", "error", message)]

    def _add(self, pattern: str, line: int, raw: str) -> bool:
        """Put `pattern` into the index under the next rule's number; False where its line is lost."""
        number = len(self.rules)
        if pattern[0] == "/" and not _SPECIAL(pattern) and "//" not in pattern and 1 < len(pattern) < 1024:
            if pattern[-1] == "/":
                self._index.below[pattern[1:-1]] = number
            else:
                self._index.below[pattern[1:]] = self._index.exact[pattern[1:]] = number
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

    # --- Owners ---------------------------------------------------------------------------------------

    def _owners(self, words: list[str], line: int, raw: str) -> tuple[str, ...] | None:
        """The owners among `words`, each once; None where one is invalid, which loses the line."""
        folded = self._folded
        if not all(word in folded for word in words):
            if not self._learned(words, line, raw):
                return None
            words = [word for word in words if word in folded]
        keys = [folded[word] for word in words]
        if len(keys) > 1 and len(set(keys)) < len(keys):
            return each_once(words)
        return tuple(words)

    def _learned(self, words: list[str], line: int, raw: str) -> bool:
        """Remember the good owners among `words`; False at the first invalid one."""
        for place, word in enumerate(words):
            if is_github_owner(word):
                self._folded[word] = word.casefold()
                continue
            glued = is_glued(word)
            self.problems.append(_bad_owner(word, line, _column(raw, place), glued))
            if not glued:
                return False
        return True


def split(line: str) -> tuple[str, list[str]]:
    """The pattern and the words after it of a trimmed line; a comment is cut, whatever stands before it."""
    if "#" in line:
        line = line[: line.index("#")]
    if "\\" in line:
        end = _end_of_pattern(line)
        return line[:end], [word[0] for word in _WORD(line, end)]
    words = line.replace("\t", " ").split(" ")
    if "" in words:
        words = [word for word in words if word]
    return words[0], words[1:]


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
