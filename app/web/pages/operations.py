"""How this Usher is doing, for those who run it."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.store import dead, operations, running
from app.store.database import Database
from app.web.rendering import page
from app.web.visitors import Visitors


def make(database: Database, visitors: Visitors) -> APIRouter:
    """`/operations`, which only operators find."""
    router = APIRouter()

    @router.get("/operations")
    async def look(request: Request) -> HTMLResponse:
        await visitors.must_operate(request)
        state = await operations.read(database)
        async with database.begin() as connection:
            today = await running.now(connection)
        hooks = running.hooks({each.name: each.note for each in state.rounds})
        return page("operations.html", request=request, state=state, today=today, hooks=hooks)

    @router.post("/operations/{what}")
    async def decide(request: Request, what: str) -> Response:
        """`replay` or `drop` a dead letter; who did it is noted in the audit log."""
        visitor, form = await visitors.meant(request)
        if not visitors.operates(visitor) or what not in ("replay", "drop"):
            raise HTTPException(404, "There is no such page for you.")
        async with database.begin() as connection:
            letter = await dead.find(connection, form.get("letter", ""))
            if letter is None:
                raise HTTPException(404, "It is not dead any more.")
            await (dead.replay if what == "replay" else dead.drop)(connection, letter, visitor.actor)
        return RedirectResponse("/operations", 303)

    return router
