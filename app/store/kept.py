"""What was last read at the forge, so that it need not be read again for every event."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.database import Database
from app.store.tables import kept
from policies.facts import same

MISSING = object()
"""What `get` returns where nothing is kept, since None is a value too: known to be absent."""


async def get(database: Database, tenant_id: int, kind: str, name: str, *, at_most: timedelta) -> Any:
    """The kept value if it was read within `at_most`; MISSING otherwise."""
    query = sa.select(kept.c.value).where(
        kept.c.tenant_id == tenant_id,
        kept.c.kind == kind,
        kept.c.name == name,
        kept.c.read_at > sa.func.now() - at_most,
    )
    async with database.begin() as connection:
        row = (await connection.execute(query)).one_or_none()
    return MISSING if row is None else row.value


async def put(database: Database, tenant_id: int, kind: str, name: str, value: Any) -> None:
    """Keep a value read just now."""
    async with database.begin() as connection:
        await connection.execute(
            insert(kept)
            .values(tenant_id=tenant_id, kind=kind, name=name, value=value)
            .on_conflict_do_update(
                index_elements=["tenant_id", "kind", "name"], set_={"value": value, "read_at": sa.func.now()}
            )
        )


async def owners_naming(connection: AsyncConnection, tenant_id: int, names: list[str]) -> list[int]:
    """The repositories with a kept owners file in which one of these names stands, in whatever case."""
    content = kept.c.value["content"].astext
    query = sa.select(kept.c.name, content.label("content")).where(
        kept.c.tenant_id == tenant_id, kept.c.kind == "owners", content.is_not(None)
    )
    wanted = [same(name) for name in names]
    found = set()
    for row in await connection.execute(query):
        text = same(base64.b64decode(row.content).decode(errors="replace"))
        if any(name in text for name in wanted):
            found.add(int(row.name.partition(":")[0]))
    return sorted(found)


async def is_known(connection: AsyncConnection, tenant_id: int, kind: str, name: str) -> bool:
    """Whether anything of this kind was read under this name, be it that there is none."""
    query = sa.select(kept.c.name).where(
        kept.c.tenant_id == tenant_id, kept.c.kind == kind, kept.c.name == same(name)
    )
    return (await connection.execute(query)).first() is not None


async def forget(connection: AsyncConnection, tenant_id: int, kind: str, prefix: str = "") -> None:
    """Read these again next time; `prefix` narrows it to names that begin so."""
    rows = sa.delete(kept).where(kept.c.tenant_id == tenant_id, kept.c.kind == kind)
    if prefix:
        rows = rows.where(kept.c.name.startswith(prefix, autoescape=True))
    await connection.execute(rows)
