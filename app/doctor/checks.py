"""One line of the doctor: what was looked at, how it is, and the command or page that mends it."""

from __future__ import annotations

from dataclasses import dataclass
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
