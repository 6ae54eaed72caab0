"""What is true of a change at one instant of its story, and what follows from it.

This is the one value that changes while `walk` tells the story; nothing outside of it sees it change.
People are kept by the form in which logins compare; `spelling` has the forge's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from policies.clocks.state import Kind
from policies.clocks.state import Ledger as LedgerName
from policies.facts import Fact, same

SNOOZED = "it is snoozed"
BLOCKED = "it is blocked"


@dataclass(slots=True)
class Ledger:
    """The book of one obligation: from when it runs, what was promised, and how it ended.

    It fills only in the rows of the table of turns that `rows` names. `after` is set where its end was
    found by polling: it ended in (`after`, `ended`].
    """

    kind: Kind
    ledger: LedgerName
    slot: str  # the slot's first name, which never changes
    party: str
    cycle: int
    t0: datetime
    rows: frozenset[int]
    nth: int = 1  # of this party in this cycle
    ended: datetime | None = None
    after: datetime | None = None
    how: Literal["answered", "released", "excused", "cancelled"] | None = None
    promise: tuple[datetime, datetime] | None = None  # (said at, until)

    def end(self, at: datetime, how: Literal["answered", "released", "excused", "cancelled"]) -> None:
        """It ended, unless it had ended before."""
        if self.ended is None:
            self.ended, self.how = at, how

    def answer(self, fact: Fact) -> None:
        """It was answered."""
        if self.ended is None:
            self.end(fact.at, "answered")
            self.after = fact.after

    @property
    def key(self) -> str:
        nth = f".{self.nth}" if self.nth > 1 else ""
        return f"{self.kind}|{self.ledger}|{self.slot}|{self.party}|{self.cycle}{nth}"


@dataclass(slots=True)
class Cycle:
    """One round of a slot: somebody owes it an answer, until somebody gave it."""

    number: int = 1
    kind: Literal["first_response", "re_review"] = "first_response"
    ledger: Ledger | None = None  # None: not begun
    decision: Ledger | None = None
    responders: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Slot:
    """An area of the change, with whoever owes it an answer (`owing`) or gave one (`responded`).

    `freed`: who was asked, but need not answer any more because enough others did.
    """

    first_name: str
    name: str
    need: int
    owners: frozenset[str]
    files: frozenset[str]
    known: datetime
    content: str = ""
    cycle: Cycle = field(default_factory=Cycle)
    owing: dict[str, Ledger] = field(default_factory=dict)
    responded: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)
    assign: Ledger | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for review that was not taken back. `slots` None: those that the person owns."""

    at: datetime
    by_person: bool
    slots: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Opinion:
    """The last review of a person that decided something, and what the change contained then."""

    review_id: int
    approves: bool
    contents: dict[str, str]
    pushes: int


@dataclass(slots=True)
class Thread:
    """A thread of comments: who began it, and whether it waits for the author."""

    by: str
    resolved: bool = False
    answered: bool = False

    @property
    def waits(self) -> bool:
        return not self.resolved and not self.answered


@dataclass(frozen=True, slots=True)
class Pause:
    """A reason why it is nobody's turn, whoever caused it, and until when (None: until it is lifted)."""

    reason: str
    by: str = ""
    until: datetime | None = None


@dataclass(slots=True)
class World:
    """Everything that the story has told so far."""

    author: str
    opened: datetime
    author_is_bot: bool = False
    ready: datetime | None = None  # None: a draft
    drafted_by: str = ""
    closed: datetime | None = None
    merged: bool = False
    base: str = ""
    head: str = ""
    content: str = ""
    pushes: int = 0  # that changed the content
    slots: dict[str, Slot] = field(default_factory=dict)  # by their present name
    slots_known: bool = False
    asks: dict[str, Ask] = field(default_factory=dict)
    opinions: dict[str, Opinion] = field(default_factory=dict)
    threads: dict[str, Thread] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)  # who put it on
    snooze: Pause | None = None
    block: Pause | None = None
    dependencies: set[str] = field(default_factory=set)
    checks: dict[str, str] = field(default_factory=dict)  # of the head, by name
    conflict: bool = False
    queued: bool = False
    guard: str = ""
    waived: bool = False  # a member of a slot wants to see it in spite of the guard
    declined: set[str] = field(default_factory=set)
    away: set[str] = field(default_factory=set)  # handed over
    returning: dict[str, datetime] = field(default_factory=dict)  # when the turn goes back to them
    stirred: dict[str, datetime] = field(default_factory=dict)  # since when a return may be presumed
    pushed_for: set[str] = field(default_factory=set)  # content was pushed since their answer
    not_yet: bool = False
    returned: set[str] = field(default_factory=set)  # without a request on the forge since
    acted: dict[str, datetime] = field(default_factory=dict)
    spelling: dict[str, str] = field(default_factory=dict)
    seen_reviews: set[int] = field(default_factory=set)
    names_used: dict[str, int] = field(default_factory=dict)  # of slots, with how often
    ledgers: list[Ledger] = field(default_factory=list)

    def name(self, login: str) -> str:
        """The comparable form of a login, whose spelling is remembered."""
        key = same(login)
        self.spelling.setdefault(key, login)
        return key

    def spelled(self, people: set[str] | frozenset[str] | dict[str, Ledger]) -> tuple[str, ...]:
        """People as the forge spells them, in order."""
        return tuple(self.spelling.get(key, key) for key in sorted(people))


# --- What follows from it ------------------------------------------------------------------------------


def may_answer(world: World, slot: Slot, who: str, writers: frozenset[str] | None) -> bool:
    """Whether somebody's answer counts for a slot: its owners', and that of people who were asked for it.

    An outsider to all slots whom a person asked counts where they may write to the repository; for a slot
    without owners anybody who was asked does.
    """
    if who == world.author:
        return False
    if who in slot.owners or who in slot.owing:
        return True
    ask = world.asks.get(who)
    if ask is None:
        return False
    if ask.slots is not None:
        return slot.name in ask.slots
    outsider = not any(who in each.owners for each in world.slots.values())
    return not slot.owners or (outsider and writers is not None and who in writers)


def approvals(world: World, slot: Slot, writers: frozenset[str] | None) -> frozenset[str]:
    """Who approves of a slot now."""
    approving = (who for who, opinion in world.opinions.items() if opinion.approves)
    return frozenset(who for who in approving if may_answer(world, slot, who, writers))


def objections(world: World, slot: Slot, writers: frozenset[str] | None) -> frozenset[str]:
    """Who wants changes in a slot, and has not left it to others."""
    objecting = (
        who for who, opinion in world.opinions.items() if not opinion.approves and who not in world.declined
    )
    return frozenset(who for who in objecting if may_answer(world, slot, who, writers))


def is_satisfied(world: World, slot: Slot, writers: frozenset[str] | None) -> bool:
    """Whether a slot has its approvals, and no objection of its own people stands."""
    return len(approvals(world, slot, writers)) >= slot.need and not objections(world, slot, writers)


def undecided(world: World, slot: Slot, writers: frozenset[str] | None) -> frozenset[str]:
    """Who answered for a slot, has not approved, and has not left it to others."""
    return frozenset(slot.responded - world.declined) - approvals(world, slot, writers)


def waits_for_author(world: World, who: str) -> bool:
    """Whether somebody gave an answer that the author has to act on: an objection, or unanswered threads."""
    opinion = world.opinions.get(who)
    objects = opinion is not None and not opinion.approves
    return objects or any(thread.by == who and thread.waits for thread in world.threads.values())


def owes(world: World, who: str) -> bool:
    """Whether somebody owes an answer in any slot."""
    return any(who in slot.owing for slot in world.slots.values())
