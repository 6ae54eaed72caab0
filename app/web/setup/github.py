"""`/setup/github`: an App made from its manifest, its keys kept, installed, and its webhook proven."""

from __future__ import annotations

import json
import re
import secrets
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app import logs
from app.connections import GitHubConnection
from app.doctor.github import check_github
from app.forges.github import needs
from app.forges.github.manifest import convert
from app.settings import Settings
from app.store import tenants
from app.store.database import Database
from app.web.forms import small_form
from app.web.rendering import page
from app.web.setup.passes import Held, Passes
from handlers.ports import ForgeError

log = logs.get(__name__)

_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
_MOST_NAME = 34
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def make(settings: Settings, database: Database, github: GitHubConnection, passes: Passes) -> APIRouter:
    """`/setup/github` and what GitHub sends the browser back to, and `/setup/check`."""
    router = APIRouter()

    @router.get("/github")
    async def ask(request: Request, held: Held = None) -> Response:
        """Which organisation it is for."""
        if await passes.visit(held) is None:
            return passes.closed()
        if github.client is not None:
            return RedirectResponse("/setup/check", 303)
        return form(settings.public_url or _own_address(request), half_set())

    def half_set() -> str | None:
        """What the settings say wins, so an App that is made here would be forgotten at the next start."""
        if github.known is None or github.client is not None:
            return None
        return (
            "The settings hold webhook secrets of an App, but not its number and private key. Set USHER_GITHUB_APP_ID "
            "and USHER_GITHUB_PRIVATE_KEY as well, or unset USHER_GITHUB_WEBHOOK_SECRETS; then start Usher again."
        )

    def form(public_url: str, error: str | None = None, organisation: str = "", name: str = "") -> Response:
        return page(
            "setup_github.html",
            status=422 if error else 200,
            public_url=public_url,
            fixed=settings.public_url is not None,
            web=settings.github_web_url,
            error=error,
            organisation=organisation,
            name=name,
        )

    @router.post("/github")
    async def review(request: Request, held: Held = None) -> Response:
        """Show exactly what GitHub will be asked for, with the button that asks for it."""
        visit = await passes.visit(held)
        if visit is None:
            return passes.closed()
        typed = await small_form(request)
        organisation = typed.get("organisation", "").strip()
        name = typed.get("name", "").strip() or f"Usher {organisation}"[:_MOST_NAME]
        address = (settings.public_url or typed.get("public_url", "")).strip().rstrip("/")
        problem = _wrong(organisation, name, address) or half_set()
        if problem is not None:
            return form(address, problem, organisation, name)
        manifest = needs.manifest(name=name, public_url=address)
        target = f"{settings.github_web_url}/organizations/{quote(organisation)}/settings/apps/new"
        shown = page(
            "setup_review.html",
            target=f"{target}?state={quote(visit.state)}",
            manifest=json.dumps(manifest),
            organisation=organisation,
            name=name,
            address=address,
            permissions=[each for each in needs.PERMISSIONS if not each.optional],
            events=needs.EVENTS,
        )
        # The form goes to the forge, which sends the browser back here: both are targets of one form.
        shown.headers["content-security-policy"] = _csp_with_form_to(settings.github_web_url)
        return shown

    @router.get("/github/created")
    async def created(held: Held = None, code: str = "", state: str = "") -> Response:
        """GitHub sends the browser here with a code: fetch the App's keys for it and keep them, sealed."""
        visit = await passes.visit(held)
        if visit is None or not secrets.compare_digest(visit.state.encode(), state.encode()):
            return passes.closed()
        if github.client is not None:  # the button was pressed twice, or in two windows
            return page("setup_failed.html", status=409, reason="")
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
        if await passes.visit(held) is None:
            return page("setup_thanks.html")
        return RedirectResponse("/setup/check", 303)

    @router.get("/check")
    async def check(held: Held = None) -> Response:
        """Whether the App is as it should be, is installed, and reaches us; looks again by itself."""
        if await passes.visit(held) is None:
            return passes.closed()
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
    try:
        parts = urlsplit(address)
        is_address = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not _ORGANISATION.fullmatch(organisation):
        return f"{organisation!r} is no login of an organisation: write it as in github.com/LOGIN."
    if len(name) > _MOST_NAME:
        return f"GitHub takes names of at most {_MOST_NAME} characters; this one has {len(name)}."
    if not is_address or parts.scheme not in ("http", "https") or parts.query or parts.username:
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
