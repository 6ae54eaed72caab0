"""Where Usher acts and where it is in a dry run, and the buttons that change it."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.store import modes, tenants, viewers
from app.store.database import Database
from app.web.addresses import Number
from app.web.rendering import page
from app.web.visitors import Visitors


def make(database: Database, visitors: Visitors) -> APIRouter:
    """`/operations/accounts/{tenant}` for operators, and what its buttons, and those of a repository's page, do."""
    router = APIRouter()

    @router.get("/operations/accounts/{tenant_id}")
    async def account(request: Request, tenant_id: Number) -> HTMLResponse:
        await visitors.must_operate(request)
        async with database.begin() as connection:
            tenant = await tenants.by_id(connection, tenant_id)
            if tenant is None or tenant.state == "left":
                raise HTTPException(404, "There is no such account.")
            listed = await modes.repositories(connection, tenant_id)
        return page("account.html", request=request, tenant=tenant, repositories=listed)

    @router.post("/operations/accounts/{tenant_id}/mode")
    async def of_account(request: Request, tenant_id: Number) -> Response:
        """Only operators speak for a whole organisation."""
        visitor, form = await visitors.meant(request)
        if not visitors.operates(visitor):
            raise HTTPException(404, "There is no such page for you.")
        async with database.begin() as connection:
            tenant = await tenants.by_id(connection, tenant_id)
            if tenant is None or tenant.state == "left":
                raise HTTPException(404, "There is no such account.")
            await modes.switch_account(connection, tenant, _mode(form.get("mode")), visitor.actor)
        return RedirectResponse(f"/operations/accounts/{tenant_id}", 303)

    @router.post("/repositories/{tenant_id}/{repository_id}/mode")
    async def of_repository(request: Request, tenant_id: Number, repository_id: Number) -> Response:
        """Whoever administers the repository on the forge may, and operators."""
        visitor, form = await visitors.meant(request)
        operates = visitors.operates(visitor)
        async with database.begin() as connection:
            if not operates and not await viewers.runs(connection, visitor, tenant_id, repository_id):
                raise HTTPException(
                    404, "There is no such repository, or you do not administer it on the forge."
                )
            tenant = await tenants.by_id(connection, tenant_id)
            known = await tenants.find_repository(connection, tenant_id, repository_id)
            if tenant is None or tenant.state == "left" or known is None:
                raise HTTPException(404, "There is no such repository.")
            await modes.switch_repository(
                connection, tenant, known[0], _mode(form.get("mode")), visitor.actor
            )
        back = f"/operations/accounts/{tenant_id}" if operates and form.get("from") == "account" else None
        return RedirectResponse(back or f"/repositories/{tenant_id}/{repository_id}", 303)

    return router


def _mode(said: str | None) -> modes.Mode:
    if said == "live":
        return "live"
    if said == "preview":
        return "preview"
    raise HTTPException(400, "A switch is either live or in a dry run.")
