"""One subject's log, effects and records: what handlers see of the database, bound to its tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app import logs, metrics
from app.crash_points import reached
from app.redaction import redact
from app.store import attention, away, community, experience, kept, outages, outcomes, switches, visits
from app.store import due as due_rows
from app.store import facts as fact_rows
from app.store import linked_people as links
from app.store.database import Database
from app.store.tables import clock, decision, effect, obligation, restoration, verdict_log
from handlers.records import Effect, Experience, Held, Overtaken, Silence, Standing, Thanks, Visits
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

log = logs.get(__name__)

HEALS = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24))
"""When what was in doubt is looked for again: a forge may show late what it took."""

TWINS = ("say", "sticky", "issue")
"""Kinds of which the forge would show two, where they were written twice."""


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


CAREFUL_FOR = timedelta(days=30)
"""How long after a restore from a backup effects are taken for forgotten: as long as they are kept."""

_RESTORED = sa.exists().where(restoration.c.at > sa.func.now() - CAREFUL_FOR)


class SubjectEffects:
    """The subject's effects, written only while `lease` is the newest on it.

    `now` is the present of the clock of promises; `held_until` when something may be written by that clock
    that people had enough of for a while.
    """

    def __init__(self, database: Database, lease: due_rows.Lease, now: datetime) -> None:
        self._database, self._lease, self._now = database, lease, now
        self._wanted: set[str] = set()
        self.held_until: datetime | None = None

    @classmethod
    def of(cls, database: Database, tenant_id: int, subject: str, now: datetime) -> SubjectEffects:
        """The effects to read alone, without a lease: whatever is written is refused as overtaken."""
        return cls(database, due_rows.Lease(tenant_id, subject, 0, -1, 0, 0, None), now)

    async def every(self) -> tuple[Effect, ...]:
        query = (
            sa.select(*_EFFECT)
            .where(effect.c.tenant_id == self._lease.tenant_id, effect.c.subject == self._lease.subject)
            .order_by(effect.c.id)
        )
        async with self._database.begin() as connection:
            return tuple(_effect(row) for row in await connection.execute(query))

    async def plan(self, key: str, kind: str, payload: Mapping[str, Any]) -> Effect:
        self._wanted.add(key)
        recipient = same(payload["to"]) if payload.get("to") else None
        write = (
            insert(effect)
            .values(
                tenant_id=self._lease.tenant_id,
                subject=self._lease.subject,
                key=key,
                kind=kind,
                fence=self._lease.fence,
                payload=dict(payload),
                recipient=recipient,
                at=datetime.fromisoformat(payload["at"]),
                # What was done after the backup is not known any more: it is looked for before it is done.
                state=sa.case((_RESTORED, "uncertain"), else_="planned"),
                sent_at=sa.case((_RESTORED, sa.func.now() - timedelta(hours=1))),
            )
            .on_conflict_do_nothing()
        )
        find = sa.select(*_EFFECT).where(effect.c.tenant_id == self._lease.tenant_id, effect.c.key == key)
        async with self._database.begin() as connection:
            if recipient:
                # Two subjects that would remind one person at once stand in line, so that each counts the other.
                lock = sa.func.hashtextextended(f"{self._lease.tenant_id}:{recipient}", 0)
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            await connection.execute(write)
            found = _effect((await connection.execute(find)).one())
        reached("effect.planned")
        # An effect that never went out says today's words, not those of an earlier attempt.
        return replace(found, payload=dict(payload)) if found.state == "planned" else found

    async def forget_unwanted(self) -> None:
        """Take back what an earlier run planned and never sent, where this one, being through, wants it no more.

        It died in between, or the forge said no, and the world went on: it is as if nobody had thought of it.
        """
        async with self._database.begin() as connection:
            if not await due_rows.holds(connection, self._lease):
                raise Overtaken(f"another run holds {self._lease.subject}")
            await connection.execute(
                sa.delete(effect).where(
                    effect.c.tenant_id == self._lease.tenant_id,
                    effect.c.subject == self._lease.subject,
                    effect.c.state == "planned",
                    effect.c.key.not_in(self._wanted),
                )
            )

    async def reminders_before(self, each: Effect, day: datetime) -> int:
        this = sa.select(effect.c.id, effect.c.recipient).where(
            effect.c.tenant_id == self._lease.tenant_id, effect.c.key == each.key
        )
        async with self._database.begin() as connection:
            row = (await connection.execute(this)).one()
            query = sa.select(sa.func.count()).where(
                effect.c.tenant_id == self._lease.tenant_id,
                effect.c.recipient == row.recipient,
                effect.c.kind == "say",
                effect.c.at >= day,
                effect.c.id < row.id,
                effect.c.state != "skipped",
            )
            return await connection.scalar(query) or 0

    async def sending(self, each: Effect, feature: str) -> None:
        async with self._database.begin() as connection:
            await self._permit(connection, each, feature)
            if each.kind in ("say", "sticky"):
                await attention.spare_the_thread(
                    connection, self._lease.tenant_id, self._lease.subject, each.key, self._now
                )
            runaway = await attention.stop_a_runaway(connection, self._lease.tenant_id)
            if runaway is None:
                await self._mark_sending(connection, each)
        if runaway is not None:
            raise Held(runaway)
        reached("effect.sending")

    async def permit(self, each: Effect, feature: str) -> None:
        async with self._database.begin() as connection:
            await self._permit(connection, each, feature)

    async def hold(self, each: Effect, held: Held) -> None:
        metrics.effects.labels(each.kind, "held").inc()
        if held.until is not None:
            self.held_until = min(held.until, self.held_until or held.until)
        await self._set(each, error=f"{switches.HELD}{held}"[:2000])

    async def healed(self, each: Effect, remote_id: int | None, twins: int) -> None:
        metrics.duplicates_healed.inc(twins)
        if twins:
            log.warning("took back what was there twice", kind=each.kind, key=each.key, twins=twins)
        waits = sa.case(*((effect.c.heals == n, sa.func.now() + wait) for n, wait in enumerate(HEALS[1:])))
        values: dict[str, Any] = {"heals": effect.c.heals + 1, "heal_at": waits}
        await self._set(each, **values, **({} if remote_id is None else {"remote_id": remote_id}))

    async def _permit(self, connection: AsyncConnection, each: Effect, feature: str) -> None:
        if not await due_rows.holds(connection, self._lease):
            raise Overtaken(f"another run holds {self._lease.subject}")
        if (why := await switches.holding(connection, self._lease.tenant_id, feature)) is not None:
            raise Held(why)

    async def _mark_sending(self, connection: AsyncConnection, each: Effect) -> None:
        await connection.execute(
            self._row(each).values(
                state="sending",
                sent_at=sa.func.now(),
                fence=self._lease.fence,
                attempts=effect.c.attempts + 1,
                payload=dict(each.payload),
                marker=each.marker,
            )
        )

    async def done(
        self,
        each: Effect,
        remote_id: int | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        in_doubt: bool = False,
    ) -> None:
        reached("effect.written")
        values: dict[str, Any] = {"state": "done", "done_at": sa.func.now(), "error": None}
        if each.state != "done":
            metrics.effects.labels(each.kind, "done").inc()
            if each.kind in TWINS and (in_doubt or each.attempts):
                values["heal_at"] = sa.func.now() + HEALS[0]
        if each.marker is not None:
            values["marker"] = each.marker
        if remote_id is not None:
            values["remote_id"] = remote_id
        if payload is not None:
            values["payload"] = dict(payload)
        await self._set(each, **values)
        reached("effect.done")

    async def unsure(self, each: Effect, error: str) -> None:
        metrics.effects.labels(each.kind, "uncertain").inc()
        await self._set(each, state="uncertain", error=redact(error)[:2000])

    async def again(self, each: Effect, error: str) -> None:
        await self._set(each, state="planned", error=redact(error)[:2000])

    async def skipped(self, each: Effect, reason: str) -> None:
        if each.state != "skipped":
            metrics.effects.labels(each.kind, "skipped").inc()
        await self._set(each, state="skipped", error=reason, payload=dict(each.payload))

    async def refused(self, each: Effect, error: str) -> None:
        metrics.effects.labels(each.kind, "refused").inc()
        await self._set(each, state="dead", error=redact(error)[:2000])

    async def _set(self, each: Effect, **values: Any) -> None:
        async with self._database.begin() as connection:
            await connection.execute(self._row(each).values(**values))

    def _row(self, each: Effect) -> sa.Update:
        """The effect's row, unless a newer run took it over: what an older one knows of it holds no more."""
        return sa.update(effect).where(
            effect.c.tenant_id == self._lease.tenant_id,
            effect.c.key == each.key,
            effect.c.fence <= self._lease.fence,
        )


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
            "owed": each.open,
        }


_EFFECT = (
    effect.c.key,
    effect.c.kind,
    effect.c.state,
    effect.c.payload,
    effect.c.marker,
    effect.c.remote_id,
    effect.c.attempts,
    effect.c.error,
    sa.func.coalesce(effect.c.heal_at <= sa.func.now(), sa.false()).label("to_heal"),
    sa.func.extract("epoch", sa.func.now() - effect.c.sent_at).label("waited"),
)


def _effect(row: Any) -> Effect:
    return Effect(
        key=row.key,
        kind=row.kind,
        state=row.state,
        payload=row.payload,
        marker=row.marker,
        remote_id=row.remote_id,
        sent_seconds_ago=None if row.waited is None else float(row.waited),
        attempts=row.attempts,
        to_heal=row.to_heal,
        note=row.error or "",
    )
