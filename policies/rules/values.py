"""Kinds of values that several topics share, each with what its writer is told where it is wrong."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from policies.durations import Duration
from policies.typed_yaml import between

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def days_of(text: str) -> tuple[int, ...]:
    """The weekdays, Monday 0, that `mon` or `mon-fri` means; ValueError where it means none."""
    first, _, last = text.partition("-")
    if first not in DAY_NAMES or (last or first) not in DAY_NAMES:
        raise ValueError(f"{text!r} is no day of the week: write mon or mon-fri")
    start = DAY_NAMES.index(first)
    count = (DAY_NAMES.index(last or first) - start) % 7 + 1
    return tuple((start + n) % 7 for n in range(count))


def is_days(text: str) -> None:
    days_of(text)


def is_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: write Europe/Berlin") from error


def is_prefix(text: str) -> None:
    if not re.fullmatch(r"/[a-z][a-z0-9-]{0,30}", text):
        raise ValueError(f"{text!r} is no prefix of commands: write /usher")


def is_some_time(duration: Duration) -> None:
    if not duration.amount:
        raise ValueError("this must be longer than nothing")


def is_working_day(duration: Duration) -> None:
    if duration.unit not in ("m", "h") or not timedelta() < duration.length(timedelta()) <= timedelta(
        hours=24
    ):
        raise ValueError(f"{duration} is no length of a working day: write 8h")


Count = Annotated[int, between(0, 100_000)]
Share = Annotated[float, between(0, 1)]
Percent = Annotated[int, between(1, 1000)]
Budget = Annotated[Duration, is_some_time]
Severity = Literal["low", "medium", "high"]
