"""Looks at one repository as it is now: keeps its entry in the catalogue, and what keeps others from contributing.

That is told in its one tracking issue, and in a check on the default branch that never fails. A new one is asked,
once, whether others shall find it; the one whose rules are for all gets the month's wins, as a draft to post.

A push that touches guides or owners, somebody who joins or leaves, a command, and every new day end here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.catalogue import keep_entry
from handlers.contribution import branch_verdict
from handlers.guidelines import Look, look_at
from handlers.new_repositories import ask_to_share
from handlers.origin import guest_findings
from handlers.own_issues import close_own
from handlers.perform import perform
from handlers.ports import Gone
from handlers.proofs import Desk, mend
from handlers.records import NotYet, Rulebook, Rulebooks
from handlers.shelf import Shelf
from handlers.situation import Reads
from handlers.tracking import keep_issue
from handlers.wins import tell_wins
from policies.facts import Repository, Subject
from policies.insights.privacy import Terms

FEATURE = "tracking"
"""What a switch calls the tracking issue."""

SWEEP = timedelta(days=1)
"""A lost event is found by then."""


async def settle_repository(
    subject: Subject, reads: Reads, rulebooks: Rulebooks, desk: Desk, shelf: Shelf
) -> datetime | None:
    """Keep what is known of the repository, and its issue true; returns when to look again by itself.

    Raises what `perform` raises, and `NotYet` where too many issues were opened lately.
    """
    try:
        repository = await desk.forge.repository(subject.repository_id)
    except Gone:
        return None
    branch = repository.default_branch
    rulebook = await rulebooks.on(repository.ref, branch, branch)
    if rulebook.for_all:
        metrics = rulebook.rules.metrics
        window, retain = (each.length(timedelta(days=1)) for each in (metrics.window, metrics.retain))
        await shelf.agree(Terms(window, metrics.min_group, retain))
    entry = await keep_entry(repository, rulebook, reads, desk, shelf)
    if repository.archived:
        return desk.now + SWEEP
    desk = replace(desk, feature=FEATURE)
    if wait := await mend(repository, desk):
        raise NotYet(wait, "it is not known yet what became of a write")
    if not rulebook.rules.enabled:
        await close_own(repository, rulebook, desk)
        await reads.findings.keep((), desk.now)
        return desk.now + SWEEP
    look = await _look(repository, rulebook, reads, desk)
    again = await _tell(repository, rulebook, look, reads, desk)
    asked = await ask_to_share(repository, entry, rulebook, reads, desk)
    told = await tell_wins(repository, rulebook, desk, shelf)
    return min(each for each in (again, asked, told, desk.now + SWEEP) if each is not None)


async def _look(repository: Repository, rulebook: Rulebook, reads: Reads, desk: Desk) -> Look:
    accepted = await reads.findings.exceptions()
    [look] = await look_at(
        repository.ref, (repository.default_branch,), rulebook, reads, desk.now, aged=True, accepted=accepted
    )
    return look


async def _tell(
    repository: Repository, rulebook: Rulebook, look: Look, reads: Reads, desk: Desk
) -> datetime | None:
    """Keep what was found, the check and the issue; returns when there is more to say."""
    about_guests = await guest_findings(repository.ref, rulebook, reads)
    checked = rulebook.rules.guidelines.check
    findings = look.findings if checked else ()
    known = await reads.findings.keep((*findings, *about_guests), desk.now)
    tip = await desk.forge.tip(repository.ref, repository.default_branch) if checked else None
    if tip is not None:
        await perform([branch_verdict(tip, look)], repository, desk)
    return await keep_issue(repository, rulebook, findings, look.accepted, known, reads, desk)
