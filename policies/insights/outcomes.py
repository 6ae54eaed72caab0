"""What became of a change, from its facts and its clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from policies import guests
from policies.calendars import Hours, elapsed
from policies.clocks import State
from policies.facts import (
    Change,
    ChangeClosed,
    ChangeMerged,
    ChangeOpened,
    ChangeReadied,
    Fact,
    RemarkMade,
    ReviewAsked,
    Reviewed,
    same,
)
from policies.insights.measures import Outcome

ANSWERS = (Reviewed, RemarkMade, ChangeMerged, ChangeClosed)
PROMISED = ("first_response", "re_review")


def outcome_of(
    change: Change, log: Sequence[Fact], state: State, hours: Hours, teams: Sequence[str], now: datetime
) -> Outcome:
    """What became of the change by `now`. `teams` are those closest to its author; `hours` count waiting."""
    seen = guests.latest(tuple(log))
    ready = ready_at(log, change)
    merged = next((fact.at for fact in reversed(log) if isinstance(fact, ChangeMerged)), None)
    waited, answered = None, False
    if ready is not None and not change.author.bot:
        answer, end = first_answer(log, change, state, ready, now)
        answered = answer is not None
        waited = elapsed(hours, ready, end).total_seconds() / 3600
    promises = [each for each in state.obligations if each.ledger == "slot" and each.kind in PROMISED]
    verdicts = [each.verdict for each in promises]
    reviewers = {fact.by.lower(): fact.by for fact in log if isinstance(fact, Reviewed) and not fact.by_bot}
    return Outcome(
        repository=change.repository.name,
        number=change.number,
        author=change.author.login,
        origin="bot" if change.author.bot else seen.origin if seen else "unknown",
        teams=tuple(teams),
        owners=seen.owners if seen else (),
        opened_at=change.opened_at,
        ready_at=ready,
        waited=waited,
        answered=answered,
        merged_at=merged,
        kept=verdicts.count("met"),
        missed=verdicts.count("missed"),
        pending=verdicts.count(None),
        reviewers=tuple(reviewers[key] for key in sorted(reviewers) if key != same(change.author.login)),
    )


def ready_at(log: Iterable[Fact], change: Change) -> datetime | None:
    """When it was first open and no draft; None where it never was."""
    opened = next((fact for fact in log if isinstance(fact, ChangeOpened)), None)
    if opened is None:
        return None if change.draft else change.opened_at
    if not opened.draft:
        return opened.at
    return next((fact.at for fact in log if isinstance(fact, ChangeReadied)), None)


def first_answer(
    log: Iterable[Fact], change: Change, state: State, ready: datetime, now: datetime
) -> tuple[Fact | None, datetime]:
    """The first answer of an owner who is human and not the author, and when waiting ended.

    A change that its author closed, or that nobody answered yet, was waited for at least until then.
    """
    owners = {same(person) for slot in state.slots for person in slot.owners}
    owners |= {same(fact.who) for fact in log if isinstance(fact, ReviewAsked) and fact.who}
    author, until = same(change.author.login), now
    for fact in log:
        if fact.at < ready or fact.by_bot or not isinstance(fact, ANSWERS):
            continue
        ended = isinstance(fact, ChangeMerged | ChangeClosed)
        if same(fact.by) != author and (same(fact.by) in owners or ended):
            return fact, fact.at
        if ended:
            until = fact.at
            break
    return None, max(until, ready)
