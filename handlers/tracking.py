"""Keeps a repository's one tracking issue true: found by its mark, edited in place, and quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from handlers.contribution import excused, rows
from handlers.perform import Desk, perform
from handlers.ports import Gone
from handlers.records import Effect, NotYet, Rulebook
from handlers.situation import Reads
from policies import tracking
from policies.actions import KeepIssue
from policies.exceptions import Accepted
from policies.facts import Repository
from policies.findings import Finding
from policies.text import checked
from policies.tracking import Tracked, Wanted
from policies.words import contribution as words

UNTIL_MORE_ISSUES = 600.0
"""Seconds to wait where the organisation had all the new issues that it may have in an hour."""


async def keep_issue(
    repository: Repository,
    rulebook: Rulebook,
    findings: Sequence[Finding],
    accepted: Sequence[Accepted],
    known: Mapping[str, datetime],
    reads: Reads,
    desk: Desk,
) -> datetime | None:
    """Open, edit or close the issue as it ought to be. `known` says since when each finding is."""
    grave = tracking.worth_tracking(tuple(findings), rulebook.rules.guidelines)
    tracked = await _tracked(repository, desk)
    wanted = tracking.wanted(tracked, ailing=bool(grave), now=desk.now)
    if wanted is None:
        return None
    if desk.live and (tracked is None or wanted.nth > tracked.nth):
        await _wait_for_quiet(rulebook, reads)
    await perform([_issue(wanted, rulebook, grave, accepted)], repository, desk)
    return None


def _issue(
    wanted: Wanted, rulebook: Rulebook, grave: Sequence[Finding], accepted: Sequence[Accepted]
) -> KeepIssue:
    command = rulebook.rules.commands.prefix
    body = words.tracking_issue(rows(grave), excused(accepted), command) if grave else words.TRACKING_CLEAR
    return KeepIssue(wanted.nth, words.TRACKING_TITLE, checked(body), wanted.open)


async def _tracked(repository: Repository, desk: Desk) -> Tracked | None:
    """The newest tracking issue; None before the first. One that is still being opened is not there yet."""
    issues = [each for each in await desk.effects.every() if each.kind == "issue"]
    settled = [each for each in issues if each.state in ("done", "dead") or each.remote_id is not None]
    return await _seen(settled[-1], repository, desk) if settled else None


async def _seen(effect: Effect, repository: Repository, desk: Desk) -> Tracked:
    nth, left_open = int(effect.payload["nth"]), bool(effect.payload["open"])
    gone = Tracked(nth, None, left_open=left_open, closed_by_us=False)
    if effect.state != "done" or effect.remote_id is None:
        return gone
    try:
        issue = await desk.forge.issue(repository.ref, effect.remote_id)
    except Gone:
        return gone
    by_us = issue.closed_by is not None and await desk.forge.is_us(issue.closed_by)
    return Tracked(nth, issue, left_open=left_open, closed_by_us=by_us)


async def _wait_for_quiet(rulebook: Rulebook, reads: Reads) -> None:
    most = rulebook.rules.noise.writes_per_hour
    if await reads.findings.issues_lately() >= most:
        raise NotYet(UNTIL_MORE_ISSUES, f"{most} issues were opened within an hour")
