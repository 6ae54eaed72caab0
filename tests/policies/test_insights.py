"""The measures by the numbers that the specification gives, and by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from policies.insights.measures import (
    Outcome,
    absence_factor,
    attainment,
    flow,
    penalty,
    returning,
    waits,
)
from policies.insights.privacy import folded
from policies.insights.quarters import difference, measured, quarter_of
from policies.insights.survival import Quantile, Wait, curve, median, p85

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def heard(text: str) -> list[Wait]:
    """`1 2 3+`: a plus stands for whoever still waits."""
    return [Wait(float(each.rstrip("+")), not each.endswith("+")) for each in text.split()]


@pytest.mark.parametrize(
    ("waited", "half", "most"),
    [
        ("1 2 2 3+ 4 5+ 6 8 9+ 12", Quantile(6), Quantile(12)),
        ("1 2 2 4 6 8 12", Quantile(4), Quantile(8)),  # the answered alone look quicker than they were
        ("1 2 3+ 4+", Quantile(2), Quantile(4, beyond=True)),
        ("5+", Quantile(5, beyond=True), Quantile(5, beyond=True)),
        ("7", Quantile(7), Quantile(7)),
        ("3 3+", Quantile(3), Quantile(3, beyond=True)),  # of equal lengths the answer comes first
    ],
)
def test_whoever_still_waits_counts_as_waiting(waited: str, half: Quantile, most: Quantile) -> None:
    assert median(heard(waited)) == half
    assert p85(heard(waited)) == most


def test_of_nothing_there_is_no_median() -> None:
    assert median([]) is None
    assert curve([]) == ()


def test_the_curve_is_made_of_exact_fractions() -> None:
    assert [point.still_waiting for point in curve(heard("1 2 3"))] == [Fraction(2, 3), Fraction(1, 3), 0]


def outcome(**changes: object) -> Outcome:
    values: dict[str, object] = {
        "repository": "shop/api", "number": 1, "author": "ana", "origin": "guest", "teams": ("shop/web",),
        "owners": ("shop/pay",), "opened_at": NOW, "ready_at": NOW, **changes,
    }  # fmt: skip
    return Outcome(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "k"),
    [([1000, 433, 343, 332, 202, 90, 42, 33], 2), ([5, 5], 1), ([1], 1), ([], 0), ([0, 0], 0)],
)
def test_how_many_reviewers_do_half_of_the_work(counts: list[int], k: int) -> None:
    assert absence_factor(counts) == k


def test_a_merge_counts_one_however_many_teams_are_behind_it() -> None:
    seen = flow(
        [
            outcome(merged_at=NOW, teams=("a", "b"), owners=("c", "d")),
            outcome(merged_at=NOW, teams=("c",), owners=("a",)),
            outcome(merged_at=NOW, teams=("c",), owners=("c",), origin="own"),
            outcome(merged_at=NOW, origin="bot"),
            outcome(),
        ]
    )
    assert sum(seen.cells.values()) == 3
    assert seen.cells["a", "c"] == Fraction(1, 4)
    assert (seen.merged, seen.guests) == (3, 2)
    assert seen.patch_flow == pytest.approx(2 / 3)
    # a→c ¼ and c→a 1 have ¼ in common, twice, of 2.
    assert seen.reciprocity == pytest.approx(0.25)


def test_guests_and_the_own_team_are_compared_only_with_enough_of_both() -> None:
    quick = [outcome(origin="own", waited=4.0, answered=True) for _ in range(10)]
    slow = [outcome(waited=12.0, answered=True) for _ in range(10)]
    assert penalty(quick + slow).ratio == pytest.approx(3.0)
    assert penalty(quick + slow[:9]).ratio is None
    assert len(waits(quick + slow, guests=True)) == 10


def test_pending_promises_stand_apart() -> None:
    kept = attainment([outcome(kept=2, pending=1), outcome(missed=1)])
    assert (kept.share, kept.pending) == (pytest.approx(2 / 3), 1)
    assert attainment([]).share is None


def test_guests_who_come_back() -> None:
    def merged(author: str, days_ago: int) -> Outcome:
        return outcome(author=author, merged_at=NOW - timedelta(days=days_ago))

    seen = [merged("ana", 200), merged("Ana", 150), merged("ben", 200), merged("carla", 10)]
    assert returning(seen, NOW) == (1, 2)


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"a": 9, "b": 4, "c": 3}, {"a": "a", "b": "other", "c": "other"}),
        ({"a": 9, "b": 4, "c": 7}, {"a": "a", "b": "other", "c": "other"}),  # one alone would be named by it
        ({"a": 9, "b": 5}, {"a": "a", "b": "b"}),
        ({"b": 4}, {"b": "other"}),
    ],
)
def test_groups_under_five_are_not_told_apart(sizes: dict[str, int], shown: dict[str, str]) -> None:
    assert folded(sizes, 5) == shown


def test_two_quarters_make_one_difference() -> None:
    assert quarter_of(NOW) == ("2026-Q4", datetime(2026, 10, 1, tzinfo=UTC))
    since = NOW - timedelta(days=30)
    one = measured([outcome(waited=8.0, answered=True, merged_at=NOW, kept=1)], since)
    two = measured([outcome(waited=4.0, answered=True, merged_at=NOW, kept=1)] * 2, since)
    assert one["guest_median"] == 8.0
    assert difference(one, two) == {"guest_merges": 1, "guest_median": -4.0, "guest_p85": -4.0}
    assert difference({"attainment": None}, {"attainment": 1.0}) == {}
