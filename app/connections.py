"""The forges that this process speaks for: from the settings, or as soon as `/setup` has stored them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app import logs, metrics
from app.counting import Counting
from app.errors import ForPeople
from app.forges.github.app import GitHubApp
from app.forges.github.client import GitHubClient
from app.forges.identity import GitHubSignIn, SignIn
from app.forges.limits import Pace
from app.keys import Seal
from app.settings import Settings
from app.store import credentials
from app.store.budgets import SharedGate
from app.store.credentials import GitHubCredentials
from app.store.database import Database
from handlers.ports import ForgeError

log = logs.get(__name__)

LOOK_AGAIN = 2.0
"""Seconds between two looks for what another process's `/setup` may have stored."""


class GitHubConnection:
    """The GitHub App that Usher is. `client` is None and `secrets` empty until one is connected.

    What the settings say wins over what was stored. `sign_ins` gains GitHub's once the App is known.
    """

    def __init__(
        self, settings: Settings, database: Database, seal: Seal, sign_ins: dict[str, SignIn] | None = None
    ) -> None:
        self._settings, self._database, self._seal = settings, database, seal
        self._sign_ins = {} if sign_ins is None else sign_ins
        self.client: GitHubClient | None = None
        self.secrets: tuple[str, ...] = ()
        self.known: GitHubCredentials | None = _configured(settings)
        self._introduction: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether deliveries can be verified and answered."""
        return self.client is not None and bool(self.secrets)

    @property
    def app(self) -> GitHubApp | None:
        """What the App asks in its own name."""
        return GitHubApp(self.client) if self.client else None

    @property
    def login(self) -> str:
        """Usher's own login on GitHub, empty while it is not known."""
        identity = self.client.identity if self.client else None
        return f"{identity.slug}[bot]" if identity else ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[GitHubConnection]:
        """Connect if anything is known, else look for it until it is."""
        watch: asyncio.Task[None] | None = None
        if self.known is not None:
            self._connect(self.known)
        else:
            await self.look()
            if self.client is None:
                watch = asyncio.create_task(self._watch(), name="usher connections")
        try:
            yield self
        finally:
            for task in (watch, self._introduction):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            if self.client is not None:
                await self.client.aclose()

    async def look(self) -> None:
        """Connect if something was stored."""
        async with self._database.begin() as connection:
            stored = await credentials.github(connection, self._seal, self._settings.github_api_url)
        if stored is not None and self.client is None:
            self._connect(stored)

    async def keep(self, made: GitHubCredentials) -> None:
        """Store a new App and speak for it from now on."""
        async with self._database.begin() as connection:
            await credentials.keep_github(connection, self._seal, self._settings.github_api_url, made)
        if self.client is None:
            self._connect(made)

    def _connect(self, known: GitHubCredentials) -> None:
        self.known = known
        self.secrets = known.webhook_secrets
        if known.client_id and known.client_secret:
            self._sign_ins["github"] = GitHubSignIn(
                api_url=self._settings.github_api_url,
                web_url=self._settings.github_web_url,
                client_id=known.client_id,
                client_secret=known.client_secret,
            )
        if not (known.app_id and known.private_key):
            return
        self.client = GitHubClient(
            api_url=self._settings.github_api_url,
            app_id=known.app_id,
            private_key=known.private_key,
            gates=self._gate,
            observe=Counting("github"),
        )
        metrics.breaker_open.labels("github").set_function(
            lambda: bool(self.client and self.client.is_held_back)
        )
        self._introduction = asyncio.create_task(_introduce(self.client), name="usher introduction")

    def _gate(self, installation: int) -> SharedGate:
        settings = self._settings
        pace = Pace(
            settings.github_write_seconds, settings.github_writes_per_hour, settings.github_reads_per_minute
        )
        return SharedGate(self._database, ("github", settings.github_api_url, installation), pace)

    async def _watch(self) -> None:
        while self.client is None:
            await asyncio.sleep(LOOK_AGAIN)
            try:
                await self.look()
            except ForPeople as error:
                log.exception("the stored GitHub App cannot be used", exc_info=error)
                return
            except Exception as error:  # the database may be away for a while
                log.warning("cannot look for a connected forge", reason=repr(error))
        log.info("GitHub is connected", app=self.known.app_id if self.known else None)


def _configured(settings: Settings) -> GitHubCredentials | None:
    """What the settings say of the App; None where they say nothing."""
    secrets = tuple(each.get_secret_value() for each in settings.github_webhook_secrets)
    key, client_secret = settings.github_private_key, settings.github_client_secret
    if not secrets and (settings.github_app_id is None or key is None):
        return None
    return GitHubCredentials(
        app_id=settings.github_app_id or 0,
        private_key=key.get_secret_value() if key else "",
        webhook_secrets=secrets,
        client_id=settings.github_client_id or "",
        client_secret=client_secret.get_secret_value() if client_secret else "",
    )


async def _introduce(client: GitHubClient) -> None:
    """Learn Usher's own login. Without it Usher looks once more at what it did itself, which does no harm."""
    with contextlib.suppress(asyncio.CancelledError):
        try:
            await client.who_am_i()
        except ForgeError as error:
            log.warning("GitHub does not say who we are", reason=str(error))
