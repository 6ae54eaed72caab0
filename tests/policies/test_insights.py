"""The measures by the numbers that the specification gives, and by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.calendars import ALWAYS, Calendar, Hours, parse_span
from policies.insights.measures import (
    Group,
    absence_factor,
    attainment,
    flow,
    penalty,
    returning,
    waits,
)
from policies.insights.privacy import Terms, folded, strictest
from policies.insights.quarters import difference, measured, quarter_of, side_by_side
from policies.insights.survival import HALF, P85, Quantile, Waits, curve, median, p85, quantile
from policies.insights.telling import telling
from policies.insights.wins import Gained, Merge, Month, draft

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def heard(text: str) -> Waits:
    """`1 2 3+`: a plus stands for whoever still waits."""
    answered = tuple(float(each) for each in text.split() if not each.endswith("+"))
    return Waits(answered, tuple(float(each[:-1]) for each in text.split() if each.endswith("+")))


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
    assert median(Waits()) is None
    assert curve(Waits()) == ()


def test_the_curve_falls_with_every_answer() -> None:
    assert [point.still_waiting for point in curve(heard("1 2 3"))] == [2 / 3, 1 / 3, 0]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=30),
    st.sampled_from([HALF, P85]),
)
def test_quick_and_by_the_book_come_to_the_same(waited: list[tuple[int, bool]], still: Fraction) -> None:
    """S(t) = Π(1 − dᵢ/nᵢ), factor by factor."""
    survival, expected = Fraction(1), None
    for t in sorted({length for length, _ in waited}):
        at_risk = sum(length >= t for length, _ in waited)
        survival *= 1 - Fraction(sum(length == t and answered for length, answered in waited), at_risk)
        if expected is None and survival <= still:
            expected = Quantile(t)
    known = Waits(
        tuple(length for length, answered in waited if answered),
        tuple(length for length, answered in waited if not answered),
    )
    assert quantile(known, still) == (expected or Quantile(known.longest, beyond=True))


def group(**changes: object) -> Group:
    values: dict[str, object] = {
        "origin": "guest",
        "teams": ("shop/web",),
        "owners": ("shop/pay",),
        **changes,
    }
    return Group(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "k"),
    [([1000, 433, 343, 332, 202, 90, 42, 33], 2), ([5, 5], 1), ([1], 1), ([], 0), ([0, 0], 0)],
)
def test_how_many_reviewers_do_half_of_the_work(counts: list[int], k: int) -> None:
    assert absence_factor(counts) == k


def test_a_merge_counts_one_however_many_teams_are_behind_it() -> None:
    seen = flow(
        [
            group(merged=1, teams=("a", "b"), owners=("c", "d")),
            group(merged=1, teams=("c",), owners=("a",)),
            group(merged=1, teams=("c",), owners=("c",), origin="own"),
            group(merged=1, origin="bot"),
            group(),
        ]
    )
    assert sum(seen.cells.values()) == 3
    assert seen.cells["a", "c"] == Fraction(1, 4)
    assert (seen.merged, seen.guests) == (3, 2)
    assert seen.patch_flow == pytest.approx(2 / 3)
    # a→c ¼ and c→a 1 have ¼ in common, twice, of 2.
    assert seen.reciprocity == pytest.approx(0.25)


def test_guests_and_the_own_team_are_compared_only_with_enough_of_both() -> None:
    quick = group(origin="own", waits=Waits((4.0,) * 10))
    slow = group(waits=Waits((12.0,) * 10))
    assert penalty([quick, slow]).ratio == pytest.approx(3.0)
    assert penalty([quick, group(waits=Waits((12.0,) * 9))]).ratio is None
    assert len(waits([quick, slow], guests=True)) == 10


def test_pending_promises_stand_apart() -> None:
    kept = attainment([group(kept=2, pending=1), group(missed=1)])
    assert (kept.share, kept.pending) == (pytest.approx(2 / 3), 1)
    assert attainment([]).share is None


def test_guests_who_come_back() -> None:
    def days_ago(days: int) -> datetime:
        return NOW - timedelta(days=days)

    guests = [(days_ago(200), days_ago(150)), (days_ago(200), None), (days_ago(10), None)]
    assert returning(guests, NOW) == (1, 2)


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
    one = measured([group(waits=Waits((8.0,)), merged=1, kept=1)])
    two = measured([group(waits=Waits((4.0, 4.0)), merged=2, kept=2)])
    assert one["guest_median"] == 8.0
    changed = {"guest_merges": 1, "guest_median": -4.0, "guest_p85": -4.0}
    assert difference(one, two) == changed
    assert side_by_side([]) == []
    assert difference({"attainment": None}, {"attainment": 1.0}) == {}
    assert side_by_side([("2026-Q4", two), ("2026-Q3", one)]) == [
        ("2026-Q4", two, changed),
        ("2026-Q3", one, {}),
    ]


def test_of_several_organisations_the_one_that_shows_least_of_people_decides() -> None:
    one, other = Terms(least=8), Terms(window=timedelta(days=180))
    assert strictest([one, other]) == Terms(timedelta(days=180), 8)
    assert strictest([]) == Terms()


def month(**won: object) -> Month:
    return Month(2026, 11, **won)  # type: ignore[arg-type]


def merge(number: int) -> Merge:
    page = f"https://forge.example/shop/cart/pull/{number}"
    return Merge("shop/cart", number, "Allow an empty cart", page, ("shop/web",), ("shop/pay",), NOW)


def test_a_digest_tells_what_was_won_and_where_to_see_it() -> None:
    gained = Gained("shop/web", "shop/money", "npm:@shop/money")
    told = draft(
        month(
            places=(("shop/cart", 1),),
            merges=(merge(7),),
            new_guests=("ana",),
            gained=(gained,),
            promises_kept=2,
            cleared=1,
        )
    )
    assert told == (
        "# What sharing won us in November 2026\n\n"
        "- **1 change from other teams** came in, in 1 repository:\n"
        "  - [shop/cart#7](https://forge.example/shop/cart/pull/7) `Allow an empty cart`\n"
        "- **1 new guest**: welcome, `ana`!\n"
        "- **1 repository more** built on shared code:\n"
        "  - shop/web uses `npm:@shop/money` of shop/money\n"
        "- **2 promises** of an answer kept.\n"
        "- **1 finding mended** in owners files and guides.\n\n"
        "Thank you all."
    )
    assert draft(month()) == ""


def test_a_digest_of_very_much_stays_short() -> None:
    places = tuple((f"shop/r{number}", 40 - number) for number in range(20))
    told = draft(month(places=places, merges=tuple(merge(number) for number in range(50))))
    assert "  - shop/r0: 40 changes\n" in told
    assert "  - and 5 more\n" in told
    assert "shop/cart" not in told


def office(span: str) -> Calendar:
    """Open so from Monday to Friday, in Berlin."""
    return Calendar("Europe/Berlin", ((parse_span(span),),) * 5 + ((),) * 2)


BUSINESS, LATE = office("08:30-17:00"), office("10:00-17:00")


@pytest.mark.parametrize(
    ("now", "hours", "at", "about"),
    [
        (datetime(2026, 12, 15, tzinfo=UTC), BUSINESS, datetime(2026, 12, 1, 8, tzinfo=UTC), 202611),
        (datetime(2026, 8, 1, tzinfo=UTC), BUSINESS, datetime(2026, 8, 3, 7, tzinfo=UTC), 202607),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), LATE, datetime(2027, 1, 1, 9, tzinfo=UTC), 202612),
        (datetime(2026, 12, 15, tzinfo=UTC), ALWAYS, datetime(2026, 12, 1, 9, tzinfo=UTC), 202611),
    ],
    ids=["a Tuesday", "a weekend first", "work begins at ten", "who always works"],
)
def test_a_month_is_told_on_the_first_business_day_of_the_next(
    now: datetime, hours: Hours, at: datetime, about: int
) -> None:
    told = telling(now, hours)
    assert told is not None
    assert (told.at, told.nth) == (at, about)
    assert [told.is_due(at + timedelta(days=days)) for days in (-1, 0, 6, 7)] == [False, True, True, False]
