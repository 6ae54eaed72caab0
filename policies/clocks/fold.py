"""From the facts of a change to its state, by one walk through time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from policies.clocks import hours
from policies.clocks.ledgers import obligation, of_item
from policies.clocks.returning import presumptions
from policies.clocks.state import Obligation, SlotState, State, Turn
from policies.clocks.story import story
from policies.clocks.terms import Terms
from policies.clocks.turn import Place, View, guard_of, held_by, view, writers
from policies.clocks.walk import Stretch, Walk, gated_until, walk
from policies.clocks.world import Slot, World, approvals, is_satisfied
from policies.facts import Fact, same


def fold(facts: Iterable[Fact], terms: Terms, now: datetime) -> State:
    """The state of a change at `now`; facts from after `now` are left out.

    Facts may come in any order, twice or late. ValueError where none says that the change was opened.
    """
    told = walk(story(facts, now), terms, now)
    world = told.world
    present = Stretch(now, now, view(world, terms, now))
    stretches = [*told.stretches, present]
    obligations = _obligations(world, stretches, terms, now)
    return State(
        turn=_turn(present.view.headline, [each.view.headline for each in stretches], stretches),
        slots=tuple(_slot_state(world, terms, slot, stretches) for slot in world.slots.values()),
        obligations=obligations,
        next_wake=_next_wake(told, obligations, now),
        author=world.spelling[world.author],
        author_hours=hours.of_person(terms, world.author),
        declined=world.spelled(world.declined),
        ask_author=_asks_author(world, terms, present.view, now),
        reask=world.spelled({who for who in world.returned if _owes(world, who)}),
        acted={world.spelling[who]: at for who, at in world.acted.items()},
        tripped="" if world.waived else guard_of(world, terms),
        gated_until=gated_until(world, terms, now),
        held=held_by(world, now) is not None,
    )


def _obligations(
    world: World, stretches: list[Stretch], terms: Terms, now: datetime
) -> tuple[Obligation, ...]:
    if not _has_clock(world, terms):
        return ()
    ledgers = [*world.ledgers, *of_item(stretches, world.author)]
    if world.closed is not None:
        for ledger in ledgers:
            ledger.end(max(world.closed, ledger.t0), "cancelled")
    found = (obligation(ledger, stretches, terms, world, now) for ledger in ledgers)
    return tuple(sorted((each for each in found if each is not None), key=lambda each: (each.t0, each.key)))


def _has_clock(world: World, terms: Terms) -> bool:
    """Whether answers are promised at all: not to bots, unless the rules say so."""
    reviews = terms.rules.reviews
    is_bot = world.author_is_bot or world.author in {same(login) for login in reviews.bots.logins}
    return terms.rules.enabled and reviews.enabled and (not is_bot or reviews.bots.sla)


def _turn(place: Place, places: list[Place | None], stretches: list[Stretch]) -> Turn:
    """The place that holds now, with the instant since when it has."""
    since = stretches[-1].start
    for stretch, earlier in zip(reversed(stretches), reversed(places), strict=True):
        if earlier is None or (earlier.row, earlier.parties) != (place.row, place.parties):
            break
        since = stretch.start
    return Turn(place.row, place.state, place.parties, place.reason, since)


def _slot_state(world: World, terms: Terms, slot: Slot, stretches: list[Stretch]) -> SlotState:
    able = writers(terms)
    places = [each.view.slots.get(slot.first_name) for each in stretches]
    place = places[-1]
    ledger = slot.cycle.ledger
    return SlotState(
        name=slot.name,
        need=slot.need,
        owners=world.spelled(slot.owners),
        turn=None if place is None else _turn(place, places, stretches),
        satisfied=is_satisfied(world, slot, able),
        approvals=world.spelled(approvals(world, slot, able)),
        asked=world.spelled(slot.owing),
        responded=world.spelled(slot.responded - world.declined),
        freed=world.spelled(slot.freed),
        cycle=slot.cycle.number,
        since=ledger.t0 if ledger else None,
    )


def _owes(world: World, who: str) -> bool:
    return any(who in slot.owing for slot in world.slots.values())


def _asks_author(world: World, terms: Terms, present: View, now: datetime) -> bool:
    """Whether the author should be asked if the change is ready for another look."""
    if present.headline.row <= 3:
        return False
    asked = (asked for asked, _ in presumptions(world, terms).values())
    return any(at is not None and at <= now for at in asked)


def _next_wake(told: Walk, obligations: tuple[Obligation, ...], now: datetime) -> datetime | None:
    instants = [told.next_timer()]
    for each in obligations:
        if each.open:
            instants += [each.due, each.resumes, *each.steps.values()]
    return min((at for at in instants if at is not None and at > now), default=None)
