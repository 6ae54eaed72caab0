"""Looks at one change as it is now, asks every feature what ought to be, and does the difference.

An event, a timer, a sweep, a retry and a preview all end here. Settling twice changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from handlers import FEATURES, Feature
from handlers.clock import standing
from handlers.commands import are_waiting
from handlers.dry_run import show_dry_run
from handlers.guests import comes_at
from handlers.origin import seen_origin
from handlers.outcome import became
from handlers.owning import owning
from handlers.perform import perform
from handlers.ports import Forge, Gone
from handlers.proofs import Desk, mend
from handlers.records import NotYet, Rulebook, Rulebooks
from handlers.reminded import look
from handlers.situation import Reads, Situation
from handlers.sticky import say_switched_off
from handlers.terms import terms_of
from policies import dependencies
from policies.actions import SetCheck
from policies.facts import BranchRules, Change, Fact, RepositoryRef, Reviewed, Subject, Touched, in_order
from policies.gaps import in_change, in_checks, in_threads

COMPUTED_IN, GIVE_UP_AFTER = timedelta(minutes=1), timedelta(minutes=10)
"""How long a forge takes to find conflicts, and when something must have happened so that it is asked again."""

MOST_ROUNDS = 5
"""A feature that still wants something after so many rounds gets its turn again when next it is looked at."""


async def settle_change(
    subject: Subject, repository: RepositoryRef, reads: Reads, rulebooks: Rulebooks, desk: Desk
) -> datetime | None:
    """Make the change as it ought to be; returns when to look again by itself, None: only if it is touched.

    Raises what `perform` raises. A change that is gone, or hidden from us, is nobody's turn any more.
    """
    try:
        change = await desk.forge.change(repository, subject.number)
    except Gone:
        return None
    wait = await mend(change, desk)
    situation = await _situation(change, reads, rulebooks, desk)
    if not situation.rulebook.rules.enabled:
        await _do(say_switched_off, situation, reads, desk)
        await desk.records.keep_clock(standing(situation), desk.now)
        return None
    for feature in FEATURES:
        situation = await _do(feature, situation, reads, desk)
    if wait:
        raise NotYet(wait, "it is not known yet what became of a write")
    await show_dry_run(situation, desk)
    if not desk.live:  # whoever would have been asked owes nothing
        situation = replace(situation, log=await desk.log.read())
    await desk.records.keep_clock(standing(situation), desk.now)
    await desk.records.keep_outcome(await became(situation, reads), change.title)
    return _next_look(situation)


async def _do(feature: Feature, situation: Situation, reads: Reads, desk: Desk) -> Situation:
    """Do what a feature wants until nothing more comes of it: whom the forge refuses is replaced at once."""
    desk = replace(desk, feature=feature.__name__)
    for _ in range(MOST_ROUNDS):
        actions = await feature(situation, reads)
        came = await perform(actions, situation.change, desk)
        if came or any(isinstance(each, SetCheck) for each in actions):
            # What was just done counts as done: a step that is taken twice would ask one more each time.
            situation = replace(situation.knowing(came), effects=await desk.effects.every())
        if not came:
            break
    return situation


async def _situation(change: Change, reads: Reads, rulebooks: Rulebooks, desk: Desk) -> Situation:
    log = await desk.log.read()
    rulebook = await rulebooks.on(change.repository, change.base, change.base_sha)
    unheard = in_change(change, log, desk.now)
    if any(isinstance(fact, Reviewed) and fact.thread for fact in log):
        prefix = rulebook.rules.commands.prefix
        unheard = (
            *unheard,
            *in_threads(await desk.forge.threads(change), log, desk.now, command=prefix),
        )
    await desk.log.add(unheard, "poll")
    open_now = change.state == "open" and not change.draft
    touched = await desk.forge.touched(change) if open_now else Touched()
    areas = await owning(change.repository, touched, rulebook, reads.people)
    origin = await seen_origin(change, areas, rulebook, log, reads)
    await desk.log.add(origin, "usher")
    log = in_order([*log, *unheard, *origin])
    demanded = await reads.people.branch_rules(change.repository, change.base) if open_now else None
    checked = await _checked(change, demanded, rulebook, log, desk)
    waits = await _waits_for(change, log, desk) if change.state == "open" else ()
    log = in_order([*log, *checked, *waits])
    return Situation(
        change=change,
        touched=touched,
        rulebook=rulebook,
        areas=areas,
        log=log,
        terms=await terms_of(change, rulebook, areas, demanded, log, reads),
        now=desk.now,
        effects=await desk.effects.every(),
    )


async def _checked(
    change: Change, demanded: BranchRules | None, rulebook: Rulebook, log: tuple[Fact, ...], desk: Desk
) -> tuple[Fact, ...]:
    """How the checks stand that the branch demands, where anything depends on them."""
    if demanded is None or not demanded.checks or rulebook.rules.reviews.ci == "ignore":
        return ()
    results = await desk.forge.checks(change.repository, change.head_sha)
    found = in_checks(results, demanded.checks, change, log)
    await desk.log.add(found, "poll")
    return found


async def _waits_for(change: Change, log: tuple[Fact, ...], desk: Desk) -> tuple[Fact, ...]:
    """What of that which the description names is open now, where the log does not say so yet."""
    still = [ref for ref in dependencies.named(change.body) if await _is_open(change, ref, desk.forge)]
    found = dependencies.noted(still, log, desk.now)
    await desk.log.add(found, "poll")
    return found


async def _is_open(change: Change, ref: str, forge: Forge) -> bool:
    """Whether something is open that a description names; what is not there, or is the change itself, is not."""
    number = int(ref[1:])
    try:
        if ref.startswith("!"):
            return number != change.number and (await forge.change(change.repository, number)).state == "open"
        itself = number == change.number and forge.dialect == "github"
        return not itself and (await forge.issue(change.repository, number)).open
    except Gone:
        return False


def _until_known(situation: Situation) -> datetime | None:
    """When to ask again whether the change conflicts: the forge finds out after it was asked the first time."""
    if situation.change.mergeable is not None or not situation.is_open:
        return None
    heard = max(fact.at for fact in situation.log)
    return situation.now + COMPUTED_IN if situation.now - heard < GIVE_UP_AFTER else None


def _next_look(situation: Situation) -> datetime | None:
    """The next instant at which the clock or the reminders change by themselves; at once if somebody waits."""
    if are_waiting(situation):
        return situation.now
    instants = [
        situation.state.next_wake,
        look(situation).look_again,
        comes_at(situation),
        _until_known(situation),
    ]
    later = [each for each in instants if each is not None and each > situation.now]
    return min(later, default=None)
