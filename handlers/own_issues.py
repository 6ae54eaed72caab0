"""The issues that Usher itself opened in a repository: the newest of each kind, as it is now."""

from __future__ import annotations

from datetime import datetime

from handlers.perform import perform
from handlers.ports import Gone
from handlers.proofs import Desk
from handlers.records import Effect, NotYet, Rulebook
from handlers.situation import Reads
from policies.actions import IssueAbout, KeepIssue
from policies.facts import Repository
from policies.text import checked
from policies.tracking import Tracked
from policies.words import contribution, new_repositories

UNTIL_MORE_ISSUES = 600.0
"""Seconds to wait where the organisation had all the new issues that it may have in an hour."""


async def newest(about: IssueAbout, repository: Repository, desk: Desk) -> Tracked | None:
    """The newest issue about this; None before the first. One that is still being opened is not there yet."""
    issues = [
        each
        for each in await desk.effects.every()
        if each.kind == "issue" and each.payload.get("about", "health") == about
    ]
    settled = [each for each in issues if each.state in ("done", "dead") or each.remote_id is not None]
    return await _seen(settled[-1], repository, desk) if settled else None


async def _seen(effect: Effect, repository: Repository, desk: Desk) -> Tracked:
    nth, left_open = int(effect.payload["nth"]), bool(effect.payload["open"])
    since = datetime.fromisoformat(effect.payload.get("since") or effect.payload["at"])
    gone = Tracked(nth, None, left_open=left_open, closed_by_us=False, since=since)
    if effect.state != "done" or effect.remote_id is None:
        return gone
    try:
        issue = await desk.forge.issue(repository.ref, effect.remote_id)
    except Gone:
        return gone
    by_us = issue.closed_by is not None and await desk.forge.is_us(issue.closed_by)
    return Tracked(nth, issue, left_open=left_open, closed_by_us=by_us, since=since)


async def close_own(repository: Repository, rulebook: Rulebook, desk: Desk) -> None:
    """Close the tracking issue and the question of a repository that Usher is to leave alone."""
    titles: dict[IssueAbout, str] = {"health": contribution.TRACKING_TITLE, "sharing": new_repositories.TITLE}
    for about, title in titles.items():
        last = await newest(about, repository, desk)
        if last is not None and last.issue is not None and last.issue.open and last.left_open:
            body = checked(contribution.switched_off(rulebook.rules_path))
            since = (last.since or desk.now).isoformat()
            await perform([KeepIssue(last.nth, title, body, False, since, about)], repository, desk)


async def wait_for_quiet(rulebook: Rulebook, reads: Reads) -> None:
    """Before a new issue: `NotYet` where the organisation had as many within an hour as it may have."""
    most = rulebook.rules.noise.writes_per_hour
    if await reads.findings.issues_lately() >= most:
        raise NotYet(UNTIL_MORE_ISSUES, f"{most} issues were opened within an hour")
