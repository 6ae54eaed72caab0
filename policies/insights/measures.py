"""The measures: what each is, from what became of changes. Whoever reads a number can read its formula."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from policies.facts import Origin
from policies.insights.survival import Quantile, Waits, median, together

ENOUGH = 10
"""Changes on either side before waits of guests and of the own team are compared."""

BADGE_LEAST, BADGE_DAYS = 5, 30

GUESTS: tuple[Origin, ...] = ("guest", "mixed")


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
        return self.origin in GUESTS


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one origin from the same teams to the same owners: counted, not one by one.

    `merged` are those merged within the time that is looked at; everything else is of those opened within it.
    `waits` are in working hours.
    """

    origin: Origin
    teams: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    changes: int = 0
    merged: int = 0
    kept: int = 0
    missed: int = 0
    pending: int = 0
    waits: Waits = field(default_factory=Waits)

    @property
    def is_guest(self) -> bool:
        return self.origin in GUESTS


def waits(groups: Iterable[Group], *, guests: bool) -> Waits:
    """How long changes of guests (or of the own team) waited for a first answer."""
    origins = GUESTS if guests else ("own",)
    return together(each.waits for each in groups if each.origin in origins)


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


def penalty(groups: Sequence[Group]) -> Penalty:
    """Median wait of guests over the median wait of the own team."""
    guest, own = waits(groups, guests=True), waits(groups, guests=False)
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


def attainment(groups: Iterable[Group]) -> Attainment:
    """met / (met + missed)."""
    kept = missed = pending = 0
    for each in groups:
        kept, missed, pending = kept + each.kept, missed + each.missed, pending + each.pending
    return Attainment(kept, missed, pending)


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise, for how long it stood, and what became of it: kept where the wait was no longer than promised."""

    forge: str
    repository: str
    owner: str | None
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


def flow(groups: Iterable[Group]) -> Flow:
    """F[a→b] by the teams closest to author and files, split evenly, so that ΣF is the number of merges.

    Merged changes whose teams are not known are left out, as are those of bots.
    """
    cells: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    merged = guests = 0
    for each in groups:
        if not each.merged or each.origin in ("bot", "unknown"):
            continue
        merged += each.merged
        guests += each.merged * each.is_guest
        if each.teams and each.owners:
            part = Fraction(each.merged, len(each.teams) * len(each.owners))
            for giver in each.teams:
                for taker in each.owners:
                    cells[giver, taker] += part
    return Flow(dict(cells), merged, guests)


def returning(
    guests: Iterable[tuple[datetime, datetime | None]], now: datetime, days: int = 90
) -> tuple[int, int]:
    """(guests who merged a second time within 90 days, guests whose first merge is more than 90 days ago).

    `guests` are, for each of them, their first merge and their second.
    """
    span = timedelta(days=days)
    settled = [(first, second) for first, second in guests if now - first > span]
    return sum(second is not None and second - first <= span for first, second in settled), len(settled)


def absence_factor(reviews: Iterable[int]) -> int:
    """The least k whose k busiest reviewers did half of all reviews or more; 0 without any review.

    It takes how many each did, and never who did them.
    """
    counts = sorted(reviews, reverse=True)
    total, done = sum(counts), 0
    for k, count in enumerate(counts, start=1):
        done += count
        if 2 * done >= total > 0:
            return k
    return 0
