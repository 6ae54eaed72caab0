"""What is kept about the visitor: to read, to take along, to have erased; and tokens for machines."""

from __future__ import annotations

import json
import re

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.store import linked_people, people, viewers
from app.store.database import Database
from app.store.viewers import Visitor
from app.web.addresses import Number
from app.web.rendering import page
from app.web.visitors import Visitors, cookie_name, is_secure
from policies.owners.answers import NAMES

SCOPES = {
    "catalogue": "read the catalogue (repos.json, Backstage)",
    "insights": "read measures (CSV, JSON)",
}


def make(database: Database, visitors: Visitors) -> APIRouter:
    """`/me` and what can be done there."""
    router = APIRouter()

    async def _page(
        request: Request, visitor: Visitor, *, secret: str = "", problem: str = ""
    ) -> HTMLResponse:
        async with database.begin() as connection:
            tokens = await viewers.machine_tokens(connection, visitor)
            kept = await people.kept_about(connection, visitor)
            link = await linked_people.of(connection, visitor.accounts)
        return page(
            "me.html",
            request=request,
            tokens=tokens,
            kept=kept,
            link=link,
            accounts=visitor.accounts,
            doors=[(forge, NAMES[forge]) for forge in visitors.doors if forge not in visitor.accounts],
            secret=secret,
            problem=problem,
            scopes=SCOPES,
        )

    @router.get("/me")
    async def me(request: Request) -> HTMLResponse:
        return await _page(request, await visitors.must(request))

    @router.get("/me.json")
    async def export(request: Request) -> Response:
        visitor = await visitors.must(request)
        async with database.begin() as connection:
            kept = await people.everything(connection, visitor)
        headers = {"content-disposition": 'attachment; filename="usher-about-me.json"'}
        return Response(json.dumps(kept, indent=1), media_type="application/json", headers=headers)

    @router.post("/me/tokens")
    async def make_token(request: Request) -> HTMLResponse:
        visitor, form = await visitors.meant(request)
        scope, days = form.get("scope", ""), form.get("days", "")
        name = form.get("name", "").strip()
        if scope not in SCOPES or not name or not re.fullmatch("[0-9]{1,4}", days):
            return await _page(
                request, visitor, problem="Give the token a name, what it may do, and its days."
            )
        async with database.begin() as connection:
            try:
                secret = await viewers.new_machine_token(
                    connection,
                    visitor.ids[0],
                    name,
                    scope,  # type: ignore[arg-type]
                    int(days),
                )
            except ValueError as error:
                return await _page(request, visitor, problem=str(error))
        return await _page(request, visitor, secret=secret)

    @router.post("/me/tokens/{number}/drop")
    async def drop_token(request: Request, number: Number) -> Response:
        visitor, _ = await visitors.meant(request)
        async with database.begin() as connection:
            await viewers.drop_machine_token(connection, visitor, number)
        return RedirectResponse("/me", 303)

    @router.post("/me/accounts/link")
    async def link(request: Request) -> Response:
        visitor, _ = await visitors.meant(request)
        if len(visitor.accounts) < 2:
            raise HTTPException(
                400, "Sign in with both forges first: that shows that both accounts are yours."
            )
        async with database.begin() as connection:
            done = await linked_people.by_person(connection, **visitor.accounts)
        if not done:
            raise HTTPException(409, "Whoever runs Usher has linked one of these accounts; please ask them.")
        return RedirectResponse("/me", 303)

    @router.post("/me/accounts/part")
    async def part(request: Request) -> Response:
        visitor, _ = await visitors.meant(request)
        async with database.begin() as connection:
            await linked_people.part(connection, visitor.accounts)
        return RedirectResponse("/me", 303)

    @router.post("/me/erase")
    async def erase(request: Request) -> Response:
        visitor, form = await visitors.meant(request)
        if form.get("sure") != "yes":
            raise HTTPException(400, "Tick the box first, so that nobody is erased by accident.")
        async with database.begin() as connection:
            await people.erase(connection, visitor, visitors.pseudonyms)
        origin = visitors.origin(request)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(cookie_name(origin), path="/", secure=is_secure(origin), httponly=True)
        return answer

    return router
