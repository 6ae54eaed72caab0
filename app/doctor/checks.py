"""One line of the doctor: what was looked at, how it is, and the command or page that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Status = Literal["well", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is stable, for scripts; `mend` is empty where there is nothing to mend."""

    name: str
    status: Status
    found: str
    mend: str = ""


def well(name: str, found: str) -> Check:
    return Check(name, "well", found)


def warning(name: str, found: str, mend: str) -> Check:
    return Check(name, "warning", found, mend)


def failed(name: str, found: str, mend: str) -> Check:
    return Check(name, "failed", found, mend)


def skipped(name: str, found: str, mend: str = "") -> Check:
    """It could not be looked at, because something before it is not there."""
    return Check(name, "skipped", found, mend)


LITTLE_LEFT = 0.3
"""Below this part of a forge's limit sweeps wait."""

_SKEW_WARNS, _SKEW_FAILS = 30.0, 240.0


def skew(name: str, forge: str, offset: float) -> Check:
    """How far this machine's clock is from the forge's; `offset` in seconds, above 0 where the forge is ahead."""
    off = f"This machine's clock is {abs(offset):.0f} s {'behind' if offset > 0 else 'ahead of'} {forge}'s."
    mend = "Set the clock by NTP: promises and reminders go by it."
    if abs(offset) > _SKEW_FAILS:
        return failed(name, off, mend)
    if abs(offset) > _SKEW_WARNS:
        return warning(name, off, mend)
    return well(name, f"This machine's clock agrees with {forge}'s.")


def ago(length: timedelta) -> str:
    """`5 min`: how long something is past."""
    seconds = max(length.total_seconds(), 0.0)
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
