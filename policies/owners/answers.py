"""What a lookup answers: who owns a path, by which line, and what is wrong with the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Dialect = Literal["github", "gitlab"]
Status = Literal["ok", "too_large", "binary", "refused"]
Severity = Literal["error", "warning", "info"]
Outcome = Literal["won", "overridden", "excluded", "skipped"]
Why = Literal["case", "trailing_slash", "anchoring", "dialect"]

NAMES: Mapping[str, str] = {"github": "GitHub", "gitlab": "GitLab"}
"""What people call the forge of each dialect."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one line, or (line 1) with the whole file.

    `line` and `column` count from 1; a column is a code point. `kind` is the forge's own name where the
    forge has one. `suggestion` is a line or word that would be right, where one is known.
    """

    line: int
    column: int
    kind: str
    severity: Severity
    message: str
    suggestion: str | None = None
    source: Literal["usher", "forge"] = "usher"


class Rule(NamedTuple):
    """One line that can decide. `pattern` and `owners` are as written, each owner once.

    On GitLab the owners are the section's where the line has none of its own, `section` is its name, and
    `excludes` marks an exclusion, whose pattern is without its `!`.
    """

    line: int
    text: str
    pattern: str
    owners: tuple[str, ...]
    section: str | None = None
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class SectionMatch:
    """What one section of a GitLab file says about a path.

    `declared` is the number in the header, `approvals` what it amounts to: 0 where the section is
    optional, else at least 1. An excluded section names nobody.
    """

    name: str
    owners: tuple[str, ...]
    line: int
    text: str
    pattern: str
    optional: bool
    declared: int
    approvals: int
    excluded: bool = False


class Match(NamedTuple):
    """Who owns a path. Paths with the same answer share one object, so it does not name the path.

    `owners` are as written, each once. `matched` without owners means: un-owned on purpose. `line`,
    `text` and `pattern` name the rule that decided; on GitLab they are set where exactly one section
    answers, and `sections` has every one. `approvals` is None on GitHub, else the largest section's.
    `refused` says why nobody can be named: the file's status, or `too_costly`.
    """

    matched: bool = False
    owners: tuple[str, ...] = ()
    line: int | None = None
    text: str | None = None
    pattern: str | None = None
    optional: bool = False
    approvals: int | None = None
    sections: tuple[SectionMatch, ...] = ()
    refused: str | None = None


UNMATCHED = Match()


@dataclass(frozen=True, slots=True)
class Considered:
    """One line that matches the path, and what became of it.

    `won` decides (on GitLab: for its section). `overridden` and `excluded` lost to line `by`. `skipped` is a
    line that the forge drops for the problem `kind`; it would have matched. `section` is None on GitHub.
    """

    line: int
    text: str
    pattern: str
    owners: tuple[str, ...]
    outcome: Outcome
    by: int | None = None
    kind: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A line that does not match the path, but would if one thing were different."""

    line: int
    text: str
    why: Why
    message: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a path has the owners that it has: every line that matches it, in the file's order."""

    path: str
    match: Match
    considered: tuple[Considered, ...]
    near_misses: tuple[NearMiss, ...] = ()

    @property
    def owners(self) -> tuple[str, ...]:
        """The same as `match(path).owners`."""
        return self.match.owners
