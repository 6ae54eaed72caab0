"""A process dies at a named point only if a test asked for it, beside a forge on this machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import crash_points
from app.settings import SettingsError, read_settings

APP = Path(__file__).parents[2] / "app"


def test_each_point_is_reached_in_one_place() -> None:
    found = [
        name
        for path in APP.rglob("*.py")
        for name in re.findall(r'reached\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    ]
    assert sorted(found) == sorted(crash_points.POINTS)


def test_nothing_is_armed_by_itself() -> None:
    for point in crash_points.POINTS:
        crash_points.reached(point)


def test_a_process_beside_a_real_forge_refuses_to_be_armed() -> None:
    with pytest.raises(SettingsError, match="USHER_CRASH_AT: is for tests"):
        read_settings(crash_at="effect.sending")
    assert read_settings(crash_at="effect.sending:2", github_api_url="http://127.0.0.1:1").crash_at


@pytest.mark.parametrize("at", ["nowhere", "effect.sending:0", "effect.sending:x", "effect.sending:1:sleep"])
def test_a_point_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(SettingsError, match="USHER_CRASH_AT: "):
        read_settings(crash_at=at, github_api_url="http://127.0.0.1:1")
