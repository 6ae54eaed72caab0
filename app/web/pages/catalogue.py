"""What is there, whose is it, and what is worth sharing; also for portals and Backstage."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any
from urllib.parse import quote, urlencode

import yaml
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.settings import PromiseClock
from app.store import catalogue, insights, outcomes, repository_pages
from app.store.catalogue import Filters
from app.store.database import Database
from app.store.viewers import Visitor
from app.web.addresses import Number
from app.web.drawings import year
from app.web.pages.measured import measured
from app.web.rendering import page
from app.web.visitors import Visitors
from policies import owners
from policies.insights.formulas import BY_KEY

FRESH = 300
"""Seconds that portals may keep what they read."""

KEPT_FOR, MOST_KEPT = 120.0, 32
"""Seconds for which candidates are kept, and for how many visitors at most."""


def make(database: Database, visitors: Visitors, clock: PromiseClock) -> APIRouter:
    """`/catalogue`, `/r/{forge}/{name}`, `/candidates`, `/repos.json`, `/backstage/catalog.yaml`."""
    router = APIRouter()

    @router.get("/catalogue")
    async def find(
        request: Request,
        q: str = "",
        topic: str = "",
        language: str = "",
        owner: str = "",
        forge: str = "",
        all: str = "",
        page_: str = "",
    ) -> HTMLResponse:
        visitor = await visitors.must(request)
        wanted = request.query_params.get("page", page_)
        filters = Filters(
            query=catalogue.cleaned(q),
            topic=catalogue.cleaned(topic),
            language=catalogue.cleaned(language),
            owner=catalogue.cleaned(owner),
            forge=forge if forge in ("github", "gitlab") else "",
            everything=bool(all),
            page=int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 5 else 1,
        )
        async with database.begin() as connection:
            found = await catalogue.search(connection, visitor, filters)
        links = _Links(filters)
        elsewhere = [(each.forge, _code_search(each, filters.query)) for each in visitor.viewers]
        part = request.headers.get("hx-target") == "results"
        return page(
            "catalogue_results.html" if part else "catalogue.html",
            request=request,
            found=found,
            filters=filters,
            links=links,
            elsewhere=elsewhere,
            part=part,
        )

    @router.get("/r/{forge}/{name:path}")
    async def repository(request: Request, forge: str, name: str, path: str = "") -> HTMLResponse:
        visitor = await visitors.must(request)
        now = clock.now()
        async with database.begin() as connection:
            row = await catalogue.one(connection, visitor, forge, name)
            if row is None:
                raise HTTPException(404, "There is no such repository, or you may not read it on the forge.")
            place = (row.tenant_id, row.repository_id)
            users = await catalogue.consumers(connection, visitor, row)
            known = await insights.measuring(connection, visitor)
            seen = await outcomes.groups(connection, now - known.terms.window, outcomes.of_repository(*place))
            promised = await insights.promises(connection, visitor, now - known.terms.window, place)
            found = await repository_pages.repository_on(connection, visitor, *place)
        file = found.owners
        file_now = owners.parse(file[1], forge) if file and forge in ("github", "gitlab") else None  # type: ignore[arg-type]
        asked = catalogue.cleaned(path)
        answer = file_now.explain(asked.lstrip("/")) if file_now and asked else None
        return page(
            "repository.html",
            request=request,
            row=row,
            details=row.details,
            users=users,
            teams=sorted({team for _, _, team in users if team and team != row.owner}),
            numbers=measured(seen, (), (), now),
            known=known,
            promises=promised,
            owners_path=file[0] if file else "",
            rules=file_now.rules if file_now else (),
            asked=asked,
            answer=answer,
            found=found,
            mode=found.mode,
            may_switch=found.runs or visitors.operates(visitor),
            commits=year(row.details["participation"]),
            now=now,
        )

    @router.get("/repositories/{tenant_id}/{repository_id}")
    async def by_number(request: Request, tenant_id: Number, repository_id: Number) -> Response:
        visitor = await visitors.must(request)
        async with database.begin() as connection:
            name = await repository_pages.name_of(connection, visitor, tenant_id, repository_id)
        if name is None:
            raise HTTPException(404, "There is no such repository, or you may not read it on the forge.")
        return RedirectResponse(f"/r/{name[0]}/{quote(name[1])}", 303)

    lately: dict[tuple[int, ...], tuple[float, catalogue.CandidatesFound]] = {}

    @router.get("/candidates")
    async def worth_sharing(request: Request) -> HTMLResponse:
        """Reckoned from everything that the visitor may read, so it is kept for them for a few minutes."""
        visitor = await visitors.must(request)
        at, found = lately.get(visitor.ids, (0.0, None))
        if found is None or time.monotonic() - at > KEPT_FOR:
            async with database.begin() as connection:
                found = await catalogue.worth_sharing(connection, visitor, clock.now())
            if len(lately) >= MOST_KEPT:
                lately.clear()
            lately[visitor.ids] = (time.monotonic(), found)
        return page("candidates.html", request=request, found=found, formula=BY_KEY["candidate"])

    # --- For machines ---------------------------------------------------------------------------------------------

    @router.get("/repos.json")
    async def portal(request: Request) -> Response:
        visitor = await _reader(request)
        async with database.begin() as connection:
            listed = await catalogue.portal(connection, visitor)
        return _cached(request, json.dumps(listed, ensure_ascii=False), "application/json", visitor)

    @router.get("/backstage/catalog.yaml")
    async def backstage(request: Request) -> Response:
        visitor = await _reader(request)
        async with database.begin() as connection:
            found = await catalogue.components(connection, visitor)
        text = yaml.safe_dump_all(found, sort_keys=False, allow_unicode=True)
        return _cached(request, text, "application/yaml", visitor)

    async def _reader(request: Request) -> Visitor | None:
        """Whoever shows who they are; nobody gets what repositories open to everybody."""
        if "authorization" in request.headers:
            return await visitors.reader(request, "catalogue")
        return await visitors.known(request)

    return router


def _cached(request: Request, text: str, kind: str, visitor: Visitor | None) -> Response:
    content = text.encode()
    mark = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "etag": mark,
        "vary": "Authorization, Cookie",
        "cache-control": f"{'public' if visitor is None else 'private'}, max-age={FRESH}",
    }
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if mark in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


class _Links:
    """Addresses of the same search with one thing changed."""

    def __init__(self, filters: Filters) -> None:
        self._now = {
            "q": filters.query,
            "topic": filters.topic,
            "language": filters.language,
            "owner": filters.owner,
            "forge": filters.forge,
            "all": "1" if filters.everything else "",
        }

    def to(self, **changes: Any) -> str:
        kept = {name: str(value) for name, value in {**self._now, **changes}.items() if value}
        return f"/catalogue?{urlencode(kept)}" if kept else "/catalogue"


def _code_search(viewer: Any, query: str) -> str:
    """The forge's own search in code, which reads every line and not only what repositories say of themselves."""
    web = viewer.host.replace("https://api.github.com", "https://github.com").removesuffix("/api/v3")
    if viewer.forge == "gitlab":
        return f"{web}/search?{urlencode({'search': query, 'scope': 'blobs'})}"
    return f"{web}/search?{urlencode({'q': query, 'type': 'code'})}"
