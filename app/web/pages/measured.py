"""What a page shows of the measures of some changes, in one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from app.web.drawings import waiting
from policies.insights import measures
from policies.insights.measures import Attainment, Flow, Group, Penalty
from policies.insights.survival import Quantile, median, p85

REVIEWS = timedelta(days=180)
"""Reviews are few: how they are spread is looked at for longer."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The measures of some changes; `changes` are how many they are made of."""

    changes: int
    guests: int
    guest_median: Quantile | None
    guest_p85: Quantile | None
    own_median: Quantile | None
    penalty: Penalty
    attainment: Attainment
    flow: Flow
    returning: tuple[int, int]
    absence: int
    drawing: Markup


def measured(
    seen: Sequence[Group],
    guests: Sequence[tuple[datetime, datetime | None]],
    reviews: Sequence[int],
    now: datetime,
) -> Numbers:
    """Everything at once. `guests` are the first two merges of each guest, `reviews` how many each reviewer did."""
    guest, own = measures.waits(seen, guests=True), measures.waits(seen, guests=False)
    return Numbers(
        changes=sum(each.changes for each in seen),
        guests=len(guest),
        guest_median=median(guest),
        guest_p85=p85(guest),
        own_median=median(own),
        penalty=measures.penalty(seen),
        attainment=measures.attainment(seen),
        flow=measures.flow(seen),
        returning=measures.returning(guests, now),
        absence=measures.absence_factor(reviews),
        drawing=waiting([("guests", guest), ("own team", own)]),
    )
