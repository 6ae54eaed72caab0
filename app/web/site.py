"""The web side as one ASGI application: webhooks first, then health, metrics and pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from app import logs
from app.settings import PromiseClock
from app.store.database import Database
from app.web.addresses import can_exist
from app.web.pages import make_pages
from app.web.rendering import page
from app.web.sign_in import make_sign_in
from app.web.visitors import NotSignedIn, Visitors, is_secure

log = logs.get(__name__)

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: with it browsers send no Origin with our own forms, by which forged ones are told.
    "referrer-policy": "same-origin",
}
_AWAY = "Usher cannot reach its database just now. Nothing is lost; please try again in a minute."
_OUR_FAULT = (
    "This is a fault of Usher's, not yours. It is in the log; whoever runs this Usher can look there."
)
_ONLY_HTTPS = "max-age=31536000; includeSubDomains"


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
    database: Database,
    doors: dict[str, ASGIApp],
    visitors: Visitors,
    setup: APIRouter,
    health: APIRouter,
    clock: PromiseClock,
    *,
    ready_to_read: Callable[[], bool],
) -> Site:
    """The application. `ready_to_read` says whether a forge is connected; `setup` are the pages that connect one."""
    site = FastAPI(title="Usher", docs_url=None, redoc_url=None, openapi_url=None)
    site.state.visitors = visitors
    site.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

    @site.middleware("http")
    async def safe_headers(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        return guarded(request, await call(request) if can_exist(request) else nothing_there(request))

    def guarded(request: Request, response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)  # a page may have to allow more
        if not request.url.path.startswith("/static/"):
            response.headers.setdefault("cache-control", "no-store")
        if is_secure(visitors.origin(request)):
            response.headers["strict-transport-security"] = _ONLY_HTTPS
        return response

    def nothing_there(request: Request) -> Response:
        return _told(request, 404, "There is no such page.", None)

    @site.exception_handler(NotSignedIn)
    async def sign_in_first(_request: Request, error: NotSignedIn) -> Response:
        asked = {"next": error.back, **({"ended": error.ended} if error.ended else {})}
        return RedirectResponse(f"/login?{urlencode(asked)}", 303)

    @site.exception_handler(StarletteHTTPException)
    async def told(request: Request, error: StarletteHTTPException) -> Response:
        return _told(request, error.status_code, str(error.detail), error.headers)

    @site.exception_handler(RequestValidationError)
    async def malformed(request: Request, _error: RequestValidationError) -> Response:
        return nothing_there(request)

    @site.exception_handler(OperationalError)
    @site.exception_handler(InterfaceError)
    @site.exception_handler(NoConnection)
    async def database_away(request: Request, error: Exception) -> Response:
        log.warning("a page waits for the database", path=request.url.path, reason=repr(error))
        return _told(request, 503, _AWAY, {"retry-after": "30"})

    @site.exception_handler(Exception)
    async def our_fault(request: Request, _error: Exception) -> Response:
        """The server logs the error. No middleware is passed on this way, so the headers are set here."""
        return guarded(request, _told(request, 500, _OUR_FAULT, None))

    site.include_router(health)
    site.include_router(make_sign_in(visitors))
    site.include_router(make_pages(database, visitors, clock, ready_to_read=ready_to_read))
    site.include_router(setup)
    return Site(doors, site)


def _told(request: Request, status: int, said: str, headers: Mapping[str, str] | None) -> Response:
    """An error as a page for people, as JSON for whoever asks for it."""
    wants_page = "text/html" in request.headers.get("accept", "")
    answer: Response = (
        page("error.html", request=request, status=status, code=status, said=said)
        if wants_page
        else JSONResponse({"detail": said}, status)
    )
    answer.headers.update(headers or {})
    return answer
