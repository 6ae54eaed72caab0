"""What sharing brings: who gives to whom, how long guests wait, what was promised and won; and every formula."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.settings import PromiseClock
from app.store import insights, outcomes
from app.store.database import Database
from app.store.viewers import Visitor
from app.web.pages.measured import REVIEWS, WINDOW, measured
from app.web.rendering import page
from app.web.visitors import Visitors
from policies.insights import wins
from policies.insights.formulas import BY_KEY, FORMULAS
from policies.insights.measures import Outcome
from policies.insights.teams import TeamLine, lines, table, unnamed

LEAST = 5
"""People in a group that is shown by itself."""

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def make(database: Database, visitors: Visitors, clock: PromiseClock) -> APIRouter:
    """`/flow`, `/promises`, `/wins/{month}`, `/measures`, and the same as CSV and JSON."""
    router = APIRouter()

    async def _seen(visitor: Visitor) -> tuple[list[Outcome], dict[str, str]]:
        """What became of changes, and under which name each team is shown."""
        async with database.begin() as connection:
            seen = await outcomes.seen(connection, visitor, clock.now() - REVIEWS)
            sizes = await insights.team_sizes(connection, visitor)
        return seen, unnamed(seen, sizes, LEAST)

    @router.get("/flow")
    async def flow(request: Request, team: str = "") -> HTMLResponse:
        visitor = await visitors.must(request)
        seen, names = await _seen(visitor)
        now = clock.now()
        chosen = team if team in names.values() else ""
        if team and not chosen:
            raise HTTPException(
                404, "There is no such team, or too few people are in it to show it by itself."
            )
        about = [each for each in seen if not chosen or chosen in {names.get(name) for name in each.owners}]
        async with database.begin() as connection:
            quarters = await insights.snapshots(connection, visitor)
        return page(
            "flow.html",
            request=request,
            table=table(seen, names, now - WINDOW),
            teams=lines(seen, names, now - WINDOW),
            team=chosen,
            numbers=measured(about, now),
            quarters=quarters,
            formulas=BY_KEY,
        )

    @router.get("/flow.{kind}")
    async def export(request: Request, kind: str) -> Response:
        visitor = await visitors.reader(request, "insights")
        seen, names = await _seen(visitor)
        shown = lines(seen, names, clock.now() - WINDOW)
        return _exported(kind, "flow", [_plain(each) for each in shown])

    @router.get("/promises")
    async def promises(request: Request) -> HTMLResponse:
        visitor = await visitors.must(request)
        async with database.begin() as connection:
            found = await insights.promises(connection, visitor, clock.now() - timedelta(days=365))
        return page("promises.html", request=request, promises=found, now=clock.now(), formulas=BY_KEY)

    @router.get("/wins")
    async def this_month(request: Request) -> Response:
        await visitors.must(request)
        return RedirectResponse(f"/wins/{clock.now():%Y-%m}", 303)

    @router.get("/wins/{month}")
    async def won(request: Request, month: str) -> HTMLResponse:
        visitor = await visitors.must(request)
        match = _MONTH.fullmatch(month)
        if match is None:
            raise HTTPException(404, "A month is written as 2026-11.")
        year, number = int(match[1]), int(match[2])
        begin, end = _span(year, number)
        async with database.begin() as connection:
            rows = await insights.month(connection, visitor, begin, end)
        found = wins.month_of(
            year, number, rows.merged, rows.earlier_guests, rows.kept_promises, rows.cleared
        )
        return page(
            "wins.html",
            request=request,
            won=found,
            draft=wins.draft(found),
            before=f"{begin - timedelta(days=1):%Y-%m}",
            after=f"{end:%Y-%m}" if end <= clock.now() else "",
            formulas=BY_KEY,
        )

    @router.get("/measures")
    async def measures(request: Request) -> HTMLResponse:
        await visitors.must(request)
        return page("measures.html", request=request, formulas=FORMULAS)

    return router


def _span(year: int, month: int) -> tuple[datetime, datetime]:
    begin = datetime(year, month, 1, tzinfo=UTC)
    return begin, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _plain(line: TeamLine) -> dict[str, Any]:
    return {
        "team": line.team,
        "changes": line.changes,
        "guest_changes": line.guests,
        "guest_median_hours": None if line.guest_median is None else line.guest_median.length,
        "guest_median_is_at_least": bool(line.guest_median and line.guest_median.beyond),
        "promises_kept": line.attainment.kept,
        "promises_missed": line.attainment.missed,
        "given": round(line.given, 3),
        "taken": round(line.taken, 3),
    }


def _exported(kind: str, name: str, rows: Sequence[dict[str, Any]]) -> Response:
    if kind == "json":
        return Response(json.dumps(rows), media_type="application/json")
    if kind != "csv":
        raise HTTPException(404, "There is CSV and JSON.")
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else ["team"])
    writer.writeheader()
    writer.writerows({key: _in_cell(value) for key, value in row.items()} for row in rows)
    headers = {"content-disposition": f'attachment; filename="usher-{name}.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _in_cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is written as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
