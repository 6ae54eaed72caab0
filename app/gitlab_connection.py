"""The GitLab that this process speaks with: by the token of the settings."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app import logs, metrics
from app.counting import Counting
from app.forges.gitlab.client import GitLabClient
from app.forges.limits import Pace
from app.settings import Settings
from handlers.ports import ForgeError

log = logs.get(__name__)

PATIENCE = 5.0
"""Seconds that the reading of deliveries waits for GitLab to say who we are."""


class GitLabConnection:
    """Usher's account on GitLab. `client` is None where the settings name no token."""

    def __init__(self, settings: Settings) -> None:
        self.client = _client(settings)
        if self.client is not None:
            metrics.breaker_open.labels("gitlab").set_function(
                lambda: bool(self.client and self.client.is_held_back)
            )
        self._introduction: asyncio.Task[None] | None = None

    @property
    def login(self) -> str:
        """Usher's own username, empty while it is not known."""
        return self.client.us if self.client else ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[GitLabConnection]:
        """Find out who we are, and close the connections at the end."""
        if self.client is None:
            yield self
            return
        async with self.client:
            self._introduction = asyncio.create_task(_introduce(self.client), name="usher introduction")
            try:
                yield self
            finally:
                self._introduction.cancel()
                await asyncio.gather(self._introduction, return_exceptions=True)

    async def introduced(self, forge: str) -> None:
        """Wait, a little while, until it is known who we are: GitLab does not call our account a bot's."""
        if forge == "gitlab" and self._introduction is not None and not self._introduction.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._introduction), PATIENCE)


def pace_of(settings: Settings) -> Pace:
    """How fast this process may call GitLab, which counts by user: all hooks share one budget."""
    return Pace(
        settings.gitlab_write_seconds, settings.gitlab_writes_per_hour, settings.gitlab_reads_per_minute
    )


def _client(settings: Settings) -> GitLabClient | None:
    if settings.gitlab_token is None:
        return None
    return GitLabClient(
        url=settings.gitlab_url,
        token=settings.gitlab_token.get_secret_value(),
        pace=pace_of(settings),
        observe=Counting("gitlab"),
    )


async def _introduce(client: GitLabClient) -> None:
    """Learn Usher's own username. It is asked for again by the first call that needs it."""
    try:
        await client.who_am_i()
    except ForgeError as error:
        log.warning("GitLab does not say who we are", reason=str(error))
