"""What ails the repositories, as the owner doctor last found it, and what it must know for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.store import experience, facts, links, outcomes
from app.store.database import Database
from app.store.tables import effect, fact, finding
from handlers.records import Findings
from policies import exceptions
from policies.facts import Rank, RepositoryAsked, Subject, same
from policies.findings import Finding
from policies.insights.measures import Group
from policies.owner_health import Asked
from policies.rules import Exempt
from policies.successors import Reviewed

HOUR = timedelta(hours=1)


class RepositoryFindings(Findings):
    """The findings of one repository."""

    def __init__(self, database: Database, tenant_id: int, repository_id: int) -> None:
        self._database, self._tenant_id, self._repository_id = database, tenant_id, repository_id

    async def keep(self, findings: Iterable[Finding], now: datetime) -> Mapping[str, datetime]:
        rows = [
            {
                "tenant_id": self._tenant_id,
                "repository_id": self._repository_id,
                "fingerprint": each.fingerprint,
                "kind": each.kind,
                "severity": each.severity,
                "path": each.path,
                "line": each.line,
                "message": each.message,
                "fix": each.fix,
                "first_seen": now,
                "last_seen": now,
            }
            for each in findings
        ]
        here = (finding.c.tenant_id == self._tenant_id, finding.c.repository_id == self._repository_id)
        cleared = sa.and_(*here, finding.c.cleared_at.is_(None))
        if rows:
            cleared &= finding.c.fingerprint.not_in([row["fingerprint"] for row in rows])
        async with self._database.begin() as connection:
            await connection.execute(sa.update(finding).where(cleared).values(cleared_at=now))
            for row in rows:
                # One that comes back is seen anew from now on.
                since = sa.case((finding.c.cleared_at.is_not(None), now), else_=finding.c.first_seen)
                renewed = {**row, "first_seen": since, "cleared_at": None}
                await connection.execute(
                    insert(finding)
                    .values(row)
                    .on_conflict_do_update(
                        index_elements=["tenant_id", "repository_id", "fingerprint"], set_=renewed
                    )
                )
            known = sa.select(finding.c.fingerprint, finding.c.first_seen)
            open_now = known.where(*here, finding.c.cleared_at.is_(None))
            return {row.fingerprint: row.first_seen for row in await connection.execute(open_now)}

    async def reviewed(self, since: datetime) -> Sequence[Reviewed]:
        async with self._database.begin() as connection:
            return await experience.reviewed(connection, self._tenant_id, self._repository_id, since)

    async def exceptions(self) -> Sequence[Exempt]:
        subject = str(Subject("repository", self._repository_id))
        async with self._database.begin() as connection:
            log = await facts.read(connection, self._tenant_id, subject)
        return exceptions.given(each for each in log if isinstance(each, RepositoryAsked))

    async def outcomes(self, since: datetime) -> Sequence[Group]:
        here = outcomes.of_repository(self._tenant_id, self._repository_id)
        async with self._database.begin() as connection:
            return await outcomes.groups(connection, since, here)

    async def links(self, addresses: Iterable[str]) -> None:
        async with self._database.begin() as connection:
            await links.want(connection, self._tenant_id, self._repository_id, addresses)

    async def unreachable(self) -> frozenset[str]:
        async with self._database.begin() as connection:
            return await links.broken(connection, self._tenant_id, self._repository_id)

    async def asked(self, people: Iterable[str], since: datetime) -> Mapping[str, Asked]:
        names = [same(person) for person in people]
        asked_person = sa.func.lower(fact.c.payload["who"].astext)
        of_changes = sa.and_(
            fact.c.tenant_id == self._tenant_id,
            fact.c.subject.startswith(f"change:{self._repository_id}:"),
            fact.c.forge_time > since,
        )
        requests = (
            sa.select(
                asked_person.label("person"), sa.func.count(sa.distinct(fact.c.subject)).label("number")
            )
            .where(of_changes, fact.c.payload["kind"].astext == "ReviewAsked", asked_person.in_(names))
            .group_by(asked_person)
        )
        actor = sa.func.lower(fact.c.actor)
        answers = (
            sa.select(actor.label("person"), sa.func.count().label("number"))
            .where(of_changes, fact.c.rank.in_([Rank.REVIEW, Rank.REMARK, Rank.COMMAND]), actor.in_(names))
            .group_by(actor)
        )
        async with self._database.begin() as connection:
            requested = {row.person: row.number for row in await connection.execute(requests)}
            answered = {row.person: row.number for row in await connection.execute(answers)}
        return {name: Asked(requested.get(name, 0), answered.get(name, 0)) for name in names}

    async def issues_lately(self) -> int:
        query = sa.select(sa.func.count()).where(
            effect.c.tenant_id == self._tenant_id,
            effect.c.kind == "issue",
            effect.c.sent_at > sa.func.now() - HOUR,
        )
        async with self._database.begin() as connection:
            return await connection.scalar(query) or 0
