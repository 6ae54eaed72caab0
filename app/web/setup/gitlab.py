"""`/setup/gitlab`: what GitLab needs, tried with a token before it is set, and the command that makes the hooks."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from app.doctor.checks import Check
from app.doctor.gitlab import Trial, check_gitlab, tried
from app.forges.gitlab.client import GitLabClient
from app.forges.limits import Pace
from app.settings import Settings
from app.store import tenants
from app.store.database import Database
from app.web.forms import small_form
from app.web.rendering import page
from app.web.setup.passes import Held, Passes

_GITLAB_COM = "https://gitlab.com"
_MOST_PATH, _MOST_TOKEN = 255, 1024


def make(
    settings: Settings, database: Database, client: Callable[[], GitLabClient | None], passes: Passes
) -> APIRouter:
    """One page: before the token is set it tries one, which it neither keeps nor shows; afterwards it looks live.

    The address of GitLab is that of the settings alone: a page that calls any address is a hole in a wall.
    """
    router = APIRouter()

    @router.get("/gitlab")
    async def ask(request: Request, held: Held = None) -> Response:
        if await passes.visit(held) is None:
            return passes.closed()
        return await shown(request)

    @router.post("/gitlab")
    async def attempt(request: Request, held: Held = None) -> Response:
        """Try it: nothing is written on GitLab, and nothing is kept here."""
        if await passes.visit(held) is None:
            return passes.closed()
        typed = await small_form(request)
        place, token = typed.get("place", "").strip().strip("/"), typed.get("token", "").strip()
        if settings.gitlab_token is not None:
            token = settings.gitlab_token.get_secret_value()
        is_too_long = len(place) > _MOST_PATH or len(token) > _MOST_TOKEN
        if not place or is_too_long or not token.isascii() or not token.isprintable() or " " in token:
            return await shown(
                request, place, error="Write the path of a group, and a token as GitLab shows it."
            )
        if not token:
            return await shown(request, place, error="A token is missing: it is what Usher is on GitLab.")
        async with GitLabClient(url=settings.gitlab_url, token=token, pace=Pace(pause=0)) as trying:
            return await shown(request, place, await tried(trying, place))

    async def shown(
        request: Request, place: str = "", trial: Trial | None = None, error: str | None = None
    ) -> Response:
        ours = client()
        checks: list[Check] = []
        known = []
        if ours is not None and trial is None:
            checks = [each async for each in check_gitlab(ours, database)]
            async with database.begin() as connection:
                known = [
                    each
                    for each in await tenants.every(connection)
                    if each.forge == "gitlab" and each.state != "left"
                ]
        return page(
            "setup_gitlab.html",
            status=422 if error else 200,
            url=settings.gitlab_url,
            ours=settings.gitlab_url == _GITLAB_COM,
            is_set=settings.gitlab_token is not None,
            public_url=settings.public_url or str(request.base_url).rstrip("/"),
            public_url_is_set=settings.public_url is not None,
            place=place,
            trial=trial,
            checks=trial.checks if trial else checks,
            tenants=known,
            ready=bool(known) and not any(each.status == "failed" for each in checks),
            error=error,
        )

    return router
