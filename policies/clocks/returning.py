"""When the author's turn ends: by an act that says so, or by acts that let it be presumed."""

from __future__ import annotations

from datetime import datetime, timedelta

from policies import calendars
from policies.clocks import hours
from policies.clocks.asking import give_back
from policies.clocks.terms import Terms
from policies.clocks.turn import writers
from policies.clocks.world import World, is_satisfied, may_answer, owes, waits_for_author
from policies.durations import Duration


def awaited(world: World) -> list[str]:
    """The reviewers who gave an answer that the author has still to act on."""
    answered = {who for slot in world.slots.values() for who in slot.responded} - world.declined
    return [who for who in sorted(answered) if waits_for_author(world, who) and not owes(world, who)]


def announce(world: World, terms: Terms, who: str, at: datetime) -> None:
    """The author gives the turn back to somebody, as soon as nothing more comes for a while."""
    world.returning[who] = at + terms.rules.reviews.returns.quiet.length(timedelta(days=1))
    world.stirred.pop(who, None)


def notice(world: World, terms: Terms, who: str, at: datetime) -> None:
    """Something was done about what somebody said: is it all, or enough to presume so after a while?"""
    opinion = world.opinions.get(who)
    objects = opinion is not None and not opinion.approves
    own = [thread for thread in world.threads.values() if thread.by == who]
    all_answered = bool(own) and not any(thread.waits for thread in own)
    pushed = who in world.pushed_for
    if all_answered and (pushed or not objects):
        announce(world, terms, who, at)
    elif all_answered or pushed:
        world.stirred[who] = at


def complete(world: World, terms: Terms, who: str, at: datetime) -> None:
    """The turn is back with a reviewer."""
    world.returning.pop(who, None)
    world.stirred.pop(who, None)
    world.pushed_for.discard(who)
    able = writers(terms)
    for slot in world.slots.values():
        if (
            who in slot.responded
            and may_answer(world, slot, who, able)
            and not is_satisfied(world, slot, able)
        ):
            give_back(world, slot, who, at)


def presumptions(world: World, terms: Terms) -> dict[str, tuple[datetime | None, datetime | None]]:
    """For each reviewer to whom a return may be presumed: when the author is asked, and when it is."""
    if world.not_yet:
        return {}
    wait = terms.rules.reviews.returns
    found = {}
    for who in awaited(world):
        if who in world.stirred and who not in world.returning:
            asked = _after(world.stirred[who], wait.ask_after, terms, world.author)
            presumed = asked and _after(asked, wait.presume_after, terms, world.author)
            found[who] = (asked, presumed)
    return found


def _after(start: datetime, wait: Duration, terms: Terms, author: str) -> datetime | None:
    run, length = hours.measured(wait, hours.present(terms, author))
    return calendars.due(run, start, length)
