"""The pages: which changes wait for whom, and why these people."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from app.store import reports
from app.store.database import Database
from policies.words.times import instant

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _moment(value: str | datetime | None, zone: str = "UTC") -> str:
    """An instant in the zone of the calendar that applies; a dash where there is none."""
    if value is None:
        return "–"
    return instant(datetime.fromisoformat(value) if isinstance(value, str) else value, zone)


_TEMPLATES.filters["moment"] = _moment
_TEMPLATES.filters["hours"] = lambda number: f"{number:.1f}".removesuffix(".0")
_TEMPLATES.filters["without_marker"] = lambda body: body.partition("<!--")[0].strip()


def _page(name: str, **values: Any) -> HTMLResponse:
    return HTMLResponse(_TEMPLATES.get_template(name).render(**values))


def make_front(*, ready_to_read: bool) -> APIRouter:
    """The page of an Usher that serves a real forge: nothing is shown to people who have not signed in."""
    router = APIRouter()

    @router.get("/")
    async def front() -> HTMLResponse:
        return _page("front.html", ready=ready_to_read)

    return router


def make_pages(database: Database) -> APIRouter:
    """Every page, open to whoever can reach it."""
    router = APIRouter()

    @router.get("/")
    async def changes() -> HTMLResponse:
        return _page("changes.html", changes=await reports.changes(database))

    @router.get("/repositories/{tenant_id}/{repository_id}")
    async def repository(tenant_id: int, repository_id: int) -> HTMLResponse:
        found = await reports.repository_page(database, tenant_id, repository_id)
        if found is None:
            raise HTTPException(404, "There is no such repository.")
        return _page("repository.html", repository=found)

    @router.get("/changes/{tenant_id}/{subject}")
    async def change(tenant_id: int, subject: str) -> HTMLResponse:
        found = await reports.change(database, tenant_id, subject)
        if found is None:
            raise HTTPException(404, "There is no such change.")
        return _page("change.html", change=found)

    return router
