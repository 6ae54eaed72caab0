"""Why a path has its owners: every line that matches it, what became of it, and what nearly matched.

This asks each rule by itself, without the index, and so is slower than a lookup and independent of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from policies.owners import patterns
from policies.owners.answers import NAMES, Considered, Dialect, NearMiss, Outcome, Rule, Why
from policies.owners.github import GitHubFile, Lost, compiled
from policies.owners.gitlab import Entry, GitLabFile, normal_form
from policies.owners.limits import LONG_PATTERN
from policies.owners.patterns import InvalidPattern, Pattern
from policies.owners.segments import Meter

_NEAR = 5


def considered(file: GitHubFile | GitLabFile, path: str, meter: Meter) -> tuple[Considered, ...]:
    """The lines of `file` that match `path`, and those that would if the forge did not skip them."""
    lines = _on_github(file, path, meter) if isinstance(file, GitHubFile) else _on_gitlab(file, path, meter)
    return tuple(sorted(lines, key=lambda line: line.line))


def meaning(pattern: str, dialect: Dialect) -> Pattern | None:
    """What `pattern` covers in a dialect; None where that is nothing, or the dialect refuses it."""
    if len(pattern.encode(errors="surrogateescape")) > LONG_PATTERN:
        return None
    if dialect == "gitlab":
        return patterns.gitlab(normal_form(pattern))
    try:
        return compiled(pattern)
    except InvalidPattern:
        return None


def covers(pattern: str, dialect: Dialect, path: str, meter: Meter) -> bool:
    """Whether `pattern` alone covers `path` in a dialect."""
    meant = meaning(pattern, dialect)
    return meant is not None and meant.matches(path, meter)


# --- GitHub -----------------------------------------------------------------------------------------------


def _on_github(file: GitHubFile, path: str, meter: Meter) -> Iterator[Considered]:
    matching = [rule for rule in file.rules if covers(rule.pattern, "github", path, meter)]
    for rule in matching:
        won = rule is matching[-1]
        by = None if won else matching[-1].line
        yield Considered(rule.line, rule.text, rule.pattern, rule.owners, "won" if won else "overridden", by)
    for lost in file.lost:
        if covers(_meant(lost), "github", path, meter):
            yield Considered(lost.line, lost.text, lost.pattern, (), "skipped", kind=lost.kind)


def _meant(lost: Lost) -> str:
    """The pattern that the author of a skipped line must have meant."""
    try:
        compiled(lost.pattern)
    except InvalidPattern as error:
        return error.suggestion or lost.pattern.lstrip("!") or "*"
    return lost.pattern


# --- GitLab -----------------------------------------------------------------------------------------------


def _on_gitlab(file: GitLabFile, path: str, meter: Meter) -> Iterator[Considered]:
    for section in file.sections.values():
        entries = (file.entries[number] for number in section.entries.values())
        matching = [entry for entry in entries if covers(entry.pattern, "gitlab", path, meter)]
        excluding = [entry for entry in matching if entry.excludes]
        for entry in matching:
            yield _became(entry, (excluding or matching)[-1])
    for entry, by in file.replaced:
        if covers(entry.pattern, "gitlab", path, meter):
            yield _told(entry, "overridden", by)


def _became(entry: Entry, decisive: Entry) -> Considered:
    if entry is decisive:
        return _told(entry, "won", None)
    return _told(entry, "excluded" if decisive.excludes else "overridden", decisive.line)


def _told(entry: Entry, outcome: Outcome, by: int | None) -> Considered:
    owners = () if entry.excludes else entry.owners
    where = (entry.line, entry.text, entry.pattern)
    return Considered(*where, owners, outcome, by, section=entry.header.section)


# --- What nearly matched ----------------------------------------------------------------------------------


def near_misses(file: GitHubFile | GitLabFile, path: str, meter: Meter) -> tuple[NearMiss, ...]:
    """At most five lines that would match `path` if one thing were different, the latest first."""
    dialect: Dialect = "github" if isinstance(file, GitHubFile) else "gitlab"
    misses = (_near_miss(rule, dialect, path, meter) for rule in reversed(file.rules))
    return tuple(islice((miss for miss in misses if miss is not None), _NEAR))


def _near_miss(rule: Rule, dialect: Dialect, path: str, meter: Meter) -> NearMiss | None:
    if covers(rule.pattern, dialect, path, meter):
        return None
    if covers(rule.pattern.casefold(), dialect, path.casefold(), meter):
        return NearMiss(
            rule.line, rule.text, "case", "It is written in other upper and lower case; paths count it."
        )
    for why, pattern, message in _other_spellings(rule.pattern, dialect):
        if covers(pattern, dialect, path, meter):
            return NearMiss(rule.line, rule.text, why, message)
    other: Dialect = "gitlab" if dialect == "github" else "github"
    if covers(rule.pattern, other, path, meter):
        return NearMiss(
            rule.line, rule.text, "dialect", f"{NAMES[other]} would match it; {NAMES[dialect]} does not."
        )
    return None


def _other_spellings(pattern: str, dialect: Dialect) -> Iterator[tuple[Why, str, str]]:
    if dialect == "github":
        if pattern.endswith("/") and pattern.strip("/"):
            yield "trailing_slash", pattern[:-1], "Its slash at the end matches directories only."
        if "/" in pattern.rstrip("/"):
            yield (
                "anchoring",
                "**/" + pattern.lstrip("/"),
                "Its slash ties it to the root; `**/` would float.",
            )
    else:
        if not pattern.endswith(("/", "*")):
            yield "trailing_slash", pattern + "/", "It needs a slash at the end to match what is inside."
        if pattern.startswith("/"):
            yield "anchoring", pattern.lstrip("/"), "Its slash at the start ties it to the root."
