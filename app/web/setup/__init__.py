"""`/setup`: connect Usher with a forge from the browser, and see that the forge reaches it.

Only somebody with a link made by `usher setup`, or printed by `usher serve` on its terminal, may come in.
The link is exchanged for a cookie, so it does not stay in the browser's history as a key.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from app.connections import GitHubConnection
from app.forges.gitlab.client import GitLabClient
from app.settings import Settings
from app.store.database import Database
from app.web.rendering import page
from app.web.setup import github as on_github
from app.web.setup import gitlab as on_gitlab
from app.web.setup.passes import Held, Passes


def make_setup(
    settings: Settings,
    database: Database,
    github: GitHubConnection,
    gitlab: Callable[[], GitLabClient | None],
) -> APIRouter:
    """The pages below `/setup`. `gitlab` is the client that the settings speak of, if any."""
    router = APIRouter(prefix="/setup")
    passes = Passes(database, secure=(settings.public_url or "").startswith("https:"))

    @router.get("")
    async def start(held: Held = None, key: str | None = None) -> Response:
        """The three ways: GitHub, GitLab, or look around first."""
        if key is not None:
            return await passes.enter(key)
        if await passes.visit(held) is None:
            return passes.closed()
        if github.client is not None:
            return RedirectResponse("/setup/check", 303)
        if gitlab() is not None:
            return RedirectResponse("/setup/gitlab", 303)
        return page("setup.html", dry=settings.new_installations == "preview")

    router.include_router(on_github.make(settings, database, github, passes))
    router.include_router(on_gitlab.make(settings, database, gitlab, passes))
    return router
