"""How much of its budget an obligation has used, when it is due, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from policies import calendars
from policies.calendars import Hours, elapsed
from policies.clocks import hours
from policies.clocks.state import Kind, Obligation, Verdict
from policies.clocks.terms import Terms
from policies.clocks.turn import Place, View
from policies.clocks.walk import Stretch
from policies.clocks.world import Ledger, Slot, World

LONG_DRAFT = timedelta(hours=1)
OWNERS_PAUSE_DAYS = 5
NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in which a budget was used up: from when, from which amount on, and for how much."""

    start: datetime
    used: timedelta
    length: timedelta


@dataclass(slots=True)
class Meter:
    """Counts the time that an obligation uses, in its hours.

    `used` is what is gone of the budget; `accrued` is all the time that passed, and differs from it where
    a long pause gave some back.
    """

    hours: Hours
    budget: timedelta
    used: timedelta = NOTHING
    accrued: timedelta = NOTHING
    runs: list[Run] = field(default_factory=list)
    running: bool = False
    at: datetime | None = None
    resumes: datetime | None = None

    def run(self, start: datetime, end: datetime) -> None:
        """Time passes, and counts."""
        length = elapsed(self.hours, start, end)
        self.runs.append(Run(start, self.used, length))
        self.used += length
        self.accrued += length
        self.running, self.at, self.resumes = True, end, None

    def rest(self, end: datetime, until: datetime | None) -> None:
        """Time passes, and does not count; `until` is when it will again by itself."""
        self.running, self.at, self.resumes = False, end, until

    def give_back(self, share: float) -> None:
        """At least this share of the budget is left again, unless all of it was used before."""
        if self.used < self.budget:
            self.used = min(self.used, self.budget * (1 - share))

    @property
    def is_over(self) -> bool:
        return self.used >= self.budget

    def reaches(self, amount: timedelta) -> datetime | None:
        """When so much was used first, or will be if things stay as they are; None: not in sight."""
        for run in self.runs:
            if run.used <= amount <= run.used + run.length:
                return calendars.due(self.hours, run.start, amount - run.used)
        if self.running and self.at is not None and amount >= self.used:
            return calendars.due(self.hours, self.at, amount - self.used)
        return None


def obligation(
    ledger: Ledger, stretches: Sequence[Stretch], terms: Terms, world: World, now: datetime
) -> Obligation | None:
    """What a ledger says at `now`; None where the rules want no clock of its kind.

    The last stretch is empty, and shows how things stand at `now`.
    """
    slot = next((slot for slot in world.slots.values() if slot.first_name == ledger.slot), None)
    name = slot.name if slot else ledger.slot
    duration = hours.duration_of(terms, ledger.kind, name, ledger.t0)
    if duration is None:
        return None
    own = _hours_of(ledger, terms, world, slot)
    run_in, budget = hours.measured(duration, own)
    meter = Meter(run_in, budget)
    owners_paused = _fill(meter, ledger, stretches, terms, own)
    due = meter.reaches(budget)
    promise = _promised(ledger, terms, meter, own, due)
    verdict, verdict_at = _verdict(ledger, terms, due, promise.limit, owners_paused, now)
    return Obligation(
        key=ledger.key,
        slot=name,
        kind=ledger.kind,
        ledger=ledger.ledger,
        party=name if ledger.ledger == "slot" else world.spelling.get(ledger.party, ledger.party),
        cycle=ledger.cycle,
        hours=run_in,
        budget=budget,
        t0=ledger.t0,
        accrued=meter.accrued,
        due=promise.limit,
        verdict=verdict,
        verdict_at=verdict_at,
        ended=ledger.ended,
        promised=promise.limit if ledger.promise and promise.in_time else None,
        accruing=meter.running and ledger.ended is None,
        resumes=meter.resumes if ledger.ended is None else None,
        own_hours=own,
        steps=_steps(ledger, terms, meter, promise),
    )


def _hours_of(ledger: Ledger, terms: Terms, world: World, slot: Slot | None) -> Hours:
    if ledger.ledger == "slot":
        return hours.of_slot(terms, slot.name if slot else ledger.slot, slot.owners if slot else frozenset())
    if ledger.kind == "merge":
        return hours.calendar(terms, "business")
    return hours.present(terms, ledger.party)


# --- Time used -------------------------------------------------------------------------------------------


def _fill(meter: Meter, ledger: Ledger, stretches: Sequence[Stretch], terms: Terms, own: Hours) -> timedelta:
    """Run the meter over the stretches; returns for how long the slot's own people paused it."""
    gap = Gap(own)
    for start, end, view in _during(ledger, stretches):
        counts_from = _counts_from(meter, ledger, view, start, OWNERS_PAUSE_DAYS * own.day - gap.by_owner)
        if counts_from is None or counts_from > end or counts_from == end > start:
            meter.rest(end, counts_from)
            gap.add(start, end, ledger, view)
            continue
        gap.add(start, counts_from, ledger, view)
        if gap.is_long:
            meter.give_back(terms.rules.reviews.resume_floor)
        gap.close()
        meter.run(counts_from, end)
    return gap.by_owner


def _during(ledger: Ledger, stretches: Sequence[Stretch]) -> Iterator[tuple[datetime, datetime, View]]:
    """The parts of the stretches in which the ledger was open."""
    for stretch in stretches:
        start = max(stretch.start, ledger.t0)
        end = stretch.end if ledger.ended is None else min(stretch.end, ledger.ended)
        if start < end or (start == end == stretch.start and ledger.ended is None):
            yield start, end, stretch.view


def _place(ledger: Ledger, view: View) -> Place | None:
    return view.headline if ledger.ledger == "item" else view.slots.get(ledger.slot)


def _counts_from(
    meter: Meter, ledger: Ledger, view: View, start: datetime, owners_pause: timedelta
) -> datetime | None:
    """From when on a stretch counts; None: not at all.

    A pause by the author never stops what is overdue, and one by the slot's own people only lasts so long.
    """
    place = _place(ledger, view)
    if place is not None and place.row in ledger.rows:
        return None if ledger.kind == "merge" and view.queued else start
    side = view.paused_by.get(ledger.slot)
    beneath = view.beneath.get(ledger.slot)
    if beneath is None or beneath.row not in ledger.rows:
        return None
    if side == "author" and meter.is_over:
        return start
    return calendars.due(meter.hours, start, owners_pause) if side == "owner" else None


@dataclass(slots=True)
class Gap:
    """A time in which an obligation did not count because the change was paused."""

    own: Hours
    drafted: timedelta = NOTHING
    paused: timedelta = NOTHING
    by_owner: timedelta = NOTHING  # in all gaps
    given_back: bool = False

    def add(self, start: datetime, end: datetime, ledger: Ledger, view: View) -> None:
        place = _place(ledger, view)
        if place is None or place.row > 5:
            return
        length = elapsed(self.own, start, end)
        self.paused += length
        if place.row == 2:
            self.drafted += length
        if view.paused_by.get(ledger.slot) == "owner":
            self.by_owner += length

    @property
    def is_long(self) -> bool:
        """Whether people need time again to find back into it; once for each obligation."""
        return not self.given_back and (self.drafted >= LONG_DRAFT or self.paused > self.own.day)

    def close(self) -> None:
        self.given_back = self.given_back or self.is_long
        self.drafted = self.paused = NOTHING


# --- Promises and verdicts -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promise:
    """Until when an answer may come, by how much working time that is later, and whether it was said in time."""

    limit: datetime | None
    later: timedelta = NOTHING
    in_time: bool = True


def _promised(ledger: Ledger, terms: Terms, meter: Meter, own: Hours, due: datetime | None) -> Promise:
    """A promise moves what is due, but not earlier, and not by more than `eta_max`."""
    if ledger.promise is None or due is None:
        return Promise(due)
    said, until = ledger.promise
    run_in, most = hours.measured(terms.rules.reviews.eta_max, own)
    latest = calendars.due(run_in, due, most) or due
    limit = max(due, min(until, latest))
    in_time = said <= due
    return Promise(limit if in_time else due, elapsed(meter.hours, due, limit), in_time)


def _verdict(
    ledger: Ledger,
    terms: Terms,
    due: datetime | None,
    limit: datetime | None,
    owners_paused: timedelta,
    now: datetime,
) -> tuple[Verdict | None, datetime | None]:
    """How it ended or stands, and since when. An answer at the very instant is in time."""
    end = ledger.ended
    if end is not None and (limit is None or end <= limit):
        if ledger.how != "answered":
            return ledger.how, end
        late = due is not None and due < end
        return ("acknowledged" if late or owners_paused else "met"), end
    if limit is None or (end is None and now < limit):
        return None, None
    if end is not None and ledger.after is not None and ledger.after < limit:
        return "unknown", end
    out = any(outage.start <= limit < outage.end for outage in terms.outages)
    return ("excused" if out else "missed"), limit


def _steps(ledger: Ledger, terms: Terms, meter: Meter, promise: Promise) -> dict[int, datetime | None]:
    """When each step of the ladder was or will be reached; a promise moves those that were still to come."""
    ladder = terms.rules.reviews.ladder
    found: dict[int, datetime | None] = {}
    for percent in sorted({ladder.sticky, ladder.digest, ladder.mention, ladder.backup, ladder.reassign}):
        amount = meter.budget * percent / 100
        at = meter.reaches(amount)
        if ledger.promise is not None and (at is None or at > ledger.promise[0]):
            at = meter.reaches(amount + promise.later)
        found[percent] = at
    return found


# --- The change as a whole ---------------------------------------------------------------------------


def of_item(stretches: Sequence[Stretch], author: str) -> list[Ledger]:
    """The ledgers of the author and of whoever merges: one for each time that the turn came to them."""
    kinds: dict[Kind, frozenset[int]] = {"author": frozenset({2, 4, 5, 8}), "merge": frozenset({9})}
    found: list[Ledger] = []
    for kind, rows in kinds.items():
        open_one: Ledger | None = None
        for stretch in stretches:
            row = stretch.view.headline.row
            if row in rows and open_one is None:
                party = author if kind == "author" else "merger"
                open_one = Ledger(kind, "item", "", party, _count(found, kind) + 1, stretch.start, rows)
                found.append(open_one)
            elif row not in rows and row != 3 and open_one is not None:
                open_one.end(stretch.start, "answered")
                open_one = None
    return found


def _count(ledgers: list[Ledger], kind: Kind) -> int:
    return sum(ledger.kind == kind for ledger in ledgers)
