"""Why a path has its owners: every line of a GitHub file that matches it, and what became of it.

This asks each rule by itself, without the index, and so is slower than a lookup and independent of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.owners import github
from policies.owners.answers import Considered
from policies.owners.patterns import InvalidPattern, Pattern
from policies.owners.segments import Meter


def on_github(file: github.GitHubFile, path: str, meter: Meter) -> tuple[Considered, ...]:
    """The lines of `file` that match `path`, and those that would if GitHub did not skip them."""
    matching = [rule for rule in file.rules if _covers(rule.pattern, path, meter)]
    last = matching[-1].line if matching else None
    told = [
        Considered(
            *(rule.line, rule.text, rule.pattern, rule.owners),
            outcome="won" if rule.line == last else "overridden",
            by=None if rule.line == last else last,
        )
        for rule in matching
    ]
    told += _skipped(file, path, meter)
    return tuple(sorted(told, key=lambda line: line.line))


def _skipped(file: github.GitHubFile, path: str, meter: Meter) -> Iterator[Considered]:
    for lost in file.lost:
        if _covers(lost.pattern, path, meter):
            yield Considered(lost.line, lost.text, lost.pattern, (), "skipped", kind=lost.kind)


def _covers(pattern: str, path: str, meter: Meter) -> bool:
    meaning = _meant(pattern)
    return meaning is not None and meaning.matches(path, meter)


def _meant(pattern: str) -> Pattern | None:
    """What a pattern covers; for one that GitHub refuses, what its author must have meant."""
    try:
        return github.compiled(pattern)
    except InvalidPattern as error:
        wanted = error.suggestion or pattern.lstrip("!")
    try:
        return github.compiled(wanted) if wanted else None
    except InvalidPattern:
        return None
