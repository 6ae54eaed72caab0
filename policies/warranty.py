"""Whether the team of a merged change still helps with a bug that comes from it.

Only what is said explicitly counts: an issue that is called a bug and names the change, or a command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from policies import guests
from policies.facts import ChangeMerged, ChangeOpened, Fact, same
from policies.rules import Warranty

BUGS = ("bug", "*/bug", "*: bug", "bug/*", "regression", "*/regression")
MOST_NAMED = 3

_NUMBER = re.compile(r"(?:^|[\s(\[])[#!](\d{1,18})\b")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|^```.*?(?:^```|\Z)|`[^`\n]*`", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Window:
    """The time in [`start`, `end`) in which the team of a guest's change is asked about bugs from it."""

    number: int
    author: str
    teams: tuple[str, ...]
    start: datetime
    end: datetime

    def covers(self, at: datetime) -> bool:
        return self.start <= at < self.end


def window(number: int, story: tuple[Fact, ...], rules: Warranty) -> Window | None:
    """The window of a change, by what happened to it; None where it is not merged, or was no guest's."""
    merged = next((fact for fact in story if isinstance(fact, ChangeMerged)), None)
    opened = next((fact for fact in story if isinstance(fact, ChangeOpened)), None)
    if merged is None or opened is None or not guests.is_welcomed(guests.latest(story)):
        return None
    placed = guests.placed(story)
    end = merged.at + timedelta(days=rules.days)
    return Window(number, opened.by, placed.teams if placed else (), merged.at, end)


def is_bug(labels: tuple[str, ...]) -> bool:
    """Whether an issue is called a bug by one of its labels."""
    return any(fnmatchcase(same(label), pattern) for label in labels for pattern in BUGS)


def named(text: str) -> tuple[int, ...]:
    """The changes that a text names, as `#12` or `!12`, at most three; not what it shows as code or hides."""
    found = dict.fromkeys(int(number) for number in _NUMBER.findall(_HIDDEN.sub(" ", text)))
    return tuple(found)[:MOST_NAMED]
