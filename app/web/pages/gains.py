"""What sharing brings: who gives to whom, how long guests wait, what was promised and won; and every formula."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.settings import PromiseClock
from app.store import insights, outcomes, wins
from app.store.database import Database
from app.web.pages.measured import REVIEWS, measured
from app.web.rendering import page
from app.web.visitors import Visitors
from policies.insights.formulas import BY_KEY, FORMULAS
from policies.insights.privacy import OTHER, folded
from policies.insights.quarters import side_by_side
from policies.insights.teams import TeamLine, lines, table, unnamed
from policies.insights.wins import draft

YEAR = timedelta(days=365)
"""For so long a promise is held against what became of it."""

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


def make(database: Database, visitors: Visitors, clock: PromiseClock) -> APIRouter:
    """`/flow`, `/promises`, `/wins/{month}`, `/measures`, and the same as CSV and JSON."""
    router = APIRouter()

    @router.get("/flow")
    async def flow(request: Request, team: str = "") -> HTMLResponse:
        visitor = await visitors.must(request)
        now, may = clock.now(), outcomes.for_visitor(visitor)
        async with database.begin() as connection:
            known = await insights.measuring(connection, visitor)
            seen = await outcomes.groups(connection, now - known.terms.window, may)
            names = unnamed(seen, known.sizes, known.terms.least)
            if team and (team == OTHER or team not in names.values()):
                raise HTTPException(
                    404, "There is no such team, or too few people are in it to show it by itself."
                )
            if team:
                may = sa.and_(may, outcomes.owned_by([team]))
            guests = await outcomes.merges_of_guests(connection, now - REVIEWS, may)
            reviews = await outcomes.reviews(connection, now - REVIEWS, may)
            quarters = await insights.snapshots(connection, visitor)
        about = [each for each in seen if not team or team in each.owners]
        return page(
            "flow.html",
            request=request,
            table=table(seen, names),
            teams=[each for each in lines(seen, names) if not team or each.team == team],
            team=team,
            numbers=measured(about, guests, reviews, now),
            quarters=[] if team else side_by_side(quarters),
            days=known.terms.window.days,
            least=known.terms.least,
            formulas=BY_KEY,
        )

    @router.get("/flow.{kind}")
    async def export(request: Request, kind: str) -> Response:
        visitor = await visitors.reader(request, "insights")
        async with database.begin() as connection:
            known = await insights.measuring(connection, visitor)
            since = clock.now() - known.terms.window
            seen = await outcomes.groups(connection, since, outcomes.for_visitor(visitor))
        shown = lines(seen, unnamed(seen, known.sizes, known.terms.least))
        return _exported(kind, "flow", [_plain(each) for each in shown])

    @router.get("/promises")
    async def promises(request: Request) -> HTMLResponse:
        visitor = await visitors.must(request)
        async with database.begin() as connection:
            known = await insights.measuring(connection, visitor)
            found = await insights.promises(connection, visitor, clock.now() - YEAR)
        return page("promises.html", request=request, promises=found, known=known, now=clock.now())

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
        begin, end = wins.span(year, number)
        async with database.begin() as connection:
            known = await insights.measuring(connection, visitor)
            found = await wins.won(connection, wins.as_visitor(visitor), year, number)
        teams = {
            team: known.sizes.get(team, 0) for each in found.merges for team in (*each.teams, *each.owners)
        }
        return page(
            "wins.html",
            request=request,
            won=found,
            names=folded(teams, known.terms.least),
            draft=draft(found),
            before=f"{begin - timedelta(days=1):%Y-%m}",
            after=f"{end:%Y-%m}" if end <= clock.now() else "",
        )

    @router.get("/measures")
    async def measures(request: Request) -> HTMLResponse:
        await visitors.must(request)
        return page("measures.html", request=request, formulas=FORMULAS)

    return router


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


COLUMNS = (
    "team",
    "changes",
    "guest_changes",
    "guest_median_hours",
    "guest_median_is_at_least",
    "promises_kept",
    "promises_missed",
    "given",
    "taken",
)


def _exported(kind: str, name: str, rows: Sequence[dict[str, Any]]) -> Response:
    if kind == "json":
        return Response(json.dumps(rows), media_type="application/json")
    if kind != "csv":
        raise HTTPException(404, "There is CSV and JSON.")
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=COLUMNS)
    writer.writeheader()
    writer.writerows({key: _in_cell(value) for key, value in row.items()} for row in rows)
    headers = {"content-disposition": f'attachment; filename="usher-{name}.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _in_cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is written as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
