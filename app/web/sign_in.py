"""Signing in with the forge, and out again."""

from __future__ import annotations

import hmac
import json
import secrets
import time
from typing import Any

from authlib.common.security import generate_token
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app import logs
from app.keys import KeyLost
from app.store import viewers
from app.web.rendering import page
from app.web.visitors import Visitors, callback, cookie_name, is_secure
from handlers.ports import Forbidden, ForgeError
from policies.owners.answers import NAMES

log = logs.get(__name__)

MINUTES_AT_THE_FORGE = 10
"""How long somebody may take to say yes there."""


def make_sign_in(visitors: Visitors) -> APIRouter:
    """`/login` shows the forges; `/login/{forge}` leads there, and `…/callback` back."""
    router = APIRouter()

    @router.get("/login")
    async def choose(request: Request, next: str = "/", ended: str = "") -> HTMLResponse:
        return page(
            "login.html",
            request=request,
            doors=[(forge, NAMES[forge]) for forge in visitors.doors],
            back=_own_path(next),
            ended=NAMES.get(ended),
        )

    @router.get("/login/{forge}")
    async def leave(request: Request, forge: str, next: str = "/", who: str = "") -> Response:
        door = visitors.doors.get(forge)
        if door is None:
            raise HTTPException(404, "Nobody can sign in with this forge here.")
        state, verifier = secrets.token_urlsafe(24), generate_token(48)
        redirect = callback(visitors.origin(request), forge)
        answer = RedirectResponse(
            door.address(state=state, verifier=verifier, redirect=redirect, hint=who[:80]), 303
        )
        kept = {"state": state, "verifier": verifier, "next": _own_path(next), "forge": forge}
        kept["until"] = str(int(time.time()) + 60 * MINUTES_AT_THE_FORGE)
        _set(
            answer,
            visitors.origin(request),
            "-login",
            visitors.seal.close(json.dumps(kept)).decode(),
            60 * MINUTES_AT_THE_FORGE,
        )
        return answer

    @router.get("/login/{forge}/callback")
    async def come_back(
        request: Request, forge: str, code: str = "", state: str = "", error: str = ""
    ) -> Response:
        door = visitors.doors.get(forge)
        origin = visitors.origin(request)
        kept = _kept(visitors, request.cookies.get(cookie_name(origin) + "-login", ""))
        fits = kept is not None and hmac.compare_digest(kept["state"].encode(), state.encode())
        if fits and error == "access_denied":
            raise HTTPException(
                403, "You told the forge not to, so you are not signed in. Nothing was changed."
            )
        if door is None or kept is None or not fits or kept["forge"] != forge or not code:
            raise HTTPException(
                400, "This sign-in was not begun in this browser, or took too long. Please sign in again."
            )
        try:
            given = await door.token(
                code=code[:512], verifier=kept["verifier"], redirect=callback(origin, forge)
            )
            number = await visitors.look_up(door, given.access)
        except Forbidden as refusal:
            raise HTTPException(
                403, f"{NAMES[forge]} did not let you in: {refusal}. Please sign in again."
            ) from None
        except ForgeError as failure:
            log.warning("somebody cannot sign in", forge=forge, reason=str(failure))
            raise HTTPException(503, f"{NAMES[forge]} does not answer. Please try again soon.") from None
        tokens = {number: visitors.sealed(given)}
        before = await visitors.known(request)
        async with visitors.database.begin() as connection:
            if before is not None:
                # An account of the other forge stays; the session's secret is new all the same.
                tokens |= {each.id: each.tokens for each in before.viewers if each.forge != forge}
                await viewers.end_session(connection, before.secret)
            secret = await viewers.start_session(connection, tokens)
        answer = RedirectResponse(kept["next"], 303)
        _set(answer, origin, "", secret, int(viewers.WHOLE_LIFE.total_seconds()))
        answer.delete_cookie(
            cookie_name(origin) + "-login", path="/", secure=is_secure(origin), httponly=True
        )
        return answer

    @router.post("/logout")
    async def sign_out(request: Request) -> Response:
        visitor, _ = await visitors.meant(request)
        async with visitors.database.begin() as connection:
            await viewers.end_session(connection, visitor.secret)
        origin = visitors.origin(request)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(cookie_name(origin), path="/", secure=is_secure(origin), httponly=True)
        return answer

    return router


def _set(answer: Response, origin: str, suffix: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        cookie_name(origin) + suffix,
        value,
        max_age=seconds,
        path="/",
        secure=is_secure(origin),
        httponly=True,
        samesite="lax",
    )


def _kept(visitors: Visitors, sealed: str) -> dict[str, Any] | None:
    """What we gave the browser to keep while it was away; None where it is not ours or too old."""
    try:
        kept = json.loads(visitors.seal.open(sealed.encode()))
    except (KeyLost, ValueError):
        return None
    return kept if int(kept["until"]) > time.time() else None


def _own_path(text: str) -> str:
    """A path of ours, `/` for anything that might lead elsewhere."""
    safe = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if safe and len(text) < 500 else "/"
