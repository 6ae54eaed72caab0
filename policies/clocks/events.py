"""What each kind of fact changes in the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from policies import instants
from policies.clocks import hours
from policies.clocks.asking import (
    answer,
    begin,
    cancel,
    covered_by,
    give_back,
    owe,
    release,
)
from policies.clocks.returning import announce, awaited, notice
from policies.clocks.terms import Terms
from policies.clocks.turn import guard_of, writers
from policies.clocks.world import (
    BLOCKED,
    SNOOZED,
    Ask,
    Cycle,
    Opinion,
    Pause,
    Slot,
    Thread,
    World,
    approvals,
    is_satisfied,
    owes,
)
from policies.facts import (
    ChangeClosed,
    ChangeDrafted,
    ChangeMerged,
    ChangePushed,
    ChangeQueued,
    ChangeReadied,
    ChangeReopened,
    ChangeRetargeted,
    ChecksChanged,
    CommandGiven,
    ConflictChanged,
    DependencyChanged,
    Fact,
    Labelled,
    RemarkMade,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    SlotsChosen,
    ThreadChanged,
    same,
)
from policies.reviewers.slots import owners_in

ON_THE_FORM = timedelta(minutes=1)
"""Requests on the form that opens a change are told a moment after it; they were made with it."""


def apply(world: World, terms: Terms, fact: Fact) -> None:
    """The world after a fact. Facts that no clock depends on change nothing."""
    if fact.by and not fact.by_bot:
        world.acted[world.name(fact.by)] = fact.at
    if (event := _EVENTS.get(type(fact))) is not None:
        event(world, terms, fact)


# --- The change itself -----------------------------------------------------------------------------------


def _drafted(world: World, terms: Terms, fact: ChangeDrafted) -> None:
    if world.ready is not None:
        world.ready = None
        world.drafted_by = same(fact.by)


def _readied(world: World, terms: Terms, fact: ChangeReadied) -> None:
    if world.ready is not None:
        return
    world.ready = fact.at
    if same(fact.by) in ("", world.author):
        _ready(world, terms, fact)


def _ready(world: World, terms: Terms, fact: Fact) -> None:
    for who in awaited(world):
        announce(world, terms, who, fact.at)


def _pushed(world: World, terms: Terms, fact: ChangePushed) -> None:
    world.head = fact.after_sha
    world.checks.clear()
    unchanged = bool(fact.content) and fact.content == world.content
    world.content = fact.content or world.content
    if unchanged or fact.by_bot:
        return
    world.pushes += 1
    world.not_yet = False
    for who in awaited(world):
        world.pushed_for.add(who)
        notice(world, terms, who, fact.at)


def _retargeted(world: World, terms: Terms, fact: ChangeRetargeted) -> None:
    world.base = fact.base


def _closed(world: World, terms: Terms, fact: ChangeClosed | ChangeMerged) -> None:
    if fact.by and not fact.by_bot:
        answer(world, terms, same(fact.by), fact)
    world.closed = world.closed or fact.at
    world.merged = world.merged or isinstance(fact, ChangeMerged)


def _reopened(world: World, terms: Terms, fact: ChangeReopened) -> None:
    """What was never answered begins anew; the rest goes on."""
    closed, world.closed = world.closed, None
    if closed is None:
        return
    if world.ready is not None:
        world.ready = fact.at
    for slot in world.slots.values():
        ledger = slot.cycle.ledger
        if slot.cycle.kind == "first_response" and ledger is not None and ledger.ended is None:
            cancel(slot, closed)
            slot.cycle = Cycle(slot.cycle.number + 1)
    _apply_asks(world, terms, fact.at)


def _queued(world: World, terms: Terms, fact: ChangeQueued) -> None:
    world.queued = fact.on


def _conflicts(world: World, terms: Terms, fact: ConflictChanged) -> None:
    world.conflict = fact.on


def _depends(world: World, terms: Terms, fact: DependencyChanged) -> None:
    (world.dependencies.add if fact.open else world.dependencies.discard)(fact.ref)


def _checked(world: World, terms: Terms, fact: ChecksChanged) -> None:
    if not fact.commit or not world.head or fact.commit == world.head:
        world.checks[same(fact.name)] = fact.state


def _labelled(world: World, terms: Terms, fact: Labelled) -> None:
    if fact.on:
        world.labels[same(fact.label)] = fact.by
    else:
        world.labels.pop(same(fact.label), None)


# --- Slots ---------------------------------------------------------------------------------------------


def _slots_chosen(world: World, terms: Terms, fact: SlotsChosen) -> None:
    """Slots keep their time by name; a new one goes on with that of the old one sharing most files."""
    before = world.slots
    files = {name: frozenset(paths) for name, paths in fact.files}
    contents = dict(fact.contents)
    vanished = [slot for name, slot in before.items() if name not in {each[0] for each in fact.slots}]
    world.slots, world.slots_known = {}, True
    for name, need, owners in fact.slots:
        slot = before.get(name) or _heir(vanished, files.get(name, frozenset()))
        if slot is None:
            slot = Slot(_first_name(world, name), name, need, frozenset(), frozenset(), fact.at)
        elif slot.name != name:
            vanished.remove(slot)
            _rename(world, slot, name)
        slot.need = need
        slot.owners = frozenset(world.name(owner) for owner in owners)
        slot.files = files.get(name, slot.files)
        slot.content = contents.get(name, slot.content)
        world.slots[name] = slot
    for slot in vanished:
        cancel(slot, fact.at)
    world.guard = fact.guard
    _apply_asks(world, terms)


def _heir(vanished: list[Slot], files: frozenset[str]) -> Slot | None:
    sharing = [slot for slot in vanished if slot.files & files]
    return max(sharing, key=lambda slot: (len(slot.files & files), slot.name), default=None)


def _first_name(world: World, name: str) -> str:
    """The name, with a number where a slot of that name was there before."""
    world.names_used[name] = world.names_used.get(name, 0) + 1
    return name if world.names_used[name] == 1 else f"{name} ({world.names_used[name]})"


def _rename(world: World, slot: Slot, name: str) -> None:
    old, slot.name = slot.name, name
    for who, ask in world.asks.items():
        if ask.slots is not None and old in ask.slots:
            world.asks[who] = replace(ask, slots=ask.slots - {old} | {name})


def _apply_asks(world: World, terms: Terms, at: datetime | None = None) -> None:
    """Requests hold for slots that became known after them, and again when the change is reopened (`at`)."""
    able = writers(terms)
    for who, ask in world.asks.items():
        for slot in covered_by(world, who, ask):
            out = slot.responded | slot.freed | world.declined | world.away
            if who not in out and not is_satisfied(world, slot, able):
                since = at or max(ask.at, slot.known)
                owe(world, slot, who, since)
                if ask.by_person and at is None:
                    begin(world, slot, since)


# --- Requests ------------------------------------------------------------------------------------------


def _asked(world: World, terms: Terms, fact: ReviewAsked) -> None:
    by_person = not fact.by_bot and not fact.by_usher
    if fact.team and by_person:
        _team_asked(world, fact)
    who = world.name(fact.who) if fact.who else world.author
    if who == world.author:
        return
    known = world.asks.get(who)
    ask = _merged(known, fact, by_person)
    if by_person and fact.at - world.opened <= ON_THE_FORM:
        ask = replace(ask, at=min(ask.at, world.opened))
    world.asks[who] = ask
    world.returned.discard(who)
    if by_person:
        world.declined.discard(who)
        world.away.discard(who)
        if _answered_before(world, terms, who):
            announce(world, terms, who, fact.at)
            return
    at = ask.at if known is None else fact.at
    for slot in covered_by(world, who, ask):
        if who not in slot.responded and not is_satisfied(world, slot, writers(terms)):
            owe(world, slot, who, max(at, slot.known))
            if by_person:
                begin(world, slot, max(at, slot.known))


def _merged(known: Ask | None, fact: ReviewAsked, by_person: bool) -> Ask:
    """One request of several: the earliest instant, and for which slots Usher asked where it says so."""
    slots = frozenset(fact.slots) if fact.slots else None
    if known is None:
        return Ask(fact.at, by_person, slots)
    if fact.by_usher and not known.by_person:
        return Ask(known.at, False, slots if known.slots is None else known.slots | (slots or frozenset()))
    if by_person:
        return Ask(known.at, True, None)
    return known


def _answered_before(world: World, terms: Terms, who: str) -> bool:
    """Whether somebody answered for a slot that still wants more, and does not owe it now."""
    able = writers(terms)
    open_slots = [slot for slot in world.slots.values() if not is_satisfied(world, slot, able)]
    return not owes(world, who) and any(who in slot.responded for slot in open_slots)


def _team_asked(world: World, fact: ReviewAsked) -> None:
    for slot in world.slots.values():
        if same(fact.team) in {same(owner.lstrip("@")) for owner in owners_in(slot.name)}:
            begin(world, slot, max(fact.at, slot.known))


def _unasked(world: World, terms: Terms, fact: ReviewUnasked) -> None:
    if fact.who:
        release(world, same(fact.who), fact.at)
        if not fact.by_bot:
            world.declined.add(world.name(fact.who))


# --- Answers -------------------------------------------------------------------------------------------


def _reviewed(world: World, terms: Terms, fact: Reviewed) -> None:
    who = world.name(fact.by)
    _in_thread(world, terms, who, fact)
    if fact.by_bot or who == world.author or fact.state in ("pending", "dismissed"):
        return
    world.seen_reviews.add(fact.review_id)
    if fact.state in ("approved", "changes_requested"):
        contents = {slot.name: slot.content for slot in world.slots.values()}
        approves = fact.state == "approved"
        world.opinions[who] = Opinion(fact.review_id, approves, contents, world.pushes)
        world.returning.pop(who, None)
    if fact.answers:
        answer(world, terms, who, fact)


def _in_thread(world: World, terms: Terms, who: str, fact: Reviewed) -> None:
    """A comment in a thread begins it, or answers it if it is the author's."""
    if not fact.thread or fact.by_bot:
        return
    thread = world.threads.setdefault(fact.thread, Thread(by=who))
    if who == world.author:
        thread.answered = True
        _notice_thread(world, terms, thread, fact)
    elif who == thread.by:
        thread.answered = False
        world.returning.pop(who, None)


def _thread_changed(world: World, terms: Terms, fact: ThreadChanged) -> None:
    thread = world.threads.setdefault(fact.thread, Thread(by=world.name(fact.who)))
    thread.resolved = fact.resolved
    if not fact.resolved:
        thread.answered = False
    elif same(fact.by) != thread.by:
        _notice_thread(world, terms, thread, fact)


def _notice_thread(world: World, terms: Terms, thread: Thread, fact: Fact) -> None:
    """A reviewer's thread was dealt with."""
    answered = any(thread.by in slot.responded for slot in world.slots.values())
    if answered and not owes(world, thread.by):
        notice(world, terms, thread.by, fact.at)


def _dismissed(world: World, terms: Terms, fact: ReviewDismissed) -> None:
    """An approval that was lost because its files changed is asked for again; others are only gone."""
    who = _whose(world, fact)
    if who is None:
        if fact.who and fact.review_id and fact.review_id not in world.seen_reviews:
            answer(world, terms, world.name(fact.who), fact)
        return
    able = writers(terms)
    supported = [slot for slot in world.slots.values() if who in approvals(world, slot, able)]
    opinion = world.opinions.pop(who)
    for slot in supported:
        if not is_satisfied(world, slot, able) and _differs(world, opinion, slot):
            give_back(world, slot, who, fact.at)


def _whose(world: World, fact: ReviewDismissed) -> str | None:
    """The person whose standing opinion this was."""
    if not fact.review_id:
        return world.name(fact.who) if world.name(fact.who) in world.opinions else None
    return next((who for who, opinion in world.opinions.items() if opinion.review_id == fact.review_id), None)


def _differs(world: World, opinion: Opinion, slot: Slot) -> bool:
    """Whether the slot's files changed since the review; where that is unknown, whether anything did."""
    before = opinion.contents.get(slot.name, "")
    if before and slot.content:
        return before != slot.content
    return world.pushes > opinion.pushes


def _remarked(world: World, terms: Terms, fact: RemarkMade) -> None:
    if fact.answers and not fact.by_bot:
        answer(world, terms, world.name(fact.by), fact)


# --- Commands ------------------------------------------------------------------------------------------


def _commanded(world: World, terms: Terms, fact: CommandGiven) -> None:
    who = world.name(fact.by)
    is_author = who == world.author
    is_owner = any(who in slot.owners or who in slot.owing for slot in world.slots.values())
    match fact.verb:
        case "eta" | "ack":
            _promise(world, terms, who, fact)
        case "decline":
            _replace(world, {who}, fact)
        case "next":
            _replace(world, _to_replace(world, who, fact), fact)
        case "take":
            _welcome(world, who)
        case "assign":
            for word in fact.words:
                _welcome(world, world.name(word.lstrip("@")))
        case "ready" if is_author:
            _ready(world, terms, fact)
        case "ready" if is_owner and guard_of(world, terms):
            world.waived = True
        case "not-yet" if is_author:
            world.not_yet = True
            world.stirred.clear()
            world.returning.clear()
        case "snooze":
            until = instants.parse(fact.words, fact.at, hours.of_person(terms, who))
            if until is not None:
                world.snooze = Pause(SNOOZED, fact.by, until)
        case "block":
            world.block = Pause(BLOCKED, fact.by)
        case "unblock":
            world.block = world.snooze = None


def _promise(world: World, terms: Terms, who: str, fact: CommandGiven) -> None:
    """An answer is promised for an instant, once a cycle: by whoever owes it, or for the slot by its owners."""
    words = ("+1bd",) if fact.verb == "ack" else fact.words
    until = instants.parse(words, fact.at, hours.of_person(terms, who))
    if until is None:
        return
    for slot in world.slots.values():
        own = slot.owing.get(who)
        slots_own = slot.cycle.ledger if who in slot.owners or own is not None else None
        for ledger in (own, slots_own):
            if ledger is not None and ledger.ended is None and ledger.promise is None:
                ledger.promise = (fact.at, until)


def _to_replace(world: World, who: str, fact: CommandGiven) -> set[str]:
    """Whom `next` replaces: the person it names, else whoever says so, else all who owe an answer."""
    if fact.words:
        return {world.name(fact.words[0].lstrip("@"))}
    owing = {person for slot in world.slots.values() for person in slot.owing}
    return {who} & owing or owing


def _replace(world: World, people: set[str], fact: CommandGiven) -> None:
    for who in people:
        release(world, who, fact.at)
    world.declined |= people


def _welcome(world: World, who: str) -> None:
    """Somebody is to be asked, whatever they said before."""
    world.declined.discard(who)
    world.away.discard(who)


_EVENTS: dict[type[Fact], Callable[[World, Terms, Any], None]] = {
    ChangeDrafted: _drafted,
    ChangeReadied: _readied,
    ChangePushed: _pushed,
    ChangeRetargeted: _retargeted,
    ChangeClosed: _closed,
    ChangeMerged: _closed,
    ChangeReopened: _reopened,
    ChangeQueued: _queued,
    ConflictChanged: _conflicts,
    DependencyChanged: _depends,
    ChecksChanged: _checked,
    Labelled: _labelled,
    SlotsChosen: _slots_chosen,
    ReviewAsked: _asked,
    ReviewUnasked: _unasked,
    Reviewed: _reviewed,
    ReviewDismissed: _dismissed,
    RemarkMade: _remarked,
    ThreadChanged: _thread_changed,
    CommandGiven: _commanded,
}
