"""Settles one subject under a lease, and notes how it went."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from app import keys, logs, metrics
from app.crash_points import reached
from app.settings import PromiseClock
from app.settling.rulebooks import KeptDirectory, KeptRulebooks
from app.store import due, modes, tenants
from app.store.attention import WRITES_AN_HOUR
from app.store.database import Database
from app.store.effects import SubjectEffects
from app.store.findings import RepositoryFindings
from app.store.shelf import RepositoryShelf
from app.store.subjects import SubjectLog, SubjectRecords
from app.store.tenants import Tenant
from handlers.ports import Forbidden, Forge, ForgeError, Locked, Throttled
from handlers.proofs import Desk
from handlers.records import NotYet, Overtaken
from handlers.settle import settle_change
from handlers.settle_issue import settle_issue
from handlers.settle_repository import settle_repository
from handlers.situation import Reads
from policies.facts import Subject

log = logs.get(__name__)

GIVE_UP_AFTER = 120.0
"""Seconds after which a run stops itself, well before its lease ends."""

LOCKED_OUT = timedelta(hours=1)

_Settled = tuple[datetime | None, Callable[[AsyncConnection], Awaitable[None]]]
"""When to look again, and what is left to be written in the run's last transaction."""


async def _nothing(_connection: AsyncConnection) -> None:
    """Nothing was planned."""


@dataclass(frozen=True, slots=True)
class Settling:
    """Everything that settling needs, of all tenants.

    `forge_of` makes the adapter of a tenant; the instant is when the event came, because a forge may not show
    at once what it has just announced. `defaults_project`: on GitLab, whose rules hold for all. `shows_dry_run`:
    whether a dry run says in a check what it would do. `writes_an_hour`: more, where it is not usual, is a runaway.
    `gives_up_after`: seconds, well below a lease. `public_url`: where people reach Usher's pages, if that is known.
    """

    database: Database
    forge_of: Callable[[Tenant, datetime | None], Forge]
    clock: PromiseClock
    master_keys: tuple[bytes, ...]
    gather: timedelta
    settles_after: float
    defaults_project: str | None = None
    shows_dry_run: bool = True
    writes_an_hour: int = WRITES_AN_HOUR
    gives_up_after: float = GIVE_UP_AFTER
    public_url: str | None = None

    async def __call__(self, tenant_id: int, subject: str) -> bool:
        """Settle the subject if anything is due there; returns whether a run took place. Never raises."""
        async with self.database.begin() as connection:
            lease = await due.lease(connection, tenant_id, subject, self.clock.now())
        if lease is None:
            return False
        reached("settle.leased")
        about = log.bind(tenant=tenant_id, subject=subject, fence=lease.fence)
        if lease.crashes >= due.POISON:
            return await self._bury(lease)
        began = time.monotonic()
        try:
            due_at, forget = await self._settle_in_time(lease)
            reached("settle.decided")
            async with self.database.begin() as connection:
                await forget(connection)
                await due.settled(connection, lease, due_at, self.gather)
            reached("settle.committed")
            result = "done"
        except Overtaken:
            result = "overtaken"
        except asyncio.CancelledError:
            # The process is stopping: give the subject back at once instead of letting the lease run out.
            async with self.database.begin() as connection:
                await due.wait(connection, lease, timedelta(), "stopped")
            raise
        except Exception as error:
            result = await self._later(lease, error)
        seconds = time.monotonic() - began
        metrics.settle_seconds.labels(result).observe(seconds)
        about.info("settled", result=result, seconds=round(seconds, 3))
        return True

    async def _bury(self, lease: due.Lease) -> bool:
        """Runs on this subject die one after the other: it shall not take the worker with it for ever."""
        async with self.database.begin() as connection:
            await due.bury(connection, lease, f"poison: {lease.crashes} runs in a row never ended")
        log.error("subject is poison", tenant=lease.tenant_id, subject=lease.subject, crashes=lease.crashes)
        return True

    async def _settle_in_time(self, lease: due.Lease) -> _Settled:
        """Settle, or give up: what hangs holds a place that others wait for."""
        try:
            async with asyncio.timeout(self.gives_up_after) as patience:
                return await self._settle(lease)
        except TimeoutError:
            if patience.expired():
                raise TimeoutError(f"it had not ended after {self.gives_up_after:g} seconds") from None
            raise

    async def _settle(self, lease: due.Lease) -> _Settled:
        subject = Subject.parse(lease.subject)
        async with self.database.begin() as connection:
            tenant = await tenants.by_id(connection, lease.tenant_id)
            known = await tenants.find_repository(connection, lease.tenant_id, subject.repository_id)
            mode = await modes.of_repository(connection, lease.tenant_id, subject.repository_id)
        if tenant is None or tenant.state == "left" or known is None:
            return None, _nothing
        now = self.clock.now()
        forge = self.forge_of(tenant, lease.touched_at)
        records = SubjectRecords(self.database, tenant.id, lease.subject)
        silence = await records.silence()
        effects = SubjectEffects(self.database, lease, now, self.writes_an_hour)
        desk = Desk(
            forge=forge,
            effects=effects,
            log=SubjectLog(self.database, tenant.id, lease.subject),
            records=records,
            live=mode == "live",
            sign=lambda key: tuple(keys.marker(each, tenant.id, key) for each in self.master_keys),
            now=now,
            settles_after=self.settles_after,
            silent=silence is not None and silence.holds(now),
            shows=self.shows_dry_run,
            page=self._page(tenant.id, subject),
        )
        findings = RepositoryFindings(self.database, tenant.id, subject.repository_id)
        rulebooks = KeptRulebooks(self.database, tenant.id, forge, now, self.defaults_project)
        directory = KeptDirectory(self.database, tenant.id, forge)
        reads = Reads(forge, directory, records, findings, rulebooks)
        shelf = RepositoryShelf(self.database, tenant.id, subject.repository_id)
        match subject.kind:
            case "change":
                due_at = await settle_change(subject, known[0], reads, rulebooks, desk)
            case "issue":
                due_at = await settle_issue(subject, known[0], reads, rulebooks, desk)
            case "repository":
                due_at = await settle_repository(subject, reads, rulebooks, desk, shelf)
            case _:
                return None, _nothing
        # What was not said meanwhile may be said then.
        loud = silence.until if silence is not None and silence.until and silence.until > now else None
        looks = (due_at, effects.held_until, loud)
        return min((each for each in looks if each is not None), default=None), effects.forget_unwanted

    def _page(self, tenant_id: int, subject: Subject) -> str:
        """The address of our page of a change or repository; an issue has none."""
        if self.public_url is None or subject.kind == "issue":
            return ""
        if subject.kind == "repository":
            return f"{self.public_url}/repositories/{tenant_id}/{subject.repository_id}"
        return f"{self.public_url}/changes/{tenant_id}/{subject}"

    async def _later(self, lease: due.Lease, error: Exception) -> str:
        """Decide when to try again. Limits and waits are nobody's failure and use up no attempt."""
        about = log.bind(tenant=lease.tenant_id, subject=lease.subject)
        wait: timedelta | None = None
        match error:
            case NotYet():
                wait = timedelta(seconds=error.seconds)
            case Throttled():
                wait = max(error.until - datetime.now(UTC), timedelta(seconds=1))
            case Locked() | Forbidden():
                wait = LOCKED_OUT  # or until the account gives the permission, or lifts the suspension
        reason = f"{type(error).__name__}: {error}"
        async with self.database.begin() as connection:
            if wait is not None:
                await due.wait(connection, lease, wait, reason)
                about.info("waiting", reason=reason, seconds=wait.total_seconds())
                return "waiting"
            dead = await due.failed(connection, lease, reason)
        if isinstance(error, ForgeError | TimeoutError):
            about.warning("the forge did not answer as needed", reason=reason, dead=dead)
        else:
            about.error("settling failed", exc_info=error, dead=dead)
        return "dead" if dead else "failed"
