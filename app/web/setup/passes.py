"""Who may see the pages of `/setup`: whoever came by a link, for one visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Cookie, Response
from fastapi.responses import RedirectResponse

from app.store import setup_passes
from app.store.database import Database
from app.store.setup_passes import Visit
from app.web.rendering import page

COOKIE = "usher_setup"
Held = Annotated[str | None, Cookie(alias=COOKIE)]


@dataclass(frozen=True, slots=True)
class Passes:
    """`secure`: the cookie goes over HTTPS alone."""

    database: Database
    secure: bool

    async def visit(self, held: str | None) -> Visit | None:
        """The visit that the cookie stands for; None where there is none, or no longer."""
        if held is None:
            return None
        async with self.database.begin() as connection:
            return await setup_passes.visit(connection, held)

    async def enter(self, key: str) -> Response:
        """Exchange the key of a link for the cookie of a visit."""
        async with self.database.begin() as connection:
            held = await setup_passes.exchange(connection, key)
        if held is None:
            return self.closed()
        answer = RedirectResponse("/setup", 303)
        answer.set_cookie(
            COOKIE,
            held,
            max_age=int(setup_passes.LIFE["visit"].total_seconds()),
            path="/setup",
            httponly=True,
            samesite="lax",
            secure=self.secure,
        )
        return answer

    def closed(self) -> Response:
        """What everybody else sees."""
        return page("setup_locked.html", status=403)
