"""`usher due`: until when an answer is promised, without any forge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.settling.holidays_source import holidays_of
from policies import calendars, durations
from policies.calendars import ALWAYS, Calendar, Hours, Window
from policies.rules import CalendarTerms

EARLIEST, LATEST = 1900, 9000
"""Years in which a calendar can be followed far enough in both directions."""

SHOWN = 10
"""So many stretches of working time are listed; a longer budget says how many more there are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Until when, in whose hours, and the working time on the way."""

    start: datetime
    due: datetime
    budget: timedelta
    hours: Hours
    zone: str
    windows: tuple[Window, ...]


def due(
    start: Annotated[
        str, typer.Option("--from", help="Since when: 2026-11-20T16:30, by the zone's clock unless it says.")
    ],
    budget: Annotated[str, typer.Option(help="How long: 8bh or 2bd of working time, 4h or 3d of any time.")],
    zone: Annotated[str, typer.Option(help="The time zone, such as Europe/Berlin.")] = "UTC",
    hours: Annotated[str, typer.Option(help="Working hours; several spans with commas.")] = "09:00-17:00",
    days: Annotated[str, typer.Option(help="Working days; several with commas.")] = "mon-fri",
    day: Annotated[str, typer.Option(help="How much working time a working day (bd) is.")] = "8h",
    holidays: Annotated[
        str, typer.Option(help="Public holidays of a country, or of a part of it: DE, DE/BE, US/CA.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say until when an answer is due.

    Exit codes: 0 answered; 1 never, because nobody ever works in these hours; 2 usage.
    """
    try:
        answer = _answer(start, budget, _calendar(zone, hours, days, day), holidays)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if answer is None:
        typer.echo("Never: there is no working time within 400 days.", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps(_as_json(answer)) if as_json else "\n".join(_lines(answer)))


def _calendar(zone: str, hours: str, days: str, day: str) -> CalendarTerms:
    """The calendar as it was asked for; ValueError, in words, for what cannot be read."""
    spans = tuple(calendars.parse_span(text.strip()) for text in hours.split(","))
    terms = CalendarTerms(
        zone=zone,
        week=dict.fromkeys((text.strip() for text in days.split(",")), spans),
        day=durations.parse(day),
    )
    terms.check()
    return terms


def _answer(start: str, budget: str, terms: CalendarTerms, place: str) -> Answer | None:
    zone = terms.zone or "UTC"
    begun = _instant(start, zone)
    duration = durations.parse(budget)
    last = begun.year + 1
    while True:
        own = terms.calendar(_days_off(place, begun.year, last))
        hours: Calendar = own if duration.working else ALWAYS
        length = duration.length(own.day)
        deadline = calendars.due(hours, begun, length)
        if deadline is None:
            return None
        if deadline.year <= last:
            return Answer(begun, deadline, length, hours, zone, tuple(hours.windows(begun, deadline)))
        last = deadline.year + 1  # so far away that the holidays on the way were not all known


def _days_off(place: str, first: int, last: int) -> frozenset[date]:
    """The public holidays of all these years; `place` is DE or DE/BE, or nowhere."""
    if not place:
        return frozenset()
    country, _, subdivision = place.partition("/")
    years = range(first, last + 1, 3)
    return frozenset[date]().union(
        *(holidays_of(country, subdivision or None, ("public",), year) for year in years)
    )


def _instant(text: str, zone: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no instant: write 2026-11-20T16:30") from None
    if not EARLIEST <= instant.year <= LATEST:
        raise ValueError(f"{text!r} is not between the years {EARLIEST} and {LATEST}")
    return (instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


# --- What is said -----------------------------------------------------------------------------------------


def _lines(answer: Answer) -> list[str]:
    """The deadline, and the working time that leads to it."""
    lines = [f"due {_local(answer.due, answer.zone)} ({_utc(answer.due)})"]
    for window in answer.windows[:SHOWN]:
        end = window.end.astimezone(ZoneInfo(answer.zone)).strftime("%H:%M")
        lines.append(f"  {_hours(window.length):>8}  {_local(window.start, answer.zone)} – {end}")
    if len(answer.windows) > SHOWN:
        lines.append(f"  and {len(answer.windows) - SHOWN} more")
    return lines


def _as_json(answer: Answer) -> dict[str, object]:
    zone = ZoneInfo(answer.zone)
    return {
        "schema": 1,
        "from": _utc(answer.start),
        "budget_seconds": int(answer.budget.total_seconds()),
        "zone": answer.zone,
        "due": _utc(answer.due),
        "due_local": answer.due.astimezone(zone).isoformat(),
        "windows": [{"start": _utc(window.start), "end": _utc(window.end)} for window in answer.windows],
    }


def _local(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%a %d %b %Y %H:%M %Z")


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _hours(length: timedelta) -> str:
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return f"{hours}:{minutes:02} h"
