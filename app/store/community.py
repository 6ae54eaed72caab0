"""Thanks that wait to be said, people who offer to help, and repositories that want silence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import due
from app.store.tables import champion, clock, silence, thanks
from handlers.records import Silence, Thanks
from policies.actions import DecideThanks, DraftThanks, OfferHelp, SilenceRepository
from policies.facts import same

MOST_HELPERS = 2


# --- Thanks -----------------------------------------------------------------------------------------------


async def draft(
    connection: AsyncConnection, tenant_id: int, subject: str, drafted: DraftThanks, now: datetime
) -> None:
    """Keep a draft, once for each change; those of the tenant that expired are forgotten."""
    expired = sa.and_(
        thanks.c.tenant_id == tenant_id, thanks.c.expires_at <= now, thanks.c.subject != subject
    )
    await connection.execute(sa.delete(thanks).where(expired))
    row = insert(thanks).values(
        tenant_id=tenant_id,
        subject=subject,
        author=drafted.author,
        owners=sorted({same(owner) for owner in drafted.owners}),
        body=drafted.body,
        made_at=now,
        expires_at=drafted.expires,
    )
    await connection.execute(row.on_conflict_do_nothing())


async def drafted(connection: AsyncConnection, tenant_id: int, subject: str) -> Thanks | None:
    """The draft for a change."""
    query = sa.select(thanks).where(thanks.c.tenant_id == tenant_id, thanks.c.subject == subject)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Thanks(row.author, tuple(row.owners), row.body, row.state, row.decided_by, row.expires_at)


async def waiting_for(
    connection: AsyncConnection, tenant_id: int, person: str, now: datetime
) -> list[tuple[str, Thanks, str]]:
    """The open drafts that somebody may say: the change, the draft, and the change's address; oldest first."""
    address = clock.c.projection["url"].astext
    query = (
        sa.select(thanks, address.label("url"))
        .join(clock, sa.and_(clock.c.tenant_id == thanks.c.tenant_id, clock.c.subject == thanks.c.subject))
        .where(
            thanks.c.tenant_id == tenant_id,
            thanks.c.state == "open",
            thanks.c.expires_at > now,
            thanks.c.owners.contains([same(person)]),
        )
        .order_by(thanks.c.made_at)
    )
    return [
        (
            row.subject,
            Thanks(row.author, tuple(row.owners), row.body, row.state, row.decided_by, row.expires_at),
            row.url,
        )
        for row in await connection.execute(query)
    ]


async def decide(
    connection: AsyncConnection, tenant_id: int, subject: str, decision: DecideThanks, now: datetime
) -> bool:
    """Note what somebody wants to happen with an open draft, and have it done; False where they may not.

    For pages as for commands: whoever is not among its owners changes nothing.
    """
    values = {"state": "post" if decision.post else "discarded", "decided_by": decision.by}
    if decision.body:
        values["body"] = decision.body
    write = (
        sa.update(thanks)
        .where(
            thanks.c.tenant_id == tenant_id,
            thanks.c.subject == subject,
            thanks.c.state == "open",
            thanks.c.expires_at > now,
            thanks.c.owners.contains([same(decision.by)]),
        )
        .values(values)
        .returning(thanks.c.subject)
    )
    if (await connection.execute(write)).one_or_none() is None:
        return False
    await due.touch(connection, tenant_id, subject, timedelta())
    return True


# --- Helpers ----------------------------------------------------------------------------------------------


async def offer(connection: AsyncConnection, tenant_id: int, offered: OfferHelp) -> None:
    """Remember what somebody said last about helping."""
    values = {"login": offered.person, "at": offered.at, "offers": offered.on}
    row = insert(champion).values(tenant_id=tenant_id, person=same(offered.person), **values)
    await connection.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "person"], set_=values, where=champion.c.at <= offered.at
        )
    )


async def helpers(
    connection: AsyncConnection, tenant_id: int, now: datetime, besides: Iterable[str]
) -> tuple[str, ...]:
    """At most two people who offer to help, those first who were not named for longest."""
    query = (
        sa.select(champion.c.person, champion.c.login)
        .where(
            champion.c.tenant_id == tenant_id,
            champion.c.offers,
            champion.c.person.not_in([same(person) for person in besides]),
        )
        .order_by(champion.c.named_at.asc().nulls_first(), champion.c.person)
        .limit(MOST_HELPERS)
    )
    found = list(await connection.execute(query))
    named = sa.and_(champion.c.tenant_id == tenant_id, champion.c.person.in_([row.person for row in found]))
    await connection.execute(sa.update(champion).where(named).values(named_at=now))
    return tuple(row.login for row in found)


# --- Silence ----------------------------------------------------------------------------------------------


async def be_silent(
    connection: AsyncConnection, tenant_id: int, repository_id: int, said: SilenceRepository
) -> None:
    """Remember what was said last about silence; where it ends by that, look at all that is open again."""
    values = {"until": said.until, "by": said.by, "at": said.at, "source": said.source}
    row = insert(silence).values(tenant_id=tenant_id, repository_id=repository_id, **values)
    await connection.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "repository_id"], set_=values, where=silence.c.at <= said.at
        )
    )
    if said.until is not None and said.until <= said.at:
        for kind in ("change", "issue"):
            withheld = sa.select(clock.c.subject).where(
                clock.c.tenant_id == tenant_id,
                clock.c.subject.startswith(f"{kind}:{repository_id}:"),
                clock.c.state != "DONE",
            )
            for subject in (await connection.execute(withheld)).scalars().all():
                await due.touch(connection, tenant_id, subject, timedelta())


async def silence_of(connection: AsyncConnection, tenant_id: int, repository_id: int) -> Silence | None:
    """What was last said about silence in a repository."""
    query = sa.select(silence.c.until, silence.c.at, silence.c.source).where(
        silence.c.tenant_id == tenant_id, silence.c.repository_id == repository_id
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Silence(row.until, row.at, row.source)
