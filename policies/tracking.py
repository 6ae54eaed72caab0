"""Whether a repository's one tracking issue ought to be open, and when a person wants to hear nothing of it.

Who closes the issue by hand snoozes it: for 90 days Usher leaves it be, and after that begins a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.facts import Issue
from policies.findings import Finding, at_least
from policies.rules import Guidelines

SNOOZE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Tracked:
    """The newest tracking issue of a repository as it is now; `issue` None: a person deleted or moved it.

    `left_open` says whether it was open when Usher last wrote it, and `since` when it was last opened then;
    `closed_by_us`, whether Usher closed it.
    """

    nth: int
    issue: Issue | None
    left_open: bool
    closed_by_us: bool
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said on an issue so far: since when it is open, or somebody asked to look again, and each comment."""

    since: datetime
    comments: tuple[datetime, ...] = ()

    @property
    def last(self) -> datetime:
        return max((self.since, *self.comments))

    @property
    def count(self) -> int:
        """Comments since it was opened, or since somebody asked."""
        return sum(at >= self.since for at in self.comments)


def may_speak_at(spoken: Spoken, backoff: Sequence[timedelta]) -> datetime | None:
    """When the next comment may come; None: no more of them, until the list was clear or somebody asks."""
    return spoken.last + backoff[spoken.count] if spoken.count < len(backoff) else None


def unsaid(findings: Iterable[Finding], known: Mapping[str, datetime], spoken: Spoken) -> tuple[Finding, ...]:
    """The grave findings that are newer than what was said last. `known` says since when each is."""
    grave = at_least(findings, "high")
    return tuple(each for each in grave if known.get(each.fingerprint, spoken.last) > spoken.last)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Let the issue of this number be open or closed."""

    nth: int
    open: bool


def worth_tracking(findings: tuple[Finding, ...], rules: Guidelines) -> tuple[Finding, ...]:
    """The findings that the issue lists, the gravest first."""
    if rules.tracking_issue == "off":
        return ()
    return at_least(findings, "high" if rules.tracking_issue == "high" else "low")


def wanted(tracked: Tracked | None, *, ailing: bool, now: datetime) -> Wanted | None:
    """What the issue ought to be; None: leave everything as it is."""
    if tracked is None:
        return Wanted(1, open=True) if ailing else None
    if tracked.issue is None:
        return None
    if tracked.issue.open:
        # A clear list that a person opened again is theirs.
        return Wanted(tracked.nth, open=ailing) if ailing or tracked.left_open else None
    if not ailing:
        return None
    if tracked.closed_by_us:
        return Wanted(tracked.nth, open=True)
    closed_at = tracked.issue.closed_at
    if closed_at is not None and now - closed_at >= SNOOZE:
        return Wanted(tracked.nth + 1, open=True)
    return None
