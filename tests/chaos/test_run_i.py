"""Run I of the chaos suite, in short: hostile deliveries drawn from a seed."""

from __future__ import annotations

import pytest

from tests.chaos.hostile import play

pytestmark = pytest.mark.slow


async def test_whatever_is_bent_only_what_is_authentic_is_taken(address: str) -> None:
    outcome = await play(address, seed=1, mutations=1_500)
    assert outcome.wrong == [], outcome.told()
    assert outcome.sent == 1_500
    assert outcome.statuses[202] > 200
    assert {400, 401, 415} <= set(outcome.statuses)
    assert len(outcome.reading) > 200
