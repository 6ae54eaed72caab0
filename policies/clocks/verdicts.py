"""How an obligation ended, and what a promise to answer later changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from policies import calendars
from policies.calendars import Hours, elapsed
from policies.clocks import hours
from policies.clocks.meter import NOTHING, Meter
from policies.clocks.state import Verdict
from policies.clocks.terms import Terms
from policies.clocks.world import Ledger


@dataclass(frozen=True, slots=True)
class Promise:
    """Until when an answer may come, by how much working time reminders are later, and what was promised.

    A promise that comes after what was due leaves it, so that `limit` is not `until` then.
    """

    limit: datetime | None
    later: timedelta = NOTHING
    until: datetime | None = None


def promised(ledger: Ledger, terms: Terms, meter: Meter, own: Hours, due: datetime | None) -> Promise:
    """A promise moves what is due, but not earlier, and not by more than `eta_max`."""
    if ledger.promise is None or due is None:
        return Promise(due)
    said, until = ledger.promise
    run_in, most = hours.measured(terms.rules.reviews.eta_max, own)
    latest = calendars.due(run_in, due, most) or due
    until = max(due, min(until, latest))
    return Promise(until if said <= due else due, elapsed(meter.hours, due, until), until)


def verdict_of(
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


def steps_of(ledger: Ledger, terms: Terms, meter: Meter, promise: Promise) -> dict[int, datetime | None]:
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
