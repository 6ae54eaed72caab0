"""What the clock says: whose turn it is, what is owed, and when to look again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from policies.calendars import ALWAYS, Hours
from policies.facts import same

StateName = Literal[
    "DONE",
    "DRAFT",
    "PAUSED",
    "FIX",
    "AUTHOR",
    "UNASSIGNED",
    "REVIEW",
    "REREVIEW",
    "MERGE",
    "DECIDE",
    "QUEUED",
    "TRIAGE",
    "RESPOND",
    "REPORTER",
]
Kind = Literal[
    "assign", "first_response", "re_review", "decision", "author", "merge", "triage", "response", "resolve"
]
Ledger = Literal["slot", "person", "item"]
Verdict = Literal["met", "missed", "acknowledged", "released", "excused", "cancelled", "unknown"]


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is. `row` is the row of the table of turns that matched first (0 for issues).

    Row 11 is an area's alone: as many people are busy with the change as may be, so that it waits for one of them.

    `parties` are logins, or one of "lead", "merger", "nobody". `reason` is a phrase that completes
    "because …"; `since` is when this turn began.
    """

    row: int
    state: StateName
    parties: tuple[str, ...]
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SlotState:
    """Where one slot stands. `asked` owe it an answer, `responded` gave one, `freed` need not: others did."""

    name: str
    need: int
    owners: tuple[str, ...]
    turn: Turn | None  # None: satisfied
    satisfied: bool
    approvals: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    responded: tuple[str, ...] = ()
    freed: tuple[str, ...] = ()
    cycle: int = 1
    since: datetime | None = None  # its t0; None while it has not begun


@dataclass(frozen=True, slots=True)
class Obligation:
    """An answer that somebody owes: by when, how much time they used, and how it ended.

    `key` is unique within the subject and never changes. `due` is projected from the present state:
    None while nothing accrues, unless it has passed already. `verdict` None: pending. `ended`: when it
    was answered, released or cancelled; an obligation that is `missed` may still be open. `steps` maps
    each percentage of the ladder to the instant at which it was or will be reached (None: not in sight).
    `resumes`: when time counts again by itself, where a pause has an end. `hours` are those in which time
    counts (round the clock for a budget of wall time), `own_hours` those in which the party is at work.
    """

    key: str
    slot: str
    kind: Kind
    ledger: Ledger
    party: str  # a login; the slot's name for ledger "slot"
    cycle: int
    hours: Hours
    budget: timedelta
    t0: datetime
    accrued: timedelta = timedelta()
    due: datetime | None = None
    verdict: Verdict | None = None
    verdict_at: datetime | None = None
    ended: datetime | None = None
    promised: datetime | None = None  # by `eta` or `ack`, also where it came too late to move `due`
    accruing: bool = False
    resumes: datetime | None = None
    own_hours: Hours = ALWAYS
    steps: Mapping[int, datetime | None] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return self.ended is None


@dataclass(frozen=True, slots=True)
class State:
    """Everything derived from the facts of one subject.

    `next_wake` is the next instant at which any of it changes by itself, None where nothing does.
    `declined` must never be asked here again. `ask_author`: whether the sticky comment should ask the
    author if the change is ready for another look. `reask`: reviewers to whom the turn went back without
    a request on the forge. `acted` is when each person last did anything, a review begun included.
    `tripped` is the guard's reason while it holds, else empty. `gated_until`: nobody is to be asked before the
    required checks succeed, or this instant. `held`: by a command `snooze` or `block`, whatever comes before that in
    the table of turns.
    """

    turn: Turn
    slots: tuple[SlotState, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    next_wake: datetime | None = None
    author: str = ""
    author_hours: Hours = ALWAYS
    declined: tuple[str, ...] = ()
    ask_author: bool = False
    reask: tuple[str, ...] = ()
    acted: Mapping[str, datetime] = field(default_factory=dict)
    tripped: str = ""
    gated_until: datetime | None = None
    held: bool = False

    @property
    def awaited(self) -> tuple[str, ...]:
        """Of whom a review or another answer is awaited now, each once; who was asked and answered is not."""
        return tuple({same(who): who for slot in self.slots for who in slot.asked}.values())
