"""The measures: what each is, from what became of changes. Whoever reads a number can read its formula."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from policies.facts import Origin
from policies.insights.survival import Quantile, Wait, median

ENOUGH = 10
"""Changes on either side before waits of guests and of the own team are compared."""

BADGE_LEAST, BADGE_DAYS = 5, 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change, as the measures see it.

    `waited` is in working hours, from when it was open and ready to the first answer of an owner, or to when
    it was last looked at or closed where `answered` is False. `teams` are those closest to the author.
    """

    repository: str
    number: int
    author: str
    origin: Origin
    teams: tuple[str, ...]
    owners: tuple[str, ...]
    opened_at: datetime
    ready_at: datetime | None
    waited: float | None = None
    answered: bool = False
    merged_at: datetime | None = None
    kept: int = 0
    missed: int = 0
    pending: int = 0
    reviewers: tuple[str, ...] = ()

    @property
    def is_guest(self) -> bool:
        return self.origin in ("guest", "mixed")


def waits(outcomes: Iterable[Outcome], *, guests: bool) -> tuple[Wait, ...]:
    """How long changes of guests (or of the own team) waited for a first answer."""
    origins = ("guest", "mixed") if guests else ("own",)
    return tuple(
        Wait(each.waited, each.answered)
        for each in outcomes
        if each.origin in origins and each.waited is not None
    )


@dataclass(frozen=True, slots=True)
class Penalty:
    """How many times longer guests wait. `ratio` None: too few changes, or a median that is not known yet."""

    guest: Quantile | None
    own: Quantile | None
    guests: int
    owns: int

    @property
    def ratio(self) -> float | None:
        if self.guest is None or self.own is None or min(self.guests, self.owns) < ENOUGH:
            return None
        if self.guest.beyond or self.own.beyond or not self.own.length:
            return None
        return self.guest.length / self.own.length


def penalty(outcomes: Sequence[Outcome]) -> Penalty:
    """Median wait of guests over the median wait of the own team."""
    guest, own = waits(outcomes, guests=True), waits(outcomes, guests=False)
    return Penalty(median(guest), median(own), len(guest), len(own))


@dataclass(frozen=True, slots=True)
class Attainment:
    """Promises kept of those that came due; pending ones stand apart."""

    kept: int
    missed: int
    pending: int

    @property
    def share(self) -> float | None:
        due = self.kept + self.missed
        return self.kept / due if due else None


def attainment(outcomes: Iterable[Outcome]) -> Attainment:
    """met / (met + missed)."""
    kept = missed = pending = 0
    for each in outcomes:
        kept, missed, pending = kept + each.kept, missed + each.missed, pending + each.pending
    return Attainment(kept, missed, pending)


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise, for how long it stood, and what became of it."""

    repository: str
    text: str
    hours: float | None
    commit: str
    valid_from: datetime
    valid_to: datetime | None
    kept: int
    missed: int
    p85: Quantile | None
    last_at: datetime | None

    def is_grey(self, now: datetime) -> bool:
        """Whether too little is known to call it kept or missed: fewer than 5, or nothing for 30 days."""
        old = self.last_at is None or now - self.last_at > timedelta(days=BADGE_DAYS)
        return self.kept + self.missed < BADGE_LEAST or old


# --- Flow between teams ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flow:
    """Merged work from team to team, each change counting one in all; and how much of it came from guests."""

    cells: Mapping[tuple[str, str], Fraction]
    merged: int
    guests: int

    @property
    def patch_flow(self) -> float | None:
        """Merged guest changes / merged classified changes."""
        return self.guests / self.merged if self.merged else None

    @property
    def reciprocity(self) -> float | None:
        """Σ min(F[a→b], F[b→a]) / ΣF over a ≠ b: 1 where everybody gives as much as they take."""
        across = {pair: amount for pair, amount in self.cells.items() if pair[0] != pair[1]}
        total = sum(across.values())
        if not total:
            return None
        mutual = sum(min(amount, across.get((b, a), Fraction(0))) for (a, b), amount in across.items())
        return float(mutual / total)


def flow(outcomes: Iterable[Outcome]) -> Flow:
    """F[a→b] by the teams closest to author and files, split evenly, so that ΣF is the number of merges.

    Merged changes whose teams are not known are left out, as are those of bots.
    """
    cells: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    merged = guests = 0
    for each in outcomes:
        if each.merged_at is None or each.origin in ("bot", "unknown"):
            continue
        merged += 1
        guests += each.is_guest
        if each.teams and each.owners:
            part = Fraction(1, len(each.teams) * len(each.owners))
            for giver in each.teams:
                for taker in each.owners:
                    cells[giver, taker] += part
    return Flow(dict(cells), merged, guests)


def returning(outcomes: Iterable[Outcome], now: datetime, days: int = 90) -> tuple[int, int]:
    """(guests who merged a second time within 90 days, guests whose first merge is more than 90 days ago)."""
    merges: defaultdict[str, list[datetime]] = defaultdict(list)
    for each in outcomes:
        if each.is_guest and each.merged_at is not None:
            merges[each.author.lower()].append(each.merged_at)
    span, came, settled = timedelta(days=days), 0, 0
    for times in merges.values():
        first, *later = sorted(times)
        if now - first > span:
            settled += 1
            came += bool(later) and later[0] - first <= span
    return came, settled


def absence_factor(reviews: Mapping[str, int] | Sequence[int]) -> int:
    """The least k whose k busiest reviewers did half of all reviews or more; 0 without any review."""
    counts = sorted(reviews.values() if isinstance(reviews, Mapping) else reviews, reverse=True)
    total, done = sum(counts), 0
    for k, count in enumerate(counts, start=1):
        done += count
        if 2 * done >= total > 0:
            return k
    return 0


def reviews_of(outcomes: Iterable[Outcome]) -> Counter[str]:
    """How many changes each person reviewed; for `absence_factor` alone, and never shown by name."""
    return Counter(person.lower() for each in outcomes for person in each.reviewers)
