"""What is my turn, what else goes on, and the whole story of one change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from app.settings import PromiseClock
from app.store import change_pages, turns
from app.store.change_pages import ChangePage, Promise
from app.store.database import Database
from app.web.addresses import Number
from app.web.drawings import Lane, Mark, timeline
from app.web.rendering import page
from app.web.visitors import NotSignedIn, Visitors, ended_at
from policies.words.areas import plain_area

MOST_MIDNIGHTS = 60


def make(
    database: Database, visitors: Visitors, clock: PromiseClock, *, ready_to_read: Callable[[], bool]
) -> APIRouter:
    """`/`, `/changes` and one page for each change."""
    router = APIRouter()

    @router.get("/")
    async def front(request: Request) -> Response:
        visitor = await visitors.known(request)
        if visitor is None and ended_at(request):
            raise NotSignedIn("/", ended_at(request))
        if visitor is None:
            return page("front.html", request=request, ready=ready_to_read(), doors=[*visitors.doors])
        request.state.visitor = visitor
        now = clock.now()
        async with database.begin() as connection:
            queue = await turns.queue(connection, visitor, now)
        return page("my_turn.html", request=request, queue=queue, now=now)

    @router.get("/changes")
    async def changes(request: Request) -> HTMLResponse:
        visitor = await visitors.must(request)
        found = await change_pages.changes(database, visitor)
        return page("changes.html", request=request, changes=found, now=clock.now())

    @router.get("/changes/{tenant_id}/{subject}")
    async def change(request: Request, tenant_id: Number, subject: str) -> HTMLResponse:
        visitor = await visitors.must(request)
        found = await change_pages.change(database, visitor, tenant_id, subject)
        if found is None:
            raise HTTPException(404, "There is no such change, or you may not read it on the forge.")
        now = clock.now()
        return page("change.html", request=request, change=found, drawing=_drawn(found, now), now=now)

    return router


def _drawn(change: ChangePage, now: datetime) -> str:
    """The promises of the change as a time line, with what happened below it."""
    zone = change.row.shown["zone"]
    lanes = [_lane(each, zone, now) for each in change.promises]
    if not lanes:
        return ""
    first = min(lane.begin for lane in lanes)
    marks = [
        Mark(at, f"{moment:%a %d %b %H:%M}: {who} {what}")
        for at, who, what in change.events
        if at >= first - timedelta(days=1) and (moment := at.astimezone(ZoneInfo(zone)))
    ]
    last = max([now, *(lane.due for lane in lanes if lane.due), *(mark.at for mark in marks)])
    return timeline(lanes, marks, now, _midnights(first, last, zone))


def _lane(promise: Promise, zone: str, now: datetime) -> Lane:
    kinds = {"met": "kept", "acknowledged": "kept", "missed": "missed", None: "pending"}
    kind = kinds.get(promise.verdict, "over")
    over = promise.verdict is not None and promise.verdict != "missed"
    end = promise.ended if over or promise.ended else None
    said = f"{promise.kind}, {promise.verdict or 'pending'}"
    who = promise.party if promise.ledger == "person" else f"anybody for {plain_area(promise.slot)}"
    return Lane(who, promise.started, end, promise.due, kind, said)


def _midnights(first: datetime, last: datetime, zone: str) -> list[tuple[datetime, str]]:
    """Every midnight between two instants in the zone, with the day that begins."""
    here = ZoneInfo(zone)
    day = first.astimezone(here).date()
    found = []
    for _ in range(MOST_MIDNIGHTS):
        at = datetime(day.year, day.month, day.day, tzinfo=here)
        if at > last + timedelta(days=1):
            break
        found.append((at, f"{day:%a %d %b}"))
        day += timedelta(days=1)
    return found
