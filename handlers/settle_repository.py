"""Looks at one repository as it is now: keeps its entry in the catalogue, and what ails its owners file.

What ails it is told in its one tracking issue.

A push that touches the owners file, somebody who joins or leaves, and every new day end here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.catalogue import keep_entry
from handlers.diagnosis import Diagnosis, diagnose
from handlers.origin import guest_findings
from handlers.owner_doctor import rows
from handlers.perform import Desk, perform
from handlers.ports import Gone
from handlers.records import Effect, NotYet, Rulebook, Rulebooks
from handlers.shelf import Shelf
from handlers.situation import Reads
from policies import tracking
from policies.actions import KeepIssue
from policies.facts import Repository, Subject
from policies.findings import Finding
from policies.text import checked
from policies.tracking import Tracked, Wanted
from policies.words import owners as words

SWEEP = timedelta(days=1)
"""A lost event is found by then."""

UNTIL_MORE_ISSUES = 600.0
"""Seconds to wait where the organisation had all the new issues that it may have in an hour."""


async def settle_repository(
    subject: Subject, reads: Reads, rulebooks: Rulebooks, desk: Desk, shelf: Shelf
) -> datetime | None:
    """Keep what ails the repository's owners, and its issue true; returns when to look again by itself.

    Raises what `perform` raises, and `NotYet` where too many issues were opened lately.
    """
    try:
        repository = await desk.forge.repository(subject.repository_id)
    except Gone:
        return None
    branch = repository.default_branch
    rulebook = await rulebooks.on(repository.ref, branch, branch)
    await keep_entry(repository, rulebook, reads, desk, shelf)
    if not repository.archived:
        await _look(repository, rulebook, reads, desk)
    return desk.now + SWEEP


async def _look(repository: Repository, rulebook: Rulebook, reads: Reads, desk: Desk) -> None:
    rules = rulebook.rules.guidelines
    [found] = await diagnose(repository.ref, (repository.default_branch,), rules, reads, desk.now)
    findings = found.findings if found and rules.check else ()
    about_guests = await guest_findings(repository.ref, rulebook, reads)
    await reads.findings.keep((*findings, *about_guests), desk.now)
    grave = tracking.worth_tracking(findings, rules)
    tracked = await _tracked(repository, desk)
    wanted = tracking.wanted(tracked, ailing=bool(grave), now=desk.now)
    if wanted is None:
        return
    if desk.live and (tracked is None or wanted.nth > tracked.nth):
        await _wait_for_quiet(rulebook, reads)
    await perform([_issue(wanted, found, grave)], repository, desk)


def _issue(wanted: Wanted, found: Diagnosis | None, grave: tuple[Finding, ...]) -> KeepIssue:
    body = words.tracking_issue(found.path, rows(grave)) if grave and found else words.TRACKING_CLEAR
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
