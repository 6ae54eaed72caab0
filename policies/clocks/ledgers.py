"""What is owed: each ledger of a change with the time it used, its deadline and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies import calendars
from policies.calendars import Hours, elapsed
from policies.clocks import hours
from policies.clocks.meter import NOTHING, Meter
from policies.clocks.state import Kind, Obligation
from policies.clocks.terms import Terms
from policies.clocks.turn import Place, View
from policies.clocks.verdicts import promised, steps_of, verdict_of
from policies.clocks.walk import Stretch
from policies.clocks.world import Ledger, Slot, World

LONG_DRAFT = timedelta(hours=1)
OWNERS_PAUSE_DAYS = 5


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
    promise = promised(ledger, terms, meter, own, due)
    verdict, verdict_at = verdict_of(ledger, terms, due, promise.limit, owners_paused, now)
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
        promised=promise.until,
        accruing=meter.running and ledger.ended is None,
        resumes=meter.resumes if ledger.ended is None else None,
        own_hours=own,
        steps=steps_of(ledger, terms, meter, promise),
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
