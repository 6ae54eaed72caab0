"""`/setup`: connect Usher with a forge from the browser, and see that the forge reaches it.

Only somebody with a link made by `usher setup`, or printed by `usher serve` on its terminal, may come in.
The link is exchanged for a cookie, so it does not stay in the browser's history as a key.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Cookie, Form, Request, Response
from fastapi.responses import RedirectResponse

from app import logs
from app.connections import GitHubConnection
from app.doctor.github import check_github
from app.forges import github_needs
from app.forges.github_manifest import convert
from app.settings import Settings
from app.store import setup_passes, tenants
from app.store.database import Database
from app.store.setup_passes import Visit
from app.web.rendering import page
from handlers.ports import ForgeError

log = logs.get(__name__)

COOKIE = "usher_setup"
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
_MOST_NAME = 34
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

Held = Annotated[str | None, Cookie(alias=COOKIE)]


def make_setup(settings: Settings, database: Database, github: GitHubConnection) -> APIRouter:
    """The pages below `/setup`."""
    router = APIRouter(prefix="/setup")

    async def visit_of(held: str | None) -> Visit | None:
        if held is None:
            return None
        async with database.begin() as connection:
            return await setup_passes.visit(connection, held)

    @router.get("")
    async def start(request: Request, held: Held = None, key: str | None = None) -> Response:
        if key is not None:
            return await enter(key)
        if await visit_of(held) is None:
            return page("setup_locked.html", status=403)
        if github.client is not None:
            return RedirectResponse("/setup/check", 303)
        return page(
            "setup.html",
            public_url=settings.public_url or _own_address(request),
            fixed=settings.public_url is not None,
            web=settings.github_web_url,
            error=None,
            organisation="",
            name="",
        )

    async def enter(key: str) -> Response:
        async with database.begin() as connection:
            held = await setup_passes.exchange(connection, key)
        if held is None:
            return page("setup_locked.html", status=403)
        answer = RedirectResponse("/setup", 303)
        answer.set_cookie(
            COOKIE,
            held,
            max_age=int(setup_passes.LIFE["visit"].total_seconds()),
            path="/setup",
            httponly=True,
            samesite="lax",
            secure=(settings.public_url or "").startswith("https:"),
        )
        return answer

    @router.post("/github")
    async def review(
        organisation: Annotated[str, Form()],
        held: Held = None,
        name: Annotated[str, Form()] = "",
        public_url: Annotated[str, Form()] = "",
    ) -> Response:
        """Show exactly what GitHub will be asked for, with the button that asks for it."""
        visit = await visit_of(held)
        if visit is None:
            return page("setup_locked.html", status=403)
        organisation, name = (
            organisation.strip(),
            name.strip() or f"Usher {organisation.strip()}"[:_MOST_NAME],
        )
        address = (settings.public_url or public_url).strip().rstrip("/")
        problem = _wrong(organisation, name, address)
        if problem is not None:
            return page(
                "setup.html",
                status=422,
                public_url=address,
                fixed=settings.public_url is not None,
                web=settings.github_web_url,
                error=problem,
                organisation=organisation,
                name=name,
            )
        manifest = github_needs.manifest(name=name, public_url=address)
        target = f"{settings.github_web_url}/organizations/{quote(organisation)}/settings/apps/new"
        shown = page(
            "setup_github.html",
            target=f"{target}?state={quote(visit.state)}",
            manifest=json.dumps(manifest),
            organisation=organisation,
            name=name,
            address=address,
            permissions=[each for each in github_needs.PERMISSIONS if not each.optional],
            events=github_needs.EVENTS,
        )
        # The form goes to the forge, which sends the browser back here: both are targets of one form.
        shown.headers["content-security-policy"] = _csp_with_form_to(settings.github_web_url)
        return shown

    @router.get("/github/created")
    async def created(held: Held = None, code: str = "", state: str = "") -> Response:
        """GitHub sends the browser here with a code: fetch the App's keys for it and keep them, sealed."""
        visit = await visit_of(held)
        if visit is None or not secrets.compare_digest(visit.state.encode(), state.encode()):
            return page("setup_locked.html", status=403)
        try:
            made = await convert(settings.github_api_url, code)
        except ForgeError as error:
            log.warning("the new App's keys could not be fetched", reason=str(error))
            return page("setup_failed.html", status=502, reason=str(error))
        await github.keep(made)
        log.info("a GitHub App was created and stored", app=made.app_id)
        return RedirectResponse("/setup/check", 303)

    @router.get("/github/installed")
    async def installed(held: Held = None) -> Response:
        """GitHub sends whoever installed the App here; only those who set Usher up see more."""
        if await visit_of(held) is None:
            return page("setup_thanks.html")
        return RedirectResponse("/setup/check", 303)

    @router.get("/check")
    async def check(held: Held = None) -> Response:
        """Whether the App is as it should be, is installed, and reaches us; looks again by itself."""
        if await visit_of(held) is None:
            return page("setup_locked.html", status=403)
        if github.client is None:
            return RedirectResponse("/setup", 303)
        checks = [each async for each in check_github(github.client, settings.public_url)]
        async with database.begin() as connection:
            known = [each for each in await tenants.every(connection) if each.state != "left"]
        return page(
            "setup_check.html",
            app_page=github.known.page if github.known else "",
            checks=checks,
            tenants=known,
            ready=bool(known) and not any(each.status == "failed" for each in checks),
        )

    return router


def _wrong(organisation: str, name: str, address: str) -> str | None:
    """What cannot be used of what was typed in, and what to write instead."""
    parts = urlsplit(address)
    if not _ORGANISATION.fullmatch(organisation):
        return f"{organisation!r} is no login of an organisation: write it as in github.com/LOGIN."
    if len(name) > _MOST_NAME:
        return f"GitHub takes names of at most {_MOST_NAME} characters; this one has {len(name)}."
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        return f"{address!r} is no address: write it as https://usher.example.org."
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return "The address must begin with https: GitHub sends what is in your repositories there."
    return None


def _own_address(request: Request) -> str:
    """The address that the browser used, the best guess where none is configured."""
    return str(request.base_url).rstrip("/")


def _csp_with_form_to(address: str) -> str:
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action 'self' {origin}; base-uri 'none'; frame-ancestors 'none'"
    )
