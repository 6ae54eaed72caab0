"""The pages: which changes wait for whom, and why these people."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from app.store import reports
from app.store.database import Database
from app.web.rendering import page
from app.web.visitors import Visitors


def make_pages(database: Database, visitors: Visitors, *, ready_to_read: Callable[[], bool]) -> APIRouter:
    """Every page about changes and repositories. What the visitor may not read on the forge is 404."""
    router = APIRouter()

    @router.get("/")
    async def front(request: Request) -> Response:
        visitor = await visitors.known(request)
        if visitor is None:
            doors = [*visitors.doors]
            return page("front.html", request=request, ready=ready_to_read(), doors=doors)
        request.state.visitor = visitor
        return page("changes.html", request=request, changes=await reports.changes(database, visitor))

    @router.get("/repositories/{tenant_id}/{repository_id}")
    async def repository(request: Request, tenant_id: int, repository_id: int) -> HTMLResponse:
        visitor = await visitors.must(request)
        found = await reports.repository_page(database, visitor, tenant_id, repository_id)
        if found is None:
            raise HTTPException(404, "There is no such repository, or you may not read it on the forge.")
        return page("repository.html", request=request, repository=found)

    @router.get("/changes/{tenant_id}/{subject}")
    async def change(request: Request, tenant_id: int, subject: str) -> HTMLResponse:
        visitor = await visitors.must(request)
        found = await reports.change(database, visitor, tenant_id, subject)
        if found is None:
            raise HTTPException(404, "There is no such change, or you may not read it on the forge.")
        return page("change.html", request=request, change=found)

    return router
