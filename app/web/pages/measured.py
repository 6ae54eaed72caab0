"""What a page shows of the measures of some changes, in one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from app.web.drawings import waiting
from policies.insights import measures
from policies.insights.measures import Attainment, Flow, Outcome, Penalty
from policies.insights.survival import Quantile, median, p85

WINDOW = timedelta(days=90)
REVIEWS = timedelta(days=180)


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


def measured(seen: Sequence[Outcome], now: datetime, promised: float | None = None) -> Numbers:
    """Everything at once, of changes opened within the window."""
    recent = [each for each in seen if each.opened_at >= now - WINDOW]
    guest, own = measures.waits(recent, guests=True), measures.waits(recent, guests=False)
    return Numbers(
        changes=len(recent),
        guests=len(guest),
        guest_median=median(guest),
        guest_p85=p85(guest),
        own_median=median(own),
        penalty=measures.penalty(recent),
        attainment=measures.attainment(recent),
        flow=measures.flow([each for each in seen if each.merged_at and each.merged_at >= now - WINDOW]),
        returning=measures.returning(seen, now),
        absence=measures.absence_factor(measures.reviews_of(seen)),
        drawing=waiting([("guests", guest), ("own team", own)], promised),
    )
