"""How instants and working hours are said."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def instant(at: datetime, zone: str) -> str:
    """`Mon 23 Nov 16:30 CET`, in somebody's zone."""
    local = at.astimezone(ZoneInfo(zone))
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    name = local.tzname() or str(local.tzinfo)
    zone_name = f"UTC{name}" if name[:1] in "+-" else name
    return f"{days[local.weekday()]} {local.day} {months[local.month - 1]} {local:%H:%M} {zone_name}"


def hours(time: timedelta) -> str:
    """`8`, `2.5`: working hours, to the nearest tenth."""
    return f"{time.total_seconds() / 3600:.1f}".removesuffix(".0")
