"""The web side as one ASGI application: webhooks first, then health, metrics and pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from app import metrics
from app.store import schema
from app.store.database import Database
from app.web import pages

_HERE = Path(__file__).parent
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class Site:
    """Sends a webhook straight to its door and everything else to the pages.

    `doors` by path; a door also serves the paths one step below it: `/webhooks/gitlab/<hook>`.
    """

    def __init__(self, doors: dict[str, ASGIApp], rest: ASGIApp) -> None:
        self._doors, self._rest = doors, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._door(scope) or self._rest)(scope, receive, send)

    def _door(self, scope: Scope) -> ASGIApp | None:
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        return self._doors.get(path) or self._doors.get(path.rpartition("/")[0])


def make_site(
    database: Database, doors: dict[str, ASGIApp], *, ready_to_read: bool, open_pages: bool
) -> Site:
    """The application. `open_pages` shows what Usher knows to everybody who can reach it: for the demo only.

    `ready_to_read` is False where no forge is configured yet.
    """
    site = FastAPI(title="Usher", docs_url=None, redoc_url=None, openapi_url=None)
    site.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")

    @site.middleware("http")
    async def safe_headers(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)  # a page may have to allow more
        return response

    @site.get("/livez")
    async def livez() -> PlainTextResponse:
        """Whether the process turns."""
        return PlainTextResponse("alive\n")

    @site.get("/readyz")
    async def readyz() -> PlainTextResponse:
        """Whether deliveries can be stored now, on the schema that this code needs."""
        try:
            await schema.require(database)
        except schema.SchemaError as error:
            return PlainTextResponse(f"{error}\n", 503)
        except Exception:  # whatever keeps the database away, the answer is the same
            return PlainTextResponse("the database is away\n", 503)
        return PlainTextResponse("ready\n")

    @site.get("/metrics")
    async def show_metrics() -> Response:
        """Counters for Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    if open_pages:
        site.include_router(pages.make_pages(database))
    else:
        site.include_router(pages.make_front(ready_to_read=ready_to_read))
    return Site(doors, site)
