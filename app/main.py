"""The only place where the parts meet: settings in, a running Usher out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.types import ASGIApp

from app import keys
from app.aside import Aside
from app.connections import GitHubConnection
from app.forges.github.adapter import GitHub
from app.forges.gitlab.adapter import GitLab
from app.forges.identity import GitLabSignIn, SignIn
from app.gitlab_connection import GitLabConnection
from app.receiving.doors import make_doors
from app.receiving.drain import Drain, patience
from app.receiving.intake import Intake
from app.receiving.spool import Spool, spool_folder
from app.rounds.compare import compare_all
from app.rounds.digests import apprise_channels, digests
from app.rounds.gitlab_hooks import watch_hooks
from app.rounds.links import Sites, ask_sites
from app.rounds.missed import look_for_missed
from app.rounds.outages import note_outages
from app.rounds.permissions import watch_permissions
from app.rounds.quarters import keep_quarters
from app.rounds.schedule import Round, Rounds
from app.settings import PromiseClock, Settings, make_clock
from app.settling.lease import Settling
from app.stock import Stock
from app.store import due, linked_people, retention, schema
from app.store.database import Database, connect, locate, require_durable
from app.store.pseudonyms import Pseudonyms, fade
from app.store.tenants import Tenant
from app.web.github_hook import GitHubSender
from app.web.gitlab_hook import GitLabSender
from app.web.health import Health, make_health
from app.web.hooks import Hook, Lobby
from app.web.setup import make_setup
from app.web.site import Site, make_site
from app.web.strangers import Strangers
from app.web.visitors import Visitors
from app.work import Work
from handlers.ports import Forge, Locked


@dataclass(frozen=True, slots=True)
class Usher:
    """A whole Usher with open connections; see `opened`. One that does not receive has no site and no intake."""

    settings: Settings
    database: Database
    clock: PromiseClock
    work: Work
    site: Site | None
    github: GitHubConnection
    intake: Intake | None
    stock: Stock
    forges: Callable[[Tenant, datetime | None], Forge]


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every part stands on."""

    settings: Settings
    database: Database
    clock: PromiseClock
    master: tuple[bytes, ...]
    pseudonyms: Pseudonyms
    sign_ins: dict[str, SignIn]
    github: GitHubConnection
    gitlab: GitLabConnection

    def forge_of(self, tenant: Tenant, event_at: datetime | None) -> Forge:
        """The adapter of a tenant, over one client for each forge; `Locked` where it has none here."""
        if tenant.forge == "gitlab" and self.gitlab.client is not None:
            return GitLab(self.gitlab.client, tenant.account, event_at=event_at)
        if tenant.forge == "github" and self.github.client is not None:
            return GitHub(self.github.client, tenant.installation, event_at=event_at)
        raise Locked(f"{tenant.forge} is not configured here")


@asynccontextmanager
async def opened(
    settings: Settings,
    address: str | None = None,
    *,
    clock: PromiseClock | None = None,
    migrate: bool = False,
    receives: bool = True,
    stand_ins: Sequence[str] = (),
) -> AsyncIterator[Usher]:
    """Open everything that web and worker need, and close it again; a worker alone does not receive.

    `address` is the database and `clock` the clock of promises, where they are not to be taken from the
    settings. `stand_ins` are people whom whoever looks at the pages is offered to be, in the demo.
    SchemaError where its schema is not ours and `migrate` does not allow to change it; an embedded database
    that is empty is always filled.
    """
    if address is None:
        address = await asyncio.to_thread(locate, settings)
    database = connect(address, pool_size=settings.worker_concurrency + 4)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await _prepare(settings, database, migrate)
        ground = await _ground(settings, database, clock or make_clock(settings.clock), stack)
        spool = Spool(spool_folder(settings)) if receives else None
        work = _work(ground, spool)
        await stack.enter_async_context(work.open())
        intake = None
        if spool is not None:
            intake = await stack.enter_async_context(Intake(address, spool, work.wake).open())
        github = ground.github
        stock = Stock(database, intake, lambda: github.client.clock.offset if github.client else 0.0)
        site = None if intake is None else _site(ground, intake, stock, work, stand_ins)
        yield Usher(settings, database, ground.clock, work, site, github, intake, stock, ground.forge_of)


async def _prepare(settings: Settings, database: Database, migrate: bool) -> None:
    """See that the database is one on which Usher can run, and of this version."""
    own_and_empty = settings.database_url is None and await schema.current(database) is None
    if migrate or own_and_empty:
        await schema.migrate(database)
    await schema.require(database)
    await require_durable(database)
    async with database.begin() as connection:
        await linked_people.configure(connection, settings.linked_people)


async def _ground(
    settings: Settings, database: Database, clock: PromiseClock, stack: contextlib.AsyncExitStack
) -> _Ground:
    """Connect to the forges; what is opened is closed with `stack`."""
    master = keys.master_keys(settings)
    sign_ins = _sign_ins(settings, stack)
    github = GitHubConnection(settings, database, keys.Seal(master), sign_ins)
    return _Ground(
        settings,
        database,
        clock,
        master,
        Pseudonyms(keys.derived(master[0], "pseudonyms")),
        sign_ins,
        await stack.enter_async_context(github.open()),
        await stack.enter_async_context(GitLabConnection(settings).open()),
    )


def _work(ground: _Ground, spool: Spool | None) -> Work:
    """What reads deliveries, settles subjects and makes its rounds."""
    settings, database, github, gitlab = ground.settings, ground.database, ground.github, ground.gitlab
    gather = timedelta(seconds=settings.gather_seconds)
    lent = timedelta(seconds=8 * settings.heartbeat_seconds)  # a worker is taken for dead after three
    drain = Drain(
        database,
        doors=make_doors(gitlab_login=lambda: gitlab.login),
        hosts={"github": settings.github_api_url, "gitlab": settings.gitlab_url},
        new_tenants=settings.new_installations,
        gather=gather,
        own_logins={"github": lambda: github.login, "gitlab": lambda: gitlab.login},
        introduced=gitlab.introduced,
        aside=Aside(patience(lent)),
        lent=lent,
    )
    settling = Settling(
        database,
        ground.forge_of,
        ground.clock,
        ground.master,
        gather,
        settings.uncertain_seconds,
        settings.gitlab_defaults_project,
        settings.dry_run_check,
        settings.runaway_writes,
        public_url=settings.public_url,
    )
    return Work(
        database,
        drain,
        settling,
        ground.clock,
        sweep_seconds=settings.sweep_seconds,
        rounds=Rounds(database, _rounds(ground, gather, spool.holds if spool else _nothing)),
        heartbeat_seconds=settings.heartbeat_seconds,
    )


def _rounds(ground: _Ground, gather: timedelta, holds: Callable[[str, str, str], bool]) -> list[Round]:
    """What is done at intervals, by one process at a time. `holds` tells what waits on this one's disk."""
    settings, database, clock = ground.settings, ground.database, ground.clock
    github, gitlab = ground.github, ground.gitlab
    rounds = [
        look_for_missed("github", database, lambda: github.app, holds),
        compare_all(database, ground.forge_of, gather),
        watch_hooks(database, lambda: gitlab.client, settings.public_url),
        watch_permissions(lambda: github.client),
        keep_quarters(database, clock),
        note_outages(database, clock),
        Round("heal", timedelta(minutes=1), lambda _chore: _heal(database, gather)),
        Round("tidy", timedelta(hours=1), lambda chore: retention.tidy(database, chore.note)),
        Round("fade", timedelta(days=1), lambda _chore: fade(database, ground.pseudonyms, clock.now())),
    ]
    channels = apprise_channels(tuple(url.get_secret_value() for url in settings.notify_urls))
    if channels:
        rounds.append(digests(database, clock, channels, page=_own_page(settings)))
    if settings.link_checks:
        inside = frozenset(host.lower() for host in settings.inside_hosts)
        rounds.append(ask_sites(database, Sites(inside), clock, gather))
    return rounds


def _site(ground: _Ground, intake: Intake, stock: Stock, work: Work, stand_ins: Sequence[str]) -> Site:
    """What answers over HTTP: webhooks, pages, health."""
    settings, database, github, gitlab = ground.settings, ground.database, ground.github, ground.gitlab
    strangers = Strangers(proxies=settings.trusted_proxies, excepted=settings.forge_ranges)
    lobby = Lobby(put=intake.put, stored=work.wake, strangers=strangers)
    doors: dict[str, ASGIApp] = {
        "/webhooks/github": Hook(GitHubSender(lambda: github.secrets), lobby),
        "/webhooks/gitlab": Hook(_gitlab_sender(settings, ground.master, gitlab), lobby),
    }
    visitors = Visitors(
        database=database,
        doors=ground.sign_ins,
        seal=keys.Seal(ground.master),
        csrf_key=keys.derived(ground.master[0], "csrf"),
        address_key=keys.derived(ground.master[0], "addresses"),
        pseudonyms=ground.pseudonyms,
        operators=settings.operators,
        public_url=settings.public_url,
        stand_ins=stand_ins,
    )
    health = Health(
        database,
        intake,
        stock,
        visitors,
        settings.operator_token.get_secret_value() if settings.operator_token else None,
        lambda: {
            "github": {"connected": github.is_ready, "login": github.login},
            "gitlab": {"connected": gitlab.client is not None, "login": gitlab.login},
        },
    )
    return make_site(
        database,
        doors,
        visitors,
        make_setup(settings, database, github, lambda: gitlab.client),
        make_health(health),
        ground.clock,
        ready_to_read=lambda: github.is_ready or gitlab.client is not None,
    )


def _nothing(_forge: str, _hook: str, _delivery_id: str) -> bool:
    """A process that does not receive has nothing on its disk."""
    return False


def _gitlab_sender(
    settings: Settings, master_keys: Sequence[bytes], gitlab: GitLabConnection
) -> GitLabSender:
    return GitLabSender(
        master_keys,
        signing_tokens=[each.get_secret_value() for each in settings.gitlab_signing_tokens],
        secret_tokens=[each.get_secret_value() for each in settings.gitlab_webhook_secrets],
        clock=gitlab.client.clock.now if gitlab.client else time.time,
    )


async def _heal(database: Database, gather: timedelta) -> dict[str, int]:
    async with database.begin() as connection:
        return {"subjects": await due.touch_doubtful(connection, gather)}


def _sign_ins(settings: Settings, stack: contextlib.AsyncExitStack) -> dict[str, SignIn]:
    """The forges at which people can sign in, by name; what they open is closed with `stack`. GitHub's joins once
    its App is connected.
    """
    found: dict[str, SignIn] = {}
    if settings.gitlab_client_id and settings.gitlab_client_secret:
        found["gitlab"] = GitLabSignIn(
            url=settings.gitlab_url,
            client_id=settings.gitlab_client_id,
            client_secret=settings.gitlab_client_secret.get_secret_value(),
        )

    async def close() -> None:
        for each in found.values():
            await each.aclose()

    stack.push_async_callback(close)
    return found


def _own_page(settings: Settings) -> str:
    return f"{settings.public_url}/" if settings.public_url else ""
