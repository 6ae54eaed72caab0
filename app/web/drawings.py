"""Pictures drawn on the server as SVG: a clock's time line, how long people wait, a year of commits.

Colours come from the style sheet by class, so that they follow light and dark; every picture says in words
what it shows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from policies.insights.survival import Point, Waits, curve

DESK, PHONE = 900, 380
"""How wide a picture is, in pixels. It is drawn for both, and the style sheet shows the one that fits."""


def _for_both(draw: Callable[[int], Markup]) -> Markup:
    return Markup('<div class="on-desk">{}</div><div class="on-phone">{}</div>').format(
        draw(DESK), draw(PHONE)
    )


def _svg(width: int, height: int, title: str, inside: Sequence[Markup], kind: str) -> Markup:
    return Markup(
        '<svg class="drawing {kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
        "<title>{title}</title>{inside}</svg>"
    ).format(kind=kind, width=width, height=height, title=title, inside=Markup("").join(inside))


def _text(x: float, y: float, said: str, kind: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{said}</text>').format(
        x=x, y=y, kind=kind, anchor=anchor, said=said
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>').format(
        x1, y1, x2, y2, kind
    )


def _bar(x: float, y: float, width: float, height: float, kind: str, title: str) -> Markup:
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="4" class="{}"><title>{}</title></rect>'
    ).format(x, y, max(width, 3), height, kind, title)


# --- A clock's time line -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lane:
    """One promise: from when it was owed, until it was kept or missed, and when it was due."""

    name: str
    begin: datetime
    end: datetime | None
    due: datetime | None
    kind: str  # kept, missed, pending or over
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened."""

    at: datetime
    said: str


def timeline(
    lanes: Sequence[Lane], marks: Sequence[Mark], now: datetime, zone_days: Sequence[tuple[datetime, str]]
) -> Markup:
    """The promises of a change, one below the other, over the days; `zone_days` are midnights with their names."""
    if not lanes:
        return Markup("")
    instants = [each.begin for each in lanes] + [each.at for each in marks]
    ends = [each for lane in lanes for each in (lane.end, lane.due) if each] + [each.at for each in marks]
    first = min(instants)
    last = max([*ends, *([now] if any(lane.end is None for lane in lanes) else [])])
    pad = max((last - first) * 0.04, timedelta(minutes=30))
    first, last = first - pad, last + pad
    return _for_both(lambda width: _timeline(lanes, marks, now, zone_days, (first, last), width))


def _timeline(
    lanes: Sequence[Lane],
    marks: Sequence[Mark],
    now: datetime,
    zone_days: Sequence[tuple[datetime, str]],
    between: tuple[datetime, datetime],
    width: int,
) -> Markup:
    """A lane's name stands before its bar on a desk, above it on a phone."""
    first, last = between
    left, right, row, above = (210, 16, 44, 0) if width == DESK else (4, 34, 76, 32)
    span = (last - first).total_seconds()

    def x(at: datetime) -> float:
        return left + (width - left - right) * (at - first).total_seconds() / span

    height = 44 + row * len(lanes)
    drawn: list[Markup] = []
    previous = -100.0
    for at, name in zone_days:
        if first <= at <= last:
            drawn.append(_line(x(at), 22, x(at), height - 18, "grid"))
            if x(at) - previous > 76:
                drawn.append(_text(x(at) + 5, 15, name, "axis"))
                previous = x(at)
    drawn.extend(
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3.5" class="mark"><title>{}</title></circle>').format(
            x(mark.at), height - 10, mark.said
        )
        for mark in marks
    )
    for number, lane in enumerate(lanes):
        top = 32 + row * number
        y = top + above
        end = lane.end or now
        drawn.append(_text(0, top + 11, _short(lane.name, 26), "name"))
        drawn.append(_text(0, top + 26, _short(lane.said, 34), "axis"))
        drawn.append(
            _bar(x(lane.begin), y, x(max(end, lane.begin)) - x(lane.begin), 18, lane.kind, lane.said)
        )
        if lane.due is not None:
            drawn.append(_line(x(lane.due), y - 5, x(lane.due), y + 23, "due"))
            drawn.append(_text(x(lane.due) + 4, y + 32, "due", "axis"))
    if any(lane.end is None for lane in lanes) and first <= now <= last:
        drawn.append(_line(x(now), 22, x(now), height - 18, "now"))
        before, after = (-4, "end"), (8, "start")
        shift, anchor = before if x(now) > 40 else after  # where there is room for the word
        drawn.append(_text(x(now) + shift, height - 4, "now", "axis", anchor))
    told = "; ".join(f"{lane.name}: {lane.said}" for lane in lanes)
    return _svg(width, height, f"Time line of the promises. {told}", drawn, "timeline-drawing")


# --- How long people wait ------------------------------------------------------------------------------------------


_TICKS = (0.25, 0.5, 1, 2, 4, 8, 16, 40, 80, 160, 400, 800, 1600)
"""Working hours between two figures on the axis, so many that there are at most `_MOST_TICKS` steps."""

_MOST_TICKS = 6


def waiting(series: Sequence[tuple[str, Waits]]) -> Markup:
    """For each series the part of all waits that is longer than so many working hours, falling in steps."""
    shown = [(name, waits, curve(waits)) for name, waits in series if len(waits)]
    if not shown:
        return Markup("")
    return _for_both(lambda width: _waiting(shown, width))


def _waiting(shown: Sequence[tuple[str, Waits, Sequence[Point]]], width: int) -> Markup:
    """Names stand behind the curves on a desk, above them on a phone."""
    longest = max(*(waits.longest for _, waits, _ in shown), 1)
    height, left, right, top, bottom = (260, 44, 130, 14, 34) if width == DESK else (240, 38, 16, 34, 30)

    def x(hours: float) -> float:
        return left + (width - left - right) * hours / longest

    def y(part: float) -> float:
        return top + (height - top - bottom) * (1 - part)

    drawn = [_line(left, y(part), width - right, y(part), "grid") for part in (0, 0.15, 0.5, 1)]
    drawn += [_text(left - 6, y(part) + 4, f"{part:.0%}", "axis", "end") for part in (0, 0.15, 0.5, 1)]
    every = next(hours for hours in _TICKS if longest / hours <= _MOST_TICKS or hours == _TICKS[-1])
    for step in range(int(longest / every) + 1):
        drawn.append(_text(x(every * step), height - 12, f"{every * step:g} h", "axis", "middle"))
    for number, (name, waits, points) in enumerate(shown):
        seen = _at_each_pixel(points, x)
        path = [f"M{x(0):.1f} {y(1):.1f}"]
        path += [f"H{x(point.length):.1f} V{y(point.still_waiting):.1f}" for point in seen]
        part = seen[-1].still_waiting if seen else 1.0
        path.append(f"H{x(waits.longest):.1f}")
        drawn.append(Markup('<path d="{}" class="curve series-{}"/>').format(" ".join(path), number))
        for length in sorted({round(x(each)): each for each in waits.unanswered}.values()):
            before = bisect_right(seen, length, key=lambda point: point.length)
            here = seen[before - 1].still_waiting if before else 1.0
            drawn.append(_line(x(length), y(here) - 5, x(length), y(here) + 5, f"tick series-{number}"))
        if width == DESK:
            at = x(waits.longest) + 8, y(part) + 4 - (8 + 14 * number) * (part == 0)
        else:
            at = left + 90.0 * number, 14.0
        drawn.append(_text(*at, name, f"label series-{number}"))
    told = ", ".join(f"{name}: {len(waits)} changes" for name, waits, _ in shown)
    return _svg(
        width,
        height,
        f"Part of changes still waiting after so many working hours. {told}",
        drawn,
        "curve-drawing",
    )


def _at_each_pixel(points: Sequence[Point], x: Callable[[float], float]) -> list[Point]:
    """The last point of each column of pixels: nobody sees more, however many changes there are."""
    return list({round(x(point.length)): point for point in points}.values())


# --- A year of commits ---------------------------------------------------------------------------------------------


def year(weeks: Sequence[int]) -> Markup:
    """52 weeks of commits, oldest first, as bars."""
    if not weeks:
        return Markup("")
    most, width, height = max(*weeks, 1), 364, 40
    step = width / len(weeks)
    bars = [
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="week"/>').format(
            step * number, height - max(height * count / most, 1), step - 1.5, max(height * count / most, 1)
        )
        for number, count in enumerate(weeks)
    ]
    return _svg(
        width,
        height,
        f"{sum(weeks)} commits within a year, {sum(weeks[-13:])} in its last quarter",
        bars,
        "year",
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
