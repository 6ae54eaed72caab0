"""Whose turn it is: a table of ten rows, of which the first that matches holds.

Rows 1 to 5 bind the whole change. Below them each slot that is not satisfied takes a row of its own, and
the first of these is the change's. A slot for which there is no room yet waits below all of them, in row 11.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Literal
from zoneinfo import ZoneInfo

from policies.clocks import hours
from policies.clocks.state import StateName
from policies.clocks.terms import Terms
from policies.clocks.world import (
    Pause,
    Slot,
    World,
    approvals,
    is_satisfied,
    may_answer,
    objections,
    undecided,
)
from policies.facts import same

HARMLESS = ("success", "neutral", "pending", "cancelled")
"""Results of checks that leave the turn where it is: what is pending or was cancelled says nothing yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the table as it matched: whose turn it is, and why."""

    row: int
    state: StateName
    parties: tuple[str, ...]
    reason: str


Side = Literal["author", "owner", "others"]


@dataclass(frozen=True, slots=True)
class View:
    """Where everything stands at an instant: the change, and each slot (by first name; None: satisfied).

    In row 2 or 3, `paused_by` says of each slot who caused the pause ("owner" is one of that slot's), and
    `beneath` where the slot would stand without it. `queued`: the change waits in the merge queue.
    """

    headline: Place
    slots: dict[str, Place | None]
    paused_by: dict[str, Side] = field(default_factory=dict)
    beneath: dict[str, Place | None] = field(default_factory=dict)
    queued: bool = False


def writers(terms: Terms) -> frozenset[str] | None:
    """Who may write, in the form in which logins compare."""
    return None if terms.writers is None else frozenset(same(login) for login in terms.writers)


def view(world: World, terms: Terms, at: datetime) -> View:
    """The table applied to the change and to each of its slots."""
    able = writers(terms)
    pause, bound = _pausing(world, terms, at), _binding(world, terms)
    beneath: dict[str, Place | None] = {}
    for slot in world.slots.values():
        satisfied = is_satisfied(world, slot, able)
        beneath[slot.first_name] = None if satisfied else bound or _slot_place(world, terms, slot)
    if pause is not None:
        slots = {name: place and pause for name, place in beneath.items()}
        return View(pause, slots, _paused_by(world, terms, pause, at), beneath)
    return View(bound or _headline(world, terms, beneath), beneath, queued=world.queued)


# --- Rows 1 to 5: the whole change -------------------------------------------------------------------------


def _pausing(world: World, terms: Terms, at: datetime) -> Place | None:
    """Rows 1 to 3: nobody is awaited, whatever the slots lack."""
    if world.closed is not None:
        return Place(1, "DONE", (), "it was merged" if world.merged else "it was closed")
    if world.ready is None:
        return Place(2, "DRAFT", _author(world), "it is a draft")
    if (pause := pause_of(world, terms, at)) is not None:
        return Place(3, "PAUSED", (), pause.reason)
    return None


def _binding(world: World, terms: Terms) -> Place | None:
    """Rows 4 and 5: the author has to act before anybody else."""
    if (fault := _to_fix(world, terms)) is not None:
        return Place(4, "FIX", _author(world), fault)
    if terms.rules.reviews.changes_requested == "all":
        objecting = frozenset().union(*(_unreturned(world, terms, slot) for slot in world.slots.values()))
        return _authors_turn(world, objecting)
    return None


def pause_of(world: World, terms: Terms, at: datetime) -> Pause | None:
    """Why it is nobody's turn, if it is nobody's."""
    if (held := held_by(world, at)) is not None:
        return held
    for label in terms.rules.reviews.pause_labels:
        if same(label) in world.labels:
            return Pause(f"it carries the label {label}", world.labels[same(label)])
    if world.dependencies:
        return Pause(f"it depends on {', '.join(sorted(world.dependencies))}")
    return next((pause for start, end, pause in freezes(terms) if start <= at < end), None)


def held_by(world: World, at: datetime) -> Pause | None:
    """What somebody said by `snooze` or `block`, while it holds."""
    said = (world.snooze, world.block)
    return next((each for each in said if each and (each.until is None or at < each.until)), None)


def freezes(terms: Terms) -> list[tuple[datetime, datetime, Pause]]:
    """The freezes that were agreed, as instants of the `business` calendar's zone."""
    zone = ZoneInfo(hours.calendar(terms, "business").zone)
    found = []
    for freeze in terms.rules.reviews.freeze:
        start = datetime.combine(freeze.since, time(), zone)
        end = datetime.combine(freeze.until + timedelta(days=1), time(), zone)
        found.append((start, end, Pause(f"changes are frozen until {freeze.until}", until=end)))
    return found


def _to_fix(world: World, terms: Terms) -> str | None:
    reviews = terms.rules.reviews
    if (guard := guard_of(world, terms)) and not world.waived:
        return guard
    if world.conflict:
        return "it conflicts with its base branch"
    required = [same(name) for name in terms.required_checks or ()]
    failed = [name for name in required if world.checks.get(name, "pending") not in HARMLESS]
    return "a required check failed" if failed and reviews.ci != "ignore" else None


def guard_of(world: World, terms: Terms) -> str:
    """Why nobody may be asked for this change, in words; empty: anybody may be."""
    bases = terms.rules.reviews.bases
    if world.base and not any(fnmatchcase(world.base, pattern) for pattern in bases):
        return f"changes to the branch {world.base} are not reviewed here"
    return world.guard


def _unreturned(world: World, terms: Terms, slot: Slot) -> frozenset[str]:
    """Whose objection in a slot the author has still to act on."""
    return objections(world, slot, writers(terms)) - slot.owing.keys()


def _authors_turn(world: World, objecting: frozenset[str]) -> Place | None:
    if not objecting:
        return None
    people = " and ".join(world.spelled(objecting))
    return Place(5, "AUTHOR", _author(world), f"{people} asked for changes")


def _author(world: World) -> tuple[str, ...]:
    return (world.spelling[world.author],)


# --- Rows 6 to 10: slot by slot --------------------------------------------------------------------------


def _slot_place(world: World, terms: Terms, slot: Slot) -> Place:
    own = _authors_turn(world, _unreturned(world, terms, slot))
    if own is not None:
        return own
    answering = undecided(world, slot, writers(terms))
    if not slot.owing and not answering:
        if _is_queued(world, terms, slot):
            return Place(11, "QUEUED", (), "as many people as agreed are busy with the rest")
        return Place(6, "UNASSIGNED", ("lead",), _why_unassigned(world, terms, slot))
    if slot.owing:
        return _reviewers_turn(world, slot)
    threads = {
        thread.by
        for thread in world.threads.values()
        if (thread.waits or (thread.by in world.returning and not thread.resolved))
        and may_answer(world, slot, thread.by, writers(terms))
    }
    if threads:
        people = " and ".join(world.spelled(threads))
        return Place(8, "AUTHOR", _author(world), f"comments of {people} are not resolved")
    people = " and ".join(world.spelled(answering))
    return Place(10, "DECIDE", world.spelled(answering), f"{people} answered but did not decide")


def _is_queued(world: World, terms: Terms, slot: Slot) -> bool:
    """Whether a slot without anybody only waits until one of those who are busy with the others is done."""
    rules, able = terms.rules.reviewers, writers(terms)
    could = slot.owners - {world.author} - world.declined - world.away
    busy = {
        who
        for other in world.slots.values()
        if not is_satisfied(world, other, able)
        for who in other.owing.keys() | undecided(world, other, able)
    }
    return bool(could or (not slot.owners and rules.fallback)) and len(busy) >= rules.max_reviewers


def _why_unassigned(world: World, terms: Terms, slot: Slot) -> str:
    if slot.owners and slot.owners <= {world.author}:
        return "its author is the only owner"
    if approvals(world, slot, writers(terms)):
        return "another approval is needed"
    return "nobody is asked yet"


def _reviewers_turn(world: World, slot: Slot) -> Place:
    people = world.spelled(slot.owing)
    if slot.cycle.kind == "re_review":
        return Place(7, "REREVIEW", people, "the author answered")
    return Place(7, "REVIEW", people, "a review was requested")


def _headline(world: World, terms: Terms, slots: dict[str, Place | None]) -> Place:
    unsatisfied = [place for place in slots.values() if place is not None]
    if unsatisfied:
        first = min(unsatisfied, key=lambda place: place.row)
        same_row = [place for place in unsatisfied if place.row == first.row]
        parties = dict.fromkeys(party for place in same_row for party in place.parties)
        return Place(first.row, first.state, tuple(parties), first.reason)
    if not world.slots_known:
        return Place(6, "UNASSIGNED", ("lead",), "its owners are not known yet")
    open_threads = [thread.by for thread in world.threads.values() if not thread.resolved]
    if terms.threads_must_resolve and open_threads:
        people = " and ".join(world.spelled(frozenset(open_threads)))
        return Place(8, "AUTHOR", _author(world), f"comments of {people} are not resolved")
    merger = _author(world) if terms.author_may_merge else ("merger",)
    return Place(9, "MERGE", merger, "everybody approved" if slots else "nobody has to approve it")


# --- Who paused -----------------------------------------------------------------------------------------


def _paused_by(world: World, terms: Terms, binding: Place, at: datetime) -> dict[str, Side]:
    """Per slot, which side caused the pause: it may not stop what that side owes."""
    if binding.row == 1:
        return {}
    pause = pause_of(world, terms, at) if binding.row == 3 else None
    who = same(pause.by) if pause else world.drafted_by or world.author
    if who == world.author:
        return dict.fromkeys((slot.first_name for slot in world.slots.values()), "author")
    return {slot.first_name: "owner" if who in slot.owners else "others" for slot in world.slots.values()}
