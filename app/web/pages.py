"""The pages: which changes wait for whom, and why these people."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from app.store import reports
from app.store.database import Database
from app.web.rendering import page


def make_front(*, ready_to_read: bool) -> APIRouter:
    """The page of an Usher that serves a real forge: nothing is shown to people who have not signed in."""
    router = APIRouter()

    @router.get("/")
    async def front() -> HTMLResponse:
        return page("front.html", ready=ready_to_read)

    return router


def make_pages(database: Database) -> APIRouter:
    """Every page, open to whoever can reach it."""
    router = APIRouter()

    @router.get("/")
    async def changes() -> HTMLResponse:
        return page("changes.html", changes=await reports.changes(database))

    @router.get("/repositories/{tenant_id}/{repository_id}")
    async def repository(tenant_id: int, repository_id: int) -> HTMLResponse:
        found = await reports.repository_page(database, tenant_id, repository_id)
        if found is None:
            raise HTTPException(404, "There is no such repository.")
        return page("repository.html", repository=found)

    @router.get("/changes/{tenant_id}/{subject}")
    async def change(tenant_id: int, subject: str) -> HTMLResponse:
        found = await reports.change(database, tenant_id, subject)
        if found is None:
            raise HTTPException(404, "There is no such change.")
        return page("change.html", change=found)

    return router
