"""A quarter's measures as plain values, and what changed from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from policies.insights import measures
from policies.insights.measures import Group
from policies.insights.survival import median, p85

NAMES = ("guest_merges", "guest_median", "guest_p85", "patch_flow", "reciprocity", "attainment")
"""What a snapshot holds."""


def quarter_of(at: datetime) -> tuple[str, datetime]:
    """("2026-Q4", when it began)."""
    first = 3 * ((at.month - 1) // 3) + 1
    return f"{at.year}-Q{(first + 2) // 3}", datetime(at.year, first, 1, tzinfo=UTC)


def measured(seen: Sequence[Group]) -> dict[str, Any]:
    """The measures of the changes of a quarter."""
    guest, made = measures.waits(seen, guests=True), measures.flow(seen)
    half, most = median(guest), p85(guest)
    return {
        "guest_merges": made.guests,
        "guest_median": half.length if half and not half.beyond else None,
        "guest_p85": most.length if most and not most.beyond else None,
        "patch_flow": made.patch_flow,
        "reciprocity": made.reciprocity,
        "attainment": measures.attainment(seen).share,
    }


def difference(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, float]:
    """What changed, of what both know."""
    found = {}
    for name in NAMES:
        before, after = earlier.get(name), later.get(name)
        if before is not None and after is not None and before != after:
            found[name] = after - before
    return found


def side_by_side(
    quarters: Sequence[tuple[str, Mapping[str, Any]]],
) -> list[tuple[str, Mapping[str, Any], Mapping[str, float]]]:
    """(quarter, measures, what changed since the one before) of each; `quarters` come newest first."""
    found: list[tuple[str, Mapping[str, Any], Mapping[str, float]]] = []
    for at, (period, values) in enumerate(quarters):
        before: Mapping[str, Any] = quarters[at + 1][1] if at + 1 < len(quarters) else {}
        found.append((period, values, difference(before, values)))
    return found
