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
_OTHER_BLANKS = [chr(code) for code in range(0x3001) if chr(code).isspace() and chr(code) not in " \t\n"]
_SPECIAL = re.compile(r"[*?\[\]!\\]").search
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
        self._rows: list[tuple[int, str, str, tuple[str, ...]]] = []
        self.lost: list[Lost] = []
        self.problems: list[Problem] = []
        self.refused = False  # more rules than anybody writes
        self._index = LastRule()
        self._below = self._index.below
        self._folded: dict[str, str] = {}  # a good owner as written -> how all its spellings compare
        self._read(text)
        self._answers: list[Match | None] = [*[None] * len(self._rows), UNMATCHED]  # the last is number -1

    @property
    def rules(self) -> list[Rule]:
        """The rules in the file's order, in which a later one wins."""
        return [Rule(*row) for row in self._rows]

    def match_all(self, paths: Iterable[str], meter: Meter) -> list[Match]:
        """Who owns each of `paths`; TooCostly when `meter` says so."""
        found = self._index.find_all(paths, meter)
        return [self._answers[number] or self._answer(number) for number in found]

    def _answer(self, number: int) -> Match:
        line, text, pattern, owners = self._rows[number]
        answer = self._answers[number] = Match(True, owners, line, text, pattern)
        return answer

    # --- Reading --------------------------------------------------------------------------------------

    def _read(self, text: str) -> None:
        left = MANY_RULES
        text = text.replace("\r\n", "\n")
        usual = not any(blank in text for blank in _OTHER_BLANKS)
        for number, raw in enumerate(text.split("\n"), 1):
            line = raw.strip(_BLANKS)
            if not line or line[0] == "#":
                continue
            left -= 1
            if left < 0:
                self._refuse(number)
                return
            if usual and "\\" not in line and "#" not in line:
                pattern, *words = line.split()
            else:
                pattern, words = _split(line)
            owners = self._owners(words, number, raw)
            if owners is None:
                self.lost.append(Lost(number, line, pattern, "Invalid owner"))
            elif self._add(pattern, number, raw):
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

    # --- Owners ---------------------------------------------------------------------------------------

    def _owners(self, words: list[str], line: int, raw: str) -> tuple[str, ...] | None:
        """The owners among `words`, each once; None where one is invalid, which loses the line."""
        folded = self._folded
        for word in words:
            if word not in folded:
                if not is_github_owner(word):
                    return self._owners_beside_bad(words, line, raw)
                folded[word] = word.casefold()
        if len(words) > 1 and len({folded[word] for word in words}) < len(words):
            return each_once(words)
        return tuple(words)

    def _owners_beside_bad(self, words: list[str], line: int, raw: str) -> tuple[str, ...] | None:
        """The same, where at least one word is no owner: glued ones name nobody and do no harm."""
        bad = [place for place, word in enumerate(words) if not is_github_owner(word)]
        invalid = [place for place in bad if not is_glued(words[place])]
        place = (invalid or bad)[0]
        self.problems.append(_bad_owner(words[place], line, _column(raw, place), not invalid))
        return None if invalid else each_once(word for word in words if is_github_owner(word))


def _split(line: str) -> tuple[str, list[str]]:
    """The pattern and the words after it of a trimmed line; a comment is cut, whatever stands before it."""
    line = line.partition("#")[0]
    end = _end_of_pattern(line)
    return line[:end], [word.group() for word in _WORD(line, end)]


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
