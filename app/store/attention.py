"""Hard stops above whatever the rules allow: nobody shall ever be flooded by Usher, not even by a bug of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app import logs
from app.store import switches
from app.store.tables import audit, effect
from handlers.records import Held

log = logs.get(__name__)

COMMENTS, IN = 5, timedelta(minutes=10)
"""So many comments of Usher may one thread see in this time, by the clock of promises."""

WRITES_AN_HOUR, TIMES_THE_USUAL = 200, 3
"""More writes than this in an hour, and than so many times the usual, are a runaway."""

_SENT = ("sending", "uncertain", "done")


async def spare_the_thread(
    connection: AsyncConnection, tenant_id: int, subject: str, key: str, now: datetime
) -> None:
    """`Held` where a new comment would be one too many in its thread."""
    query = sa.select(effect.c.at, effect.c.remote_id, effect.c.id).where(
        effect.c.tenant_id == tenant_id,
        effect.c.subject == subject,
        effect.c.kind.in_(("say", "sticky")),
        effect.c.state.in_(_SENT),
        effect.c.key != key,
        effect.c.at > now - IN,
    )
    said = {row.remote_id or -row.id: row.at for row in await connection.execute(query)}
    if len(said) >= COMMENTS:
        minutes = int(IN.total_seconds() // 60)
        raise Held(f"{len(said)} comments in this thread within {minutes} minutes", min(said.values()) + IN)


async def stop_a_runaway(
    connection: AsyncConnection, tenant_id: int, most: int = WRITES_AN_HOUR
) -> str | None:
    """Pause a tenant whose writes are many times what they were; returns why, None where they are not.

    The usual is the mean of those hours of the last week in which anything was written: nights and weekends
    would make a third of it, and an ordinary busy morning a runaway.
    """
    resumed = (
        sa.select(sa.func.coalesce(sa.func.max(audit.c.at), sa.text("'-infinity'::timestamptz")))
        .where(audit.c.tenant_id == tenant_id, audit.c.action == "resume")
        .scalar_subquery()
    )
    hour, week = (sa.func.now() - timedelta(hours=1), sa.func.now() - timedelta(days=7))
    sent = sa.select(sa.func.count()).select_from(effect).where(effect.c.tenant_id == tenant_id)
    lately = await connection.scalar(sent.where(effect.c.sent_at > sa.func.greatest(hour, resumed))) or 0
    if lately <= most:
        return None
    hours = sa.func.count(sa.distinct(sa.func.date_trunc("hour", effect.c.sent_at)))
    before = sent.add_columns(hours).where(effect.c.sent_at > week, effect.c.sent_at <= hour)
    written, active = (await connection.execute(before)).one()
    usual = written / active if active else 0
    if lately <= TIMES_THE_USUAL * usual:
        return None
    why = f"{lately} writes within an hour; {usual:.0f} are usual in an hour in which it writes"
    await switches.pause(connection, tenant_id=tenant_id, feature="", by="usher", why=why)
    log.warning("writes ran away; paused", tenant=tenant_id, writes=lately, usual=round(usual))
    return why
