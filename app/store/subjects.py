"""One subject's log and records: what handlers see of the database, bound to its tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.store import away, catalogue, community, experience, kept, outages, outcomes, visits
from app.store import due as due_rows
from app.store import facts as fact_rows
from app.store import linked_people as links
from app.store.database import Database
from app.store.tables import clock, decision, effect, obligation, verdict_log
from handlers.records import Experience, Silence, Standing, Thanks, Visits
from policies.actions import (
    DecideThanks,
    DeclareAway,
    DraftThanks,
    OfferHelp,
    SilenceRepository,
    WithdrawAway,
)
from policies.clocks import Away, Obligation, Outage
from policies.facts import Fact, Subject, same
from policies.insights.measures import Outcome


class SubjectLog:
    """The subject's facts."""

    def __init__(self, database: Database, tenant_id: int, subject: str) -> None:
        self._database, self._tenant_id, self._subject = database, tenant_id, subject

    async def read(self) -> tuple[Fact, ...]:
        async with self._database.begin() as connection:
            return await fact_rows.read(connection, self._tenant_id, self._subject)

    async def add(self, facts: Iterable[Fact], source: Literal["poll", "usher"]) -> None:
        facts = tuple(facts)
        if facts:
            async with self._database.begin() as connection:
                await fact_rows.add(connection, self._tenant_id, self._subject, facts, source=source)


class SubjectRecords:
    """The subject's clock, obligations, verdicts and decisions."""

    def __init__(self, database: Database, tenant_id: int, subject: str) -> None:
        self._database, self._tenant_id, self._subject = database, tenant_id, subject

    async def keep_clock(self, standing: Standing, now: datetime) -> None:
        state = standing.state
        values = {
            "state": state.turn.state,
            "turn": ", ".join(state.turn.parties),
            "projection": dict(standing.projection),
            "updated_at": now,
        }
        async with self._database.begin() as connection:
            await connection.execute(
                insert(clock)
                .values(tenant_id=self._tenant_id, subject=self._subject, **values)
                .on_conflict_do_update(index_elements=["tenant_id", "subject"], set_=values)
            )
            known = {
                row.key: row.verdict
                for row in await connection.execute(
                    sa.select(obligation.c.key, obligation.c.verdict).where(
                        obligation.c.tenant_id == self._tenant_id, obligation.c.subject == self._subject
                    )
                )
            }
            rows = [self._obligation(each) for each in state.obligations]
            if rows:
                upsert = insert(obligation).values(rows)
                changing = (
                    "calendar",
                    "budget_s",
                    "t0",
                    "accrued_s",
                    "due_at",
                    "verdict",
                    "verdict_at",
                    "ended_at",
                    "owed",
                )
                await connection.execute(
                    upsert.on_conflict_do_update(
                        index_elements=["tenant_id", "key"],
                        set_={name: upsert.excluded[name] for name in changing},
                    )
                )
            changed = [
                {
                    "tenant_id": self._tenant_id,
                    "obligation_key": row["key"],
                    "verdict": row["verdict"],
                    "at": row["verdict_at"],
                }
                for row in rows
                if row["verdict"] != known.get(row["key"])
            ]
            if changed:
                await connection.execute(sa.insert(verdict_log).values(changed))
            gone = set(known) - {row["key"] for row in rows}
            if gone:
                await connection.execute(
                    sa.delete(obligation).where(
                        obligation.c.tenant_id == self._tenant_id, obligation.c.key.in_(gone)
                    )
                )

    async def keep_outcome(self, known: Outcome, title: str) -> None:
        repository_id = Subject.parse(self._subject).repository_id
        async with self._database.begin() as connection:
            await outcomes.keep(connection, self._tenant_id, repository_id, title, known)

    async def keep_decision(self, record: Mapping[str, Any], now: datetime) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                sa.insert(decision).values(
                    tenant_id=self._tenant_id, subject=self._subject, made_at=now, record=dict(record)
                )
            )

    async def tell_repository(self, asked: Iterable[Fact]) -> None:
        repository = str(Subject("repository", Subject.parse(self._subject).repository_id))
        async with self._database.begin() as connection:
            if await fact_rows.add(connection, self._tenant_id, repository, asked, source="usher"):
                for kind in ("team", "access", "member"):
                    await kept.forget(connection, self._tenant_id, kind)
                await due_rows.touch(connection, self._tenant_id, repository, timedelta())

    async def declare_away(self, declared: DeclareAway) -> None:
        async with self._database.begin() as connection:
            await away.declare(connection, self._tenant_id, declared)

    async def withdraw_away(self, withdrawn: WithdrawAway) -> None:
        async with self._database.begin() as connection:
            await away.withdraw(connection, self._tenant_id, withdrawn)

    async def absences(self, since: datetime) -> Mapping[str, tuple[Away, ...]]:
        async with self._database.begin() as connection:
            return await away.since(connection, self._tenant_id, since)

    async def outages(self, since: datetime) -> tuple[Outage, ...]:
        async with self._database.begin() as connection:
            return await outages.since(connection, since)

    async def decisions(self) -> tuple[Mapping[str, Any], ...]:
        query = (
            sa.select(decision.c.record)
            .where(decision.c.tenant_id == self._tenant_id, decision.c.subject == self._subject)
            .order_by(decision.c.id.desc())
        )
        async with self._database.begin() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def experience(
        self, people: Iterable[str], *, author: str, near: Iterable[str], since: datetime
    ) -> Mapping[str, Experience]:
        repository_id = Subject.parse(self._subject).repository_id
        async with self._database.begin() as connection:
            return await experience.read(
                connection, self._tenant_id, repository_id, people, author=author, near=near, since=since
            )

    async def visits(self, author: str, before: datetime) -> Visits:
        repository_id = Subject.parse(self._subject).repository_id
        async with self._database.begin() as connection:
            return await visits.read(
                connection, self._tenant_id, repository_id, author, besides=self._subject, before=before
            )

    async def asks_to_share(self) -> bool:
        own = Subject.parse(self._subject)
        if own.kind != "issue":
            return False
        query = sa.select(effect.c.id).where(
            effect.c.tenant_id == self._tenant_id,
            effect.c.subject == str(Subject("repository", own.repository_id)),
            effect.c.kind == "issue",
            effect.c.payload["about"].astext == "sharing",
            effect.c.remote_id == own.number,
        )
        async with self._database.begin() as connection:
            return await connection.scalar(query) is not None

    async def guests_waiting(self) -> int:
        repository_id = Subject.parse(self._subject).repository_id
        async with self._database.begin() as connection:
            return await visits.waiting(connection, self._tenant_id, repository_id)

    async def guests_answered(self, who: str, since: datetime) -> int:
        subject = Subject.parse(self._subject)
        async with self._database.begin() as connection:
            return await visits.answered(connection, self._tenant_id, subject, who, since)

    async def users(self) -> int:
        repository_id = Subject.parse(self._subject).repository_id
        async with self._database.begin() as connection:
            return await catalogue.users(connection, self._tenant_id, repository_id)

    async def reminded(self, people: Iterable[str], since: datetime) -> Mapping[str, int]:
        query = (
            sa.select(effect.c.recipient, sa.func.count().label("number"))
            .where(
                effect.c.tenant_id == self._tenant_id,
                effect.c.recipient.in_([same(person) for person in people]),
                effect.c.at >= since,
                effect.c.kind == "say",
                effect.c.state.in_(("sending", "uncertain", "done")),
            )
            .group_by(effect.c.recipient)
        )
        async with self._database.begin() as connection:
            return {row.recipient: row.number for row in await connection.execute(query)}

    async def change_story(self, number: int) -> tuple[Fact, ...]:
        subject = Subject("change", self._repository_id, number)
        async with self._database.begin() as connection:
            return await fact_rows.read(connection, self._tenant_id, str(subject))

    async def draft_thanks(self, draft: DraftThanks, now: datetime) -> None:
        async with self._database.begin() as connection:
            await community.draft(connection, self._tenant_id, self._subject, draft, now)

    async def decide_thanks(self, decision: DecideThanks, now: datetime) -> None:
        async with self._database.begin() as connection:
            await community.decide(connection, self._tenant_id, self._subject, decision, now)

    async def thanks(self) -> Thanks | None:
        async with self._database.begin() as connection:
            return await community.drafted(connection, self._tenant_id, self._subject)

    async def offer_help(self, offer: OfferHelp) -> None:
        async with self._database.begin() as connection:
            await community.offer(connection, self._tenant_id, offer)

    async def helpers(self, now: datetime, besides: Iterable[str]) -> tuple[str, ...]:
        async with self._database.begin() as connection:
            return await community.helpers(connection, self._tenant_id, now, besides)

    async def be_silent(self, silence: SilenceRepository) -> None:
        async with self._database.begin() as connection:
            await community.be_silent(connection, self._tenant_id, self._repository_id, silence)

    async def silence(self) -> Silence | None:
        async with self._database.begin() as connection:
            return await community.silence_of(connection, self._tenant_id, self._repository_id)

    @property
    def _repository_id(self) -> int:
        return Subject.parse(self._subject).repository_id

    async def load(self, people: Iterable[str]) -> Mapping[str, int]:
        names = [same(name) for name in people]
        owed = (obligation.c.owed, obligation.c.ledger == "person")
        person = sa.func.lower(obligation.c.party)
        here = sa.select(person.label("person"), sa.func.count().label("number")).where(
            obligation.c.tenant_id == self._tenant_id,
            person.in_(names),
            *owed,
            obligation.c.subject != self._subject,
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(here.group_by(person))
            found = Counter({row.person: row.number for row in rows})
            linked = await links.elsewhere(connection, self._tenant_id, names)
            if linked:
                there = sa.select(person.label("person"), sa.func.count().label("number")).where(
                    obligation.c.tenant_id.in_(links.on_the_other_forge(self._tenant_id)),
                    person.in_(list(linked)),
                    *owed,
                )
                for row in await connection.execute(there.group_by(person)):
                    found[linked[row.person]] += row.number
        return dict(found)

    def _obligation(self, each: Obligation) -> dict[str, Any]:
        return {
            "tenant_id": self._tenant_id,
            "key": f"{self._subject}|{each.key}",
            "subject": self._subject,
            "slot": each.slot,
            "kind": each.kind,
            "ledger": each.ledger,
            "party": each.party,
            "cycle": each.cycle,
            "calendar": each.hours.zone,
            "budget_s": int(each.budget.total_seconds()),
            "t0": each.t0,
            "accrued_s": int(each.accrued.total_seconds()),
            "due_at": each.due,
            "verdict": each.verdict,
            "verdict_at": each.verdict_at,
            "ended_at": each.ended,
            "owed": each.open,
        }
