"""Whether the database answers, keeps what it was given, has our schema, and whether work piles up in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.doctor.checks import Check, failed, warning, well
from app.store import modes, schema
from app.store.database import Database
from app.store.tables import delivery, due, switch, tenant

_OLDEST_SERVER = 140_000
_OLD_DELIVERY, _OLD_SUBJECT = timedelta(minutes=1), timedelta(minutes=10)
_MOST_NAMES = 5
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


async def check_database(database: Database) -> AsyncIterator[Check]:
    """Every line about the database; none after the first that makes the others pointless."""
    try:
        found = await schema.current(database)
    except schema.SchemaError as error:
        yield failed("database", str(error), "Start PostgreSQL, or correct USHER_DATABASE_URL.")
        return
    async with database.begin() as connection:
        yield await _server(connection)
        yield await _durability(connection)
    if found != schema.newest():
        yield failed(
            "schema",
            f"The schema is {'empty' if found is None else f'at revision {found}'}; "
            f"this Usher needs {schema.newest()}.",
            "Run `usher migrate`.",
        )
        return
    yield well("schema", f"The schema is at revision {found}.")
    async with database.begin() as connection:
        yield await _inbox(connection)
        yield await _queue(connection)
        yield await _dead(connection)
        yield await _dry_runs(connection)
        yield await _switches(connection)


async def _server(connection: AsyncConnection) -> Check:
    number = int(await connection.scalar(sa.text("SHOW server_version_num")) or 0)
    version = await connection.scalar(sa.text("SHOW server_version"))
    if number < _OLDEST_SERVER:
        return failed("database", f"PostgreSQL {version} is too old.", "Use PostgreSQL 14 or newer.")
    return well("database", f"PostgreSQL {version} answers.")


async def _durability(connection: AsyncConnection) -> Check:
    """What was acknowledged must survive a power cut."""
    off = [
        name
        for name in _DURABLE
        if await connection.scalar(sa.text("SELECT current_setting(:name)"), {"name": name}) == "off"
    ]
    if off:
        return failed(
            "durability",
            f"{', '.join(off)} is off: a power cut would lose deliveries that were acknowledged.",
            "Turn it on in postgresql.conf and reload.",
        )
    return well("durability", "What is committed survives a power cut.")


async def _inbox(connection: AsyncConnection) -> Check:
    waiting = sa.select(sa.func.count(), _age(delivery.c.received_at)).where(delivery.c.state == "new")
    number, oldest = (await connection.execute(waiting)).one()
    if oldest > _OLD_DELIVERY:
        return failed(
            "inbox",
            f"{number} deliveries wait to be read, the oldest for {_long(oldest)}.",
            "Is a worker running? Start `usher work`, and look at its log.",
        )
    return well("inbox", f"{number} deliveries wait to be read.")


async def _queue(connection: AsyncConnection) -> Check:
    waiting = (
        sa.select(sa.func.count(), _age(due.c.not_before))
        .join(tenant, sa.and_(tenant.c.id == due.c.tenant_id, tenant.c.state == "active"))
        .where(
            due.c.generation > due.c.settled_generation,
            due.c.dead_at.is_(None),
            due.c.not_before <= sa.func.now(),
        )
    )
    number, oldest = (await connection.execute(waiting)).one()
    if oldest > _OLD_SUBJECT:
        return failed(
            "queue",
            f"{number} subjects wait to be looked at, the oldest for {_long(oldest)}.",
            "Start more `usher work`; if one runs, its log says what it waits for.",
        )
    return well("queue", f"{number} subjects wait to be looked at.")


async def _dead(connection: AsyncConnection) -> Check:
    deliveries = await connection.scalar(
        sa.select(sa.func.count()).select_from(delivery).where(delivery.c.state == "dead")
    )
    subjects = await connection.scalar(
        sa.select(sa.func.count()).select_from(due).where(due.c.dead_at.is_not(None))
    )
    if deliveries or subjects:
        return warning(
            "dead letters",
            f"{deliveries} deliveries and {subjects} subjects were given up.",
            "`usher dead list` says why; `usher dead replay` tries again.",
        )
    return well("dead letters", "Nothing was given up.")


async def _dry_runs(connection: AsyncConnection) -> Check:
    said, names = [], []
    accounts = await modes.by_account(connection)
    for each in accounts:
        shown = ", ".join(each.otherwise[:_MOST_NAMES])
        shown += f" and {len(each.otherwise) - _MOST_NAMES} more" if len(each.otherwise) > _MOST_NAMES else ""
        if each.mode == "preview":
            said.append(f"{each.account} (but {shown})" if shown else each.account)
            names.append(each.account)
        elif shown:
            said.append(shown)
            names += each.otherwise
    if said:
        return warning(
            "dry run",
            f"Usher is in a dry run for {'; '.join(said)}: it only shows what it would do.",
            f"When you like what you see: `usher live {names[0]}`.",
        )
    return well("dry run", "Usher is live everywhere." if accounts else "No organisation is known yet.")


async def _switches(connection: AsyncConnection) -> Check:
    rows = (await connection.execute(sa.select(switch.c.by, switch.c.why).order_by(switch.c.at))).all()
    if rows:
        said = "; ".join(f"by {row.by}" + (f": {row.why}" if row.why else "") for row in rows)
        return warning(
            "switches", f"Writing is held back ({said}).", "`usher resume` lets Usher write again."
        )
    return well("switches", "Nothing holds Usher's writes back.")


def _age(of: sa.Column[datetime]) -> sa.ColumnElement[timedelta]:
    """How old the oldest is by the database's clock; nothing where there is none."""
    return sa.cast(sa.func.coalesce(sa.func.now() - sa.func.min(of), timedelta()), sa.Interval)


def _long(length: timedelta) -> str:
    minutes = length.total_seconds() / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
