"""Run A of the chaos suite: two thousand deliveries, kills and a forge that errs; nothing lost, nothing twice."""

from __future__ import annotations

import pytest

from tests.chaos.run import RUNS, play

pytestmark = pytest.mark.slow


async def test_nothing_is_lost_and_nothing_happens_twice() -> None:
    outcome = await play(RUNS["A"], seed=1)
    assert outcome.judgement.wrong == [], outcome.told()
    assert outcome.judgement.sent >= 1_800
    assert outcome.arena.kills == 5
    assert outcome.judgement.effects > 10
