"""Why a path has its owners: every line that matches it, and what became of it.

This asks each rule by itself, without the index, and so is slower than a lookup and independent of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.owners import patterns
from policies.owners.answers import Considered, Outcome
from policies.owners.github import GitHubFile, compiled
from policies.owners.gitlab import Entry, GitLabFile, normal_form
from policies.owners.patterns import InvalidPattern, Pattern
from policies.owners.segments import Meter


def considered(file: GitHubFile | GitLabFile, path: str, meter: Meter) -> tuple[Considered, ...]:
    """The lines of `file` that match `path`, and those that would if the forge did not skip them."""
    lines = _on_github(file, path, meter) if isinstance(file, GitHubFile) else _on_gitlab(file, path, meter)
    return tuple(sorted(lines, key=lambda line: line.line))


# --- GitHub -----------------------------------------------------------------------------------------------


def _on_github(file: GitHubFile, path: str, meter: Meter) -> Iterator[Considered]:
    matching = [rule for rule in file.rules if _covers(rule.pattern, path, meter)]
    for rule in matching:
        won = rule is matching[-1]
        yield Considered(*rule, "won" if won else "overridden", None if won else matching[-1].line)
    yield from _skipped(file, path, meter)


def _skipped(file: GitHubFile, path: str, meter: Meter) -> Iterator[Considered]:
    for lost in file.lost:
        if _covers(lost.pattern, path, meter):
            yield Considered(lost.line, lost.text, lost.pattern, (), "skipped", kind=lost.kind)


def _covers(pattern: str, path: str, meter: Meter) -> bool:
    meaning = _meant(pattern)
    return meaning is not None and meaning.matches(path, meter)


def _meant(pattern: str) -> Pattern | None:
    """What a pattern covers; for one that GitHub refuses, what its author must have meant."""
    try:
        return compiled(pattern)
    except InvalidPattern as error:
        wanted = error.suggestion or pattern.lstrip("!")
    try:
        return compiled(wanted) if wanted else None
    except InvalidPattern:
        return None


# --- GitLab -----------------------------------------------------------------------------------------------


def _on_gitlab(file: GitLabFile, path: str, meter: Meter) -> Iterator[Considered]:
    for section in file.sections.values():
        numbers = [number for key, number in section.entries.items() if _fits(key, path, meter)]
        entries = [file.entries[number] for number in numbers]
        if not entries:
            continue
        excluding = [entry for entry in entries if entry.excludes]
        decisive = (excluding or entries)[-1]
        for entry in entries:
            yield _told(entry, decisive)
    for entry, by in file.replaced:
        if _fits(normal_form(entry.pattern), path, meter):
            yield _considered(entry, "overridden", by)


def _told(entry: Entry, decisive: Entry) -> Considered:
    if entry is decisive:
        return _considered(entry, "won", None)
    return _considered(entry, "excluded" if decisive.excludes else "overridden", decisive.line)


def _considered(entry: Entry, outcome: Outcome, by: int | None) -> Considered:
    owners = () if entry.excludes else entry.owners
    return Considered(
        *(entry.line, entry.text, entry.pattern, owners, outcome, by), section=entry.header.section
    )


def _fits(key: str, path: str, meter: Meter) -> bool:
    meaning = patterns.gitlab(key)
    return meaning is not None and meaning.matches(path, meter)
