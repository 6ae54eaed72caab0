"""A quarter's measures as plain values, and what changed from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from policies.insights import measures
from policies.insights.measures import Outcome
from policies.insights.survival import median, p85

NAMES = {
    "guest_merges": "merged changes of guests",
    "guest_median": "half of all guests wait (hours)",
    "guest_p85": "85 of 100 guests wait (hours)",
    "patch_flow": "patch flow",
    "reciprocity": "reciprocity",
    "attainment": "promises kept",
}
"""What a snapshot holds, and how each is called."""


def quarter_of(at: datetime) -> tuple[str, datetime]:
    """("2026-Q4", when it began)."""
    first = 3 * ((at.month - 1) // 3) + 1
    return f"{at.year}-Q{(first + 2) // 3}", datetime(at.year, first, 1, tzinfo=UTC)


def measured(seen: Sequence[Outcome], since: datetime) -> dict[str, Any]:
    """The measures of changes opened since then; of merges since then. A wait beyond the longest is None."""
    recent = [each for each in seen if each.opened_at >= since]
    merged = [each for each in seen if each.merged_at is not None and each.merged_at >= since]
    guest, made = measures.waits(recent, guests=True), measures.flow(merged)
    half, most = median(guest), p85(guest)
    return {
        "guest_merges": made.guests,
        "guest_median": half.length if half and not half.beyond else None,
        "guest_p85": most.length if most and not most.beyond else None,
        "patch_flow": made.patch_flow,
        "reciprocity": made.reciprocity,
        "attainment": measures.attainment(recent).share,
    }


def difference(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, float]:
    """What changed, of what both know."""
    found = {}
    for name in NAMES:
        before, after = earlier.get(name), later.get(name)
        if before is not None and after is not None and before != after:
            found[name] = after - before
    return found
