"""The activity score by the vectors of the specification, and what readiness is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policies.catalogue.score import Liveliness, Readiness, activity, raw_activity, standing, utf16_units

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def lively(
    counts: str, d: float, a: float, weeks: list[int] | None, units: int, *, guide: bool
) -> Liveliness:
    forks, subscribers, stars, issues = (int(each) for each in counts.split(","))
    return Liveliness(
        forks, subscribers, stars, issues, NOW - timedelta(days=d), NOW - timedelta(days=a), weeks, units, guide
    )  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "d", "a", "weeks", "units", "guide", "raw", "score"),
    [
        ("0,0,0,0", 0, 0, None, 0, False, 1100, 1050),
        ("12,9,31,17", 10.5, 2000, [9] * 39 + [4] * 13, 62, True, 437.4625, 387),
        ("0,1,0,0", 50, 400, None, utf16_units("🚀" * 16), False, 126.5, 77),  # 32 units; ½ rounds up
        ("20,15,40,25", 2, 73, [0] * 42 + [12] * 10, 31, False, 1531.7259, 1482),
        ("590,0,0,0", 365, 1000, None, 0, False, 3000, 2950),
        ("590,1,0,0", 365, 1000, None, 0, False, None, 3751),  # the jump is the pattern's own
    ],
)
def test_activity_as_the_pattern_defines_it(
    counts: str, d: float, a: float, weeks: list[int] | None, units: int, guide: bool, raw: float, score: int
) -> None:
    known = lively(counts, d, a, weeks, units, guide=guide)
    if raw is not None:
        assert raw_activity(known, NOW) == pytest.approx(raw, abs=1e-4)
    assert activity(known, NOW) == score


def test_what_will_be_updated_tomorrow_was_updated_now() -> None:
    assert activity(lively("0,0,0,0", -3, -3, None, 0, guide=False), NOW) == 1050


def test_readiness_says_what_it_is_made_of() -> None:
    ready = Readiness(guidelines=0.75, shared=0.5, channel=True, readme=True, licence=False)
    assert ready.points == pytest.approx(67.5)
    assert sum(most for _, _, most in ready.parts) == 100
    assert Readiness(None, None, channel=False, readme=False, licence=False).points == 0


def test_the_order_of_the_catalogue() -> None:
    assert standing(100, NOW, 1.0, NOW) == pytest.approx(3.0)
    assert standing(0, None, None, NOW) == pytest.approx(0.5)
    assert standing(0, NOW - timedelta(days=90), None, NOW) == pytest.approx(0.867879, abs=1e-6)
