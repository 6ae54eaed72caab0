"""Tells the story of a change: fact by fact, with what happens by itself in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from policies.clocks import hours
from policies.clocks.asking import begin, tidy
from policies.clocks.events import apply
from policies.clocks.returning import complete, presumptions
from policies.clocks.terms import Terms
from policies.clocks.turn import View, freezes, view
from policies.clocks.world import Slot, World
from policies.facts import ChangeOpened, Fact, same

Timer = tuple[datetime, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which nothing changed."""

    start: datetime
    end: datetime
    view: View


@dataclass(slots=True)
class Walk:
    """The story as told until `at`: the world then, and every stretch on the way."""

    terms: Terms
    world: World
    at: datetime
    stretches: list[Stretch] = field(default_factory=list)

    def next_timer(self) -> datetime | None:
        """When something happens by itself next."""
        return min((when for when, _ in _timers(self.world, self.terms, self.at)), default=None)


def walk(facts: Sequence[Fact], terms: Terms, now: datetime) -> Walk:
    """The story of these facts, in their order, until `now`. ValueError where none opens the change."""
    opened = next((fact for fact in facts if isinstance(fact, ChangeOpened)), None)
    if opened is None:
        raise ValueError("no fact says that the change was opened")
    world = World(author=same(opened.by), opened=opened.at, base=opened.base, head=opened.head)
    world.name(opened.by)
    world.author_is_bot = opened.by_bot
    world.ready = None if opened.draft else opened.at
    told = Walk(terms, world, opened.at)
    for fact in facts:
        _wait(told, fact.at)
        apply(world, terms, fact)
        tidy(world, terms, fact.at)
    _wait(told, now)
    return told


def _wait(told: Walk, instant: datetime) -> None:
    """Let time pass until an instant, and let happen what happens by itself until then."""
    while True:
        timers = [timer for timer in _timers(told.world, told.terms, told.at) if timer[0] <= instant]
        if not timers:
            break
        when, happen = min(timers, key=lambda timer: timer[0])
        _pass(told, when)
        happen()
        tidy(told.world, told.terms, told.at)
    _pass(told, instant)


def _pass(told: Walk, instant: datetime) -> None:
    if instant <= told.at:
        return
    now = view(told.world, told.terms, told.at)
    start = told.at
    if told.stretches and told.stretches[-1].view == now:
        start = told.stretches.pop().start
    told.stretches.append(Stretch(start, instant, now))
    told.at = instant


# --- What happens by itself ------------------------------------------------------------------------------


def _timers(world: World, terms: Terms, at: datetime) -> Iterator[Timer]:
    """Everything that will happen by itself as things stand, with when."""
    if world.closed is None:
        yield from _beginnings(world, terms, at)
        yield from _returns(world, terms, at)
        yield from _handovers(world, terms, at)
    yield from ((when, _nothing) for when in _pause_edges(world, terms) if when > at)


def _nothing() -> None:
    """The view changes by itself."""


def _beginnings(world: World, terms: Terms, at: datetime) -> Iterator[Timer]:
    """Slots whose time starts to run once the change has settled."""
    if world.ready is None:
        return
    for slot in world.slots.values():
        if slot.cycle.ledger is None:
            when = max(_start(world, terms, slot), at)
            yield when, partial(begin, world, slot, when)


def _start(world: World, terms: Terms, slot: Slot) -> datetime:
    reviews = terms.rules.reviews
    day = timedelta(days=1)
    settled = max(world.ready or world.opened, slot.known) + reviews.settle.length(day)
    waits = reviews.ci == "gate" and not _is_green(world, terms)
    return settled + reviews.gate_max.length(day) if waits else settled


def gated_until(world: World, terms: Terms, at: datetime) -> datetime | None:
    """Until when nobody is to be asked because required checks have not succeeded yet; None: they may be."""
    if terms.rules.reviews.ci != "gate" or world.ready is None or world.closed is not None:
        return None
    if _is_green(world, terms):
        return None
    waiting = [_start(world, terms, slot) for slot in world.slots.values() if slot.cycle.ledger is None]
    return max((start for start in waiting if start > at), default=None)


def _is_green(world: World, terms: Terms) -> bool:
    required = terms.required_checks or ()
    return all(world.checks.get(same(name)) in ("success", "neutral") for name in required)


def _returns(world: World, terms: Terms, at: datetime) -> Iterator[Timer]:
    """Turns that go back to reviewers."""
    for who, when in world.returning.items():
        yield max(when, at), partial(complete, world, terms, who, max(when, at))
    if view(world, terms, at).headline.row > 3:
        for who, (asked, presumed) in presumptions(world, terms).items():
            if asked is not None and asked > at:
                yield asked, _nothing
            if presumed is not None:
                when = max(presumed, at)
                yield when, partial(complete, world, terms, who, when)


def _handovers(world: World, terms: Terms, at: datetime) -> Iterator[Timer]:
    """People who go away for a day or more, and leave what they owe to others."""
    for slot in world.slots.values():
        for who, ledger in slot.owing.items():
            for away in hours.absences(terms, who):
                when = max(away.start, away.declared)
                gone = ledger.t0 < when < away.end and hours.is_long(away, hours.of_person(terms, who))
                if gone:
                    yield max(when, at), partial(_hand_over, world, slot, who, max(when, at))


def _hand_over(world: World, slot: Slot, who: str, at: datetime) -> None:
    slot.owing.pop(who).end(at, "excused")
    world.away.add(who)


def _pause_edges(world: World, terms: Terms) -> Iterator[datetime]:
    """When pauses begin and end by themselves."""
    if world.snooze is not None and world.snooze.until is not None:
        yield world.snooze.until
    for start, end, _ in freezes(terms):
        yield start
        yield end
