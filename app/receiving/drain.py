"""From stored deliveries to facts, and to the subjects that must be looked at again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app import logs, metrics
from app.aside import Aside
from app.crash_points import reached
from app.forges.gitlab.hooks import HookName
from app.receiving.trial import survives
from app.store import budgets, due, facts, inbox, kept, tenants
from app.store.database import Database
from app.store.tenants import Tenant
from handlers.ports import AccountChange, Delivery, Door, Reading, Touch
from policies.facts import (
    ChangeClosed,
    ChangeMerged,
    ChangeReopened,
    ChecksChanged,
    FilesPushed,
    IssueClosed,
    IssueReopened,
    PeopleChanged,
    RepositoryRef,
    Subject,
    same,
)

log = logs.get(__name__)

MOST_ATTEMPTS = 3
MOST_TRIALS = 3
"""So often a delivery whose readers died is tried by a process of its own, if that is killed with its reader."""
ENDS_OR_BEGINS = (ChangeClosed, ChangeMerged, ChangeReopened, IssueClosed, IssueReopened)
"""What wakes the changes that wait for a change or an issue."""
SPREAD = timedelta(hours=1)
"""Over which time every repository is looked at after the organisation's rules changed."""
AT_ONCE, IN_LINE = 200, 500
"""Deliveries that are taken at once, and that wait in line until what they say is stored: so far behind an account
with many, somebody else is seen and let pass.
"""

SLICE = 20
"""So many are stored until it is looked who came meanwhile."""

LONGEST_READING = 20.0
"""Seconds; a body that takes longer to read hangs, and is not waited for."""

_STRANGE = {
    "github": "no installation is known for it",
    "gitlab": "the hook was not made for this group",
}
_STATES = {"left": "left", "suspended": "suspended", "joined": "active", "resumed": "active"}


async def _at_once(_forge: str) -> None:
    """Nothing has to be waited for."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Reads the inbox. `hosts` names each forge's API address; `new_tenants` is the mode they begin in.

    `survives` tells whether a process that reads a body lives on; it is asked where three readers died.
    `introduced` waits, a little while, until Usher knows its own login there: GitLab calls it a person.
    `gather`: how long a touched subject waits for more events, so that a burst costs one run. `own_logins`
    tells Usher's own login on each forge, empty while it is not known. `lent`: for so long nobody else reads
    what is being read; if the reader dies, so long it waits.
    """

    database: Database
    doors: Mapping[str, Door]
    hosts: Mapping[str, str]
    new_tenants: str
    gather: timedelta
    own_logins: Mapping[str, Callable[[], str]]
    aside: Aside = field(default_factory=lambda: Aside(LONGEST_READING))
    introduced: Callable[[str], Awaitable[None]] = _at_once
    lent: timedelta = inbox.LENT
    survives: Callable[[str, str, bytes], Awaitable[bool]] = survives

    def __post_init__(self) -> None:
        if self.aside.seconds > self.lent.total_seconds() / 2:
            raise ValueError("a delivery must stay lent for twice as long as its reading may take")

    async def __call__(self) -> int:
        """Read everything that waits; returns how many deliveries were read.

        What they say is stored in turns of their accounts: one with hundreds lets the others pass.
        """
        number, line = 0, _Line(self.database, self.lent)
        while True:
            rows = await inbox.take(self.database, min(AT_ONCE, IN_LINE - len(line)), lent=self.lent)
            for row in rows:
                await line.lend_longer()
                if (reading := await self._said(row)) is not None:
                    line.add(row, reading)
            tried = await inbox.take(self.database, again=True, lent=self.lent)
            for row in tried:
                if (reading := await self._said(row)) is not None:
                    await self._store(row, reading)
            for row, reading in line.take(SLICE):
                await line.lend_longer()
                await self._store(row, reading)
            number += len(rows) + len(tried)
            if not (rows or tried or len(line)):
                return number

    async def _said(self, row: inbox.Stored) -> Reading | None:
        """What one delivery says; None where it cannot be read. The third failure makes it a dead letter."""
        about = log.bind(delivery=row.delivery_id, event=row.event)
        if row.attempts > MOST_ATTEMPTS and await self._is_poison(row):
            await self._end(row, "dead", "poison")
            about.error("delivery is poison", attempts=row.attempts)
            return None
        await self.introduced(row.forge)
        try:
            return await self.aside(
                self.doors[row.forge].facts, Delivery(row.event, row.delivery_id, row.body)
            )
        except ValueError as error:
            await self._end(row, "dead", f"malformed: {error}")
            about.warning("delivery is malformed", reason=str(error))
        except Exception as error:
            await self._failed(row, error)
        return None

    async def _store(self, row: inbox.Stored, reading: Reading) -> None:
        """One delivery, one transaction. A failure leaves it for later."""
        try:
            async with self.database.begin() as connection:
                state, reason = await self._apply(connection, row, reading)
                reached("drain.applied")
        except Exception as error:
            await self._failed(row, error)
            return
        reached("drain.committed")
        metrics.deliveries_read.labels(row.forge, state).inc()
        metrics.event_age_seconds.observe(row.age)
        about = log.bind(delivery=row.delivery_id, event=row.event)
        about.debug("delivery read", state=state, reason=reason)

    async def _is_poison(self, row: inbox.Stored) -> bool:
        """Whether this body kills who reads it. Three readers died of it, or each of something else."""
        if row.attempts > MOST_ATTEMPTS + MOST_TRIALS:
            return True
        return not await self.survives(row.forge, row.event, row.body)

    async def _apply(
        self, connection: AsyncConnection, row: inbox.Stored, reading: Reading
    ) -> tuple[str, str | None]:
        tenant = await self._tenant(connection, row, reading)
        ignored = reading.ignored
        if tenant is None:
            ignored = ignored or _STRANGE[row.forge]
        elif tenant.state == "left" and reading.account_change is None:
            ignored = ignored or "the account removed Usher"
        if ignored or tenant is None:
            await inbox.close(
                connection, row, "ignored", tenant_id=tenant.id if tenant else None, reason=ignored
            )
            return "ignored", ignored
        if reading.repository is not None:
            await self._see(connection, tenant, reading.repository, reading.default_branch)
        if reading.account_change is not None:
            await self._account(connection, tenant, reading.account_change)
        for touch in reading.touches:
            if touch.subject.kind == "account":  # it gave permissions: what was forbidden may be tried again
                await budgets.try_again(connection, tenant.id)
                await due.hurry(connection, tenant.id)
            subject = str(touch.subject)
            await facts.add(connection, tenant.id, subject, touch.facts, source="delivery")
            await self._refresh(connection, tenant, touch)
            if touch.subject.kind in ("change", "issue") and not self._is_echo(row.forge, touch):
                await due.touch(connection, tenant.id, subject, self.gather)
        if reading.repository is not None:
            await self._hear_checks(connection, tenant, reading.repository, reading.by_commit)
        first = str(reading.touches[0].subject) if reading.touches else None
        await inbox.close(connection, row, "done", tenant_id=tenant.id, subject=first)
        return "done", None

    async def _hear_checks(
        self,
        connection: AsyncConnection,
        tenant: Tenant,
        place: RepositoryRef,
        results: tuple[ChecksChanged, ...],
    ) -> None:
        """Results of a commit concern every open change whose newest commit it is."""
        for result in results:
            for subject in await due.with_head(connection, tenant.id, place.id, result.commit):
                await facts.add(connection, tenant.id, subject, [result], source="delivery")
                await due.touch(connection, tenant.id, subject, self.gather)

    def _is_echo(self, forge: str, touch: Touch) -> bool:
        """Whether Usher itself did all of this: the run that did it knows already what follows from it."""
        own = self.own_logins[forge]()
        return bool(touch.facts) and own != "" and all(same(fact.by) == same(own) for fact in touch.facts)

    async def _tenant(
        self, connection: AsyncConnection, row: inbox.Stored, reading: Reading
    ) -> Tenant | None:
        forge, host = row.forge, self.hosts[row.forge]
        if forge == "gitlab":
            return await self._gitlab_tenant(connection, row.hook, reading)
        if reading.installation is not None:
            return await tenants.by_installation(
                connection,
                forge,
                host,
                reading.installation,
                account=reading.account or "",
                mode=self.new_tenants,
            )
        if reading.repository is not None:
            return await tenants.by_repository(connection, forge, host, reading.repository.id)
        return None

    async def _gitlab_tenant(self, connection: AsyncConnection, hook: str, reading: Reading) -> Tenant | None:
        """The top-level group that the hook was made for; None where it speaks of another group's project.

        Deliveries name projects only. Whoever knows the secret of one group's hook must not be able to tell
        of another's, and a group that was renamed stays the same.
        """
        host, name = self.hosts["gitlab"], HookName.parse(hook)
        ref, account = reading.repository, reading.account or ""
        known = await tenants.by_repository(connection, "gitlab", host, ref.id) if ref else None
        if known is not None and (name is None or known.installation == name.group):
            if account and same(account) != same(known.account):
                await tenants.rename(connection, known.id, account)
                return replace(known, account=account)
            return known
        if name is None and not account:
            # News of members name no group by its whole path: a hook made by hand tells of the only one there is.
            return await tenants.only_one(connection, "gitlab", host)
        tenant = await tenants.by_group(
            connection, host, name.group if name else None, account=account, mode=self.new_tenants
        )
        is_strange = known is not None and known.id != tenant.id
        is_strange = is_strange or (account != "" and same(account) != same(tenant.account))
        return None if is_strange else tenant

    async def _see(
        self, connection: AsyncConnection, tenant: Tenant, ref: RepositoryRef, default_branch: str | None
    ) -> None:
        """Remember a repository; one that was never seen before is looked at, whatever event told of it."""
        if await tenants.see_repository(connection, tenant.id, ref, default_branch):
            await due.touch(connection, tenant.id, str(Subject("repository", ref.id)), self.gather)

    async def _account(self, connection: AsyncConnection, tenant: Tenant, change: AccountChange) -> None:
        if (state := _STATES.get(change.kind)) is not None:
            await tenants.set_state(connection, tenant.id, state)
            await budgets.try_again(connection, tenant.id)
            await due.hurry(connection, tenant.id)
        for ref in change.added:
            await self._see(connection, tenant, ref, None)
        for ref in change.removed:
            await tenants.lose_repository(connection, tenant.id, ref)

    async def _refresh(self, connection: AsyncConnection, tenant: Tenant, touch: Touch) -> None:
        """Forget what was read at the forge and has changed there; look at what it concerns."""
        repository_id, repository = touch.subject.repository_id, str(touch.subject)
        if touch.subject.kind == "repository" and not touch.facts:  # it was archived, renamed, …
            await due.touch(connection, tenant.id, repository, self.gather)
        for fact in touch.facts:
            if isinstance(fact, ENDS_OR_BEGINS):
                names = [f"{mark}{touch.subject.number}" for mark in "#!"]
                for subject in await due.depending_on(connection, tenant.id, repository_id, names):
                    await due.touch(connection, tenant.id, subject, self.gather)
            prefix = f"{repository_id}:{fact.branch}" if isinstance(fact, FilesPushed) else ""
            if isinstance(fact, FilesPushed) and fact.shown:
                await kept.forget(connection, tenant.id, "catalog", prefix)
            if isinstance(fact, FilesPushed) and fact.settings:
                await kept.forget(connection, tenant.id, "owners", prefix)
                await kept.forget(connection, tenant.id, "rules", prefix)
                await due.touch_open(connection, tenant.id, repository_id, self.gather)
                await due.touch(connection, tenant.id, repository, self.gather)
                await self._look_at_inheritors(connection, tenant, repository_id)
            elif isinstance(fact, FilesPushed) and fact.shown:
                await due.touch(connection, tenant.id, repository, self.gather)
            elif isinstance(fact, PeopleChanged):
                for kind in ("team", "access", "member", "roster"):
                    await kept.forget(connection, tenant.id, kind)
                if repository_id:
                    await due.touch(connection, tenant.id, repository, self.gather)
                else:
                    await self._look_at_owned(connection, tenant, fact)

    async def _look_at_inheritors(
        self, connection: AsyncConnection, tenant: Tenant, repository_id: int
    ) -> None:
        """Where the organisation's rules changed, look at every repository, spread over an hour."""
        known = await tenants.find_repository(connection, tenant.id, repository_id)
        if known is None or not await kept.is_known(connection, tenant.id, "organisation", known[0].name):
            return
        await kept.forget(connection, tenant.id, "organisation")
        others = [each for each in await tenants.repositories(connection, tenant.id) if each != repository_id]
        for place, other in enumerate(others):
            later = self.gather + place * SPREAD / len(others)
            await due.touch(connection, tenant.id, str(Subject("repository", other)), later)
            await due.touch_open(connection, tenant.id, other, later)

    async def _look_at_owned(self, connection: AsyncConnection, tenant: Tenant, fact: PeopleChanged) -> None:
        """Look at every repository whose owners file names this person or team.

        Somebody who left the organisation, or a team that changed its name, may stand behind any team in it.
        """
        names = [f"@{name}" for name in (fact.who, fact.team) if name]
        if not (fact.who and fact.team):
            names.append(f"@{tenant.account}" + ("/" if tenant.forge == "github" else ""))
        for repository_id in await kept.owners_naming(connection, tenant.id, names):
            await due.touch(connection, tenant.id, str(Subject("repository", repository_id)), self.gather)

    async def _end(self, row: inbox.Stored, state: str, reason: str, error: str | None = None) -> None:
        metrics.deliveries_read.labels(row.forge, state).inc()
        async with self.database.begin() as connection:
            await inbox.close(connection, row, state, reason=reason[:2000], error=error)

    async def _failed(self, row: inbox.Stored, error: Exception) -> None:
        """Try later, or give up after the last attempt. A database in trouble is not the delivery's fault."""
        about = log.bind(delivery=row.delivery_id, event=row.event)
        forgiven = isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError)
        if forgiven:
            about.warning("delivery waits for the database", reason=repr(error))
        else:
            about.error("delivery could not be read", exc_info=error)
        if row.attempts >= MOST_ATTEMPTS and not forgiven:
            await self._end(row, "dead", f"failed: {type(error).__name__}", repr(error))
            return
        async with self.database.begin() as connection:
            await inbox.put_back(connection, row, repr(error), forgiven=forgiven)


def patience(lent: timedelta) -> float:
    """Seconds after which a body is taken to hang: nobody else may take what is lent before its reader gave it up.

    What is lent may have been so for a third of the time already when its reading begins.
    """
    return min(LONGEST_READING, lent.total_seconds() / 2)


class _Line:
    """What deliveries say and is not stored yet, by account. They stay lent to their reader for as long."""

    def __init__(self, database: Database, lent: timedelta) -> None:
        self._database, self._lent = database, lent
        self._since = asyncio.get_running_loop().time()
        self._waiting: dict[tuple[str, object], deque[tuple[inbox.Stored, Reading]]] = {}

    def __len__(self) -> int:
        return sum(len(each) for each in self._waiting.values())

    def add(self, row: inbox.Stored, reading: Reading) -> None:
        """Behind those of its account."""
        account = row.forge, reading.installation or row.hook or reading.account
        self._waiting.setdefault(account, deque()).append((row, reading))

    def take(self, most: int) -> Iterator[tuple[inbox.Stored, Reading]]:
        """So many, from one account after the other; each account's own in the order in which they came."""
        for _ in range(min(most, len(self))):
            account = next(iter(self._waiting))
            own = self._waiting.pop(account)
            yield own.popleft()
            if own:
                self._waiting[account] = own

    async def lend_longer(self) -> None:
        """Once a third of the time is over, lend those that wait for as long again."""
        now = asyncio.get_running_loop().time()
        if now - self._since > self._lent.total_seconds() / 3:
            rows = [row for each in self._waiting.values() for row, _ in each]
            async with self._database.begin() as connection:
                await inbox.lend_longer(connection, rows, self._lent)
            self._since = now
