"""Looks at one issue as it is now: it is sorted and answered in time, and whoever it waits for hears of it.

Issues that Usher itself or another bot opened are nobody's promise. On its own, Usher hears commands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from handlers.absences import keep_absences
from handlers.champions import champions
from handlers.drafting import propose_drafts
from handlers.issue_commands import issue_commands
from handlers.issue_situation import IssueSituation
from handlers.origin import Household, household_of
from handlers.perform import perform
from handlers.ports import Gone
from handlers.proofs import Desk, mend
from handlers.records import NotYet, Rulebook, Rulebooks, Standing
from handlers.reminded import look, room_again
from handlers.repository_commands import tell_repository
from handlers.silence import keep_silence
from handlers.situation import Reads
from handlers.support import explain_no, label_outsiders, no_explained_by, remind_owners
from handlers.warranty import warranties
from policies.actions import Action, Say
from policies.clocks import Terms
from policies.commands import unanswered
from policies.facts import (
    AuthorPlaced,
    Fact,
    Issue,
    IssueMoved,
    IssueOpened,
    RepositoryRef,
    Subject,
    in_order,
    same,
)
from policies.gaps import in_issue
from policies.repository_owner import owners_of_everything

IssueFeature = Callable[[IssueSituation, Reads], Awaitable[Sequence[Action]]]

ISSUE_FEATURES: tuple[IssueFeature, ...] = (
    issue_commands,  # people say what should happen
    tell_repository,  # what concerns the repository as a whole is handed over to it
    propose_drafts,  # whoever asks for a draft gets one
    keep_absences,  # who is away is away everywhere
    keep_silence,  # or it wants to be left in peace
    champions,  # who offers to help is named to whoever asks
    label_outsiders,  # whoever comes from another team is seen
    explain_no,  # a request is declined with a reason
    warranties,  # a bug finds the team that it comes from
    remind_owners,  # whoever's turn it is hears of it when the answer is due
)
"""Every feature of issues, in the order in which they are asked."""

OF_OUR_OWN: tuple[IssueFeature, ...] = (issue_commands, tell_repository, propose_drafts, keep_silence)
"""Those of an issue that Usher itself opened: nobody owes it an answer."""

MOST_ROUNDS = 5


async def settle_issue(
    subject: Subject, repository: RepositoryRef, reads: Reads, rulebooks: Rulebooks, desk: Desk
) -> datetime | None:
    """Do what the issue needs; returns when to look again by itself, None: only if it is touched.

    Raises what `perform` raises. One that moved goes on elsewhere under another number.
    """
    log = await desk.log.read()
    by_bot = any(isinstance(fact, IssueOpened) and fact.by_bot for fact in log)
    if any(isinstance(fact, IssueMoved) for fact in log) or (by_bot and not unanswered(log)):
        return None
    try:
        issue = await desk.forge.issue(repository, subject.number)
        place = await desk.forge.repository(repository.id)
    except Gone:
        return None
    if place.archived:
        return None
    if issue.by.bot and not (unanswered(log) and await desk.forge.is_us(issue.by)):
        return None
    rulebook = await rulebooks.on(repository, place.default_branch, place.default_branch)
    wait = await mend(issue, desk)
    situation = await _situation(issue, rulebook, log, reads, desk)
    if not rulebook.rules.enabled:
        if not issue.by.bot:
            await desk.records.keep_clock(_standing(situation, repository), desk.now)
        return None
    for feature in OF_OUR_OWN if issue.by.bot else ISSUE_FEATURES:
        desk = replace(desk, feature=feature.__name__)
        for _ in range(MOST_ROUNDS):
            actions = await feature(situation, reads)
            came = await perform(actions, issue, desk)
            if not came:
                # The next feature shall know what was said.
                if any(isinstance(each, Say) for each in actions):
                    situation = replace(situation, effects=await desk.effects.every())
                break
            situation = replace(situation.knowing(came), effects=await desk.effects.every())
    if wait:
        raise NotYet(wait, "it is not known yet what became of a write")
    if issue.by.bot:
        return None
    await desk.records.keep_clock(_standing(situation, repository), desk.now)
    return _next_look(situation)


async def _situation(
    issue: Issue, rulebook: Rulebook, log: tuple[Fact, ...], reads: Reads, desk: Desk
) -> IssueSituation:
    unheard = in_issue(issue, log)
    await desk.log.add(unheard, "poll")
    household = await household_of(issue.repository, rulebook, reads)
    log = in_order([*log, *unheard])
    opened = next(fact for fact in log if isinstance(fact, IssueOpened))
    if not any(isinstance(fact, AuthorPlaced) for fact in log):
        placed = AuthorPlaced(at=opened.at, teams=household.tree.teams_of(issue.by.login))
        await desk.log.add((placed,), "usher")
        log = in_order([*log, placed])
    terms = Terms(
        rules=rulebook.rules,
        calendars=rulebook.calendars,
        teams={
            key: tuple(member.login for member in team.members) for key, team in household.tree.teams.items()
        },
        away=await reads.records.absences(opened.at),
        owners=await _owners(household, rulebook, reads),
    )
    return IssueSituation(
        issue=issue,
        rulebook=rulebook,
        household=household,
        log=log,
        terms=terms,
        now=desk.now,
        effects=await desk.effects.every(),
    )


async def _owners(household: Household, rulebook: Rulebook, reads: Reads) -> tuple[str, ...]:
    """Who answers for the repository: its team; else whom the owners file names for everything, or at all."""
    if household.owner is not None:
        return household.tree.members(household.owner.team)
    file = rulebook.owners
    named = owners_of_everything(file) or tuple(
        dict.fromkeys(owner for rule in (file.rules if file else ()) for owner in rule.owners)
    )
    people: dict[str, str] = {}
    for name in (owner[1:] for owner in named if owner.startswith("@")):
        team = await reads.people.team(name) if "/" in name else None
        for login in [member.login for member in team.members] if team else [name]:
            if "/" not in login:
                people.setdefault(same(login), login)
    return tuple(people.values())


def _standing(situation: IssueSituation, repository: RepositoryRef) -> Standing:
    issue, state = situation.issue, situation.state
    due = min((each.due for each in state.obligations if each.open and each.due), default=None)
    projection: dict[str, Any] = {
        "title": issue.title,
        "url": issue.url,
        "repository": repository.name,
        "number": issue.number,
        "author": issue.by.login,
        "opened_at": issue.opened_at.isoformat() if issue.opened_at else None,
        "turn": list(state.turn.parties),
        "because": state.turn.reason,
        "since": state.turn.since.isoformat(),
        "due": due.isoformat() if due else None,
        "zone": situation.zone,
        "labels": list(issue.labels),
    }
    return Standing(state, projection)


def _next_look(situation: IssueSituation) -> datetime | None:
    if unanswered(situation.log):
        return situation.now
    instants = [
        situation.state.next_wake,
        look(situation).look_again,
        no_explained_by(situation),
        room_again(situation) if situation.issue.open else None,
    ]
    return min((each for each in instants if each is not None and each > situation.now), default=None)
