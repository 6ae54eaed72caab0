"""Who owes an answer: how it begins with a request, and how it ends."""

from __future__ import annotations

from datetime import datetime

from policies.clocks.terms import Terms
from policies.clocks.turn import writers
from policies.clocks.world import (
    Ask,
    Cycle,
    Ledger,
    Slot,
    World,
    approvals,
    is_satisfied,
    may_answer,
    objections,
    undecided,
)
from policies.facts import Fact

OWED_IN = frozenset({6, 7})
ASKED_IN = frozenset({7})
DECIDED_IN = frozenset({7, 10})
UNASSIGNED_IN = frozenset({6})


def begin(world: World, slot: Slot, at: datetime) -> None:
    """The slot's time starts to run, unless it does already."""
    cycle = slot.cycle
    if cycle.ledger is None and world.closed is None:
        cycle.ledger = _open(
            world, Ledger(cycle.kind, "slot", slot.first_name, slot.first_name, cycle.number, at, OWED_IN)
        )
        promises = [each.promise for each in slot.owing.values() if each.promise is not None]
        cycle.ledger.promise = min(promises, default=None)
        if cycle.decision is None:
            cycle.decision = _open(
                world,
                Ledger("decision", "slot", slot.first_name, slot.first_name, cycle.number, at, DECIDED_IN),
            )


def owe(world: World, slot: Slot, who: str, at: datetime) -> None:
    """Somebody owes the slot an answer from now on, unless they do already."""
    if who not in slot.owing and world.closed is None:
        cycle = slot.cycle
        ledger = Ledger(cycle.kind, "person", slot.first_name, who, cycle.number, at, ASKED_IN)
        slot.owing[who] = _open(world, ledger)
        slot.freed.discard(who)


def _open(world: World, ledger: Ledger) -> Ledger:
    identity = (ledger.kind, ledger.ledger, ledger.slot, ledger.party, ledger.cycle)
    earlier = [
        each
        for each in world.ledgers
        if (each.kind, each.ledger, each.slot, each.party, each.cycle) == identity
    ]
    ledger.nth = len(earlier) + 1
    world.ledgers.append(ledger)
    return ledger


def covered_by(world: World, who: str, ask: Ask) -> list[Slot]:
    """The slots that a request is for: those it names, else those the person owns.

    A person's request also covers the slots that nobody owns.
    """
    if ask.slots is not None:
        return [slot for slot in world.slots.values() if slot.name in ask.slots]
    return [
        slot for slot in world.slots.values() if who in slot.owners or (ask.by_person and not slot.owners)
    ]


def answer(world: World, terms: Terms, who: str, fact: Fact) -> None:
    """Somebody answered: the slot's time stops, and where enough people have, the others are free."""
    if world.closed is not None:
        return
    able = writers(terms)
    for slot in world.slots.values():
        if not may_answer(world, slot, who, able):
            continue
        begin(world, slot, fact.at)
        if slot.cycle.ledger is not None:
            slot.cycle.ledger.answer(fact)
        if who in slot.owing:
            slot.owing.pop(who).answer(fact)
        slot.responded.add(who)
        slot.cycle.responders.add(who)
        if len(slot.cycle.responders | approvals(world, slot, able)) >= slot.need:
            release_all(world, terms, slot, fact.at)
    world.declined.discard(who)
    world.stirred.pop(who, None)
    world.pushed_for.discard(who)
    world.returned.discard(who)


def release(world: World, who: str, at: datetime) -> None:
    """Somebody owes nothing here any more; the slots' own time runs on."""
    world.asks.pop(who, None)
    world.returned.discard(who)
    for slot in world.slots.values():
        if who in slot.owing:
            slot.owing.pop(who).end(at, "released")


def release_all(world: World, terms: Terms, slot: Slot, at: datetime) -> None:
    """Everybody else who owes the slot an answer is free, but for those whose objection only they can lift."""
    for who in slot.owing.keys() - objections(world, slot, writers(terms)):
        slot.owing.pop(who).end(at, "released")
        slot.freed.add(who)


def cancel(slot: Slot, at: datetime) -> None:
    """The slot wants no answer any more."""
    for ledger in (slot.cycle.ledger, slot.cycle.decision, slot.assign, *slot.owing.values()):
        if ledger is not None:
            ledger.end(at, "cancelled")
    slot.owing.clear()
    slot.assign = None


def give_back(world: World, slot: Slot, who: str, at: datetime) -> None:
    """The turn goes back to a reviewer of the slot, with a fresh budget."""
    ledger = slot.cycle.ledger
    if ledger is None or ledger.ended is not None:
        slot.cycle = Cycle(slot.cycle.number + 1, "re_review", decision=slot.cycle.decision)
        begin(world, slot, at)
    owe(world, slot, who, at)
    world.returned.add(who)


def tidy(world: World, terms: Terms, at: datetime) -> None:
    """What follows from any event: satisfied slots free their people, and no slot is left without need."""
    if world.closed is not None:
        return
    able = writers(terms)
    for slot in world.slots.values():
        if is_satisfied(world, slot, able):
            release_all(world, terms, slot, at)
            if slot.cycle.decision is not None:
                slot.cycle.decision.end(at, "answered")
        elif is_unassigned(world, terms, slot):
            _take_over(world, slot, at)
        elif _waits_for_objectors(world, terms, slot):
            slot.cycle = Cycle(slot.cycle.number + 1, "re_review", decision=slot.cycle.decision)
            begin(world, slot, at)
        _keep_assign(world, terms, slot, at)


def is_unassigned(world: World, terms: Terms, slot: Slot) -> bool:
    """Whether nobody was asked for a slot, nor is about to decide on it."""
    return not slot.owing and not undecided(world, slot, writers(terms))


def _waits_for_objectors(world: World, terms: Terms, slot: Slot) -> bool:
    """Whether only those who objected, and have the turn again, keep the slot open; its time ended before."""
    able = writers(terms)
    objecting = objections(world, slot, able)
    rest_approved = bool(objecting) and len(approvals(world, slot, able)) >= slot.need
    ended = slot.cycle.ledger is not None and slot.cycle.ledger.ended is not None
    return ended and rest_approved and objecting <= slot.owing.keys()


def _take_over(world: World, slot: Slot, at: datetime) -> None:
    """Owners who have to do with the change already answer for a slot that has nobody else."""
    out = world.declined | world.away | slot.responded | {world.author}
    engaged = set(world.asks) | {who for other in world.slots.values() for who in other.responded}
    for who in sorted(engaged & slot.owners - out):
        owe(world, slot, who, at)
        if who not in world.asks:
            world.returned.add(who)


def _keep_assign(world: World, terms: Terms, slot: Slot, at: datetime) -> None:
    """The time in which somebody has to be found for a slot."""
    lacks = is_unassigned(world, terms, slot) and not is_satisfied(world, slot, writers(terms))
    if not lacks and slot.assign is not None:
        slot.assign.end(at, "answered")
        slot.assign = None
    elif lacks and slot.assign is None and slot.cycle.ledger is not None:
        ledger = Ledger(
            "assign", "slot", slot.first_name, slot.first_name, slot.cycle.number, at, UNASSIGNED_IN
        )
        slot.assign = _open(world, ledger)
