"""Run J of the chaos suite, in short: what others write, read by six readers."""

from __future__ import annotations

import pytest

from tests.chaos.fuzz import play, readers

pytestmark = pytest.mark.slow


def test_whatever_others_write_is_read_or_refused_with_a_place() -> None:
    outcome = play(1, range(150))
    assert outcome.wrong == [], outcome.told()
    assert outcome.read == dict.fromkeys(readers(), 150)
