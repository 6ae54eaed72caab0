"""Keeps a repository's one tracking issue true: found by its mark, edited in place, and quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from handlers.contribution import excused, rows
from handlers.own_issues import newest, wait_for_quiet
from handlers.perform import perform
from handlers.proofs import Desk
from handlers.records import Rulebook
from handlers.situation import Reads
from policies import tracking
from policies.actions import KeepIssue, Say
from policies.exceptions import Accepted
from policies.facts import Fact, Repository, RepositoryAsked
from policies.findings import Finding
from policies.text import checked
from policies.tracking import Spoken, Tracked, Wanted
from policies.words import contribution as words


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
    tracked = await newest("health", repository, desk)
    wanted = tracking.wanted(tracked, ailing=bool(grave), now=desk.now)
    if wanted is None:
        return None
    if desk.live and (tracked is None or wanted.nth > tracked.nth):
        await wait_for_quiet(rulebook, reads)
    since = _since(wanted, tracked, desk.now)
    await perform([_issue(wanted, since, rulebook, grave, accepted)], repository, desk)
    return await _speak(wanted, tracked, since, rulebook, grave, known, desk)


def _since(wanted: Wanted, tracked: Tracked | None, now: datetime) -> datetime:
    """Since when the issue is open without a pause."""
    goes_on = tracked is not None and tracked.nth == wanted.nth and tracked.left_open and tracked.since
    return tracked.since if tracked and goes_on and tracked.since else now


def _issue(
    wanted: Wanted,
    since: datetime,
    rulebook: Rulebook,
    grave: Sequence[Finding],
    accepted: Sequence[Accepted],
) -> KeepIssue:
    command = rulebook.rules.commands.prefix
    body = words.tracking_issue(rows(grave), excused(accepted), command) if grave else words.TRACKING_CLEAR
    return KeepIssue(wanted.nth, words.TRACKING_TITLE, checked(body), wanted.open, since.isoformat())


async def _speak(
    wanted: Wanted,
    tracked: Tracked | None,
    since: datetime,
    rulebook: Rulebook,
    grave: Sequence[Finding],
    known: Mapping[str, datetime],
    desk: Desk,
) -> datetime | None:
    """Say on the issue what is new and grave, seldom; returns when there may be more to say."""
    if not wanted.open or tracked is None or tracked.issue is None or tracked.nth != wanted.nth:
        return None
    asked = [fact.at for fact in await desk.log.read() if is_recheck(fact)]
    step = f"tracking|{wanted.nth}|"
    said = [
        datetime.fromisoformat(each.payload["at"])
        for each in await desk.effects.every()
        if each.kind == "say" and str(each.payload.get("step", "")).startswith(step)
    ]
    spoken = Spoken(max((since, *asked)), tuple(said))
    new = tracking.unsaid(grave, known, spoken)
    day = timedelta(days=1)
    at = tracking.may_speak_at(spoken, [each.length(day) for each in rulebook.rules.noise.backoff])
    if not new or at is None:
        return None
    if desk.now < at:
        return at
    await perform(
        [Say(f"{step}{len(said) + 1}", checked(words.new_in_tracking(rows(new))))], tracked.issue, desk
    )
    return None


def is_recheck(fact: Fact) -> bool:
    """Whether somebody asked to look again."""
    return isinstance(fact, RepositoryAsked) and fact.verb == "recheck"
