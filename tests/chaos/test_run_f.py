"""Run F of the chaos suite, in short: a noisy organisation, and one whose forge is slow, beside two others."""

from __future__ import annotations

import pytest

from tests.chaos.neighbours import play

pytestmark = pytest.mark.slow


async def test_beside_noise_and_slowness_nobody_else_is_forgotten() -> None:
    outcome = await play(seed=1, seconds=0.5, others=2, slowness=3)
    assert outcome.wrong == [], outcome.told()
    assert all(len(phase.waits) >= 2 for phase in outcome.phases)
