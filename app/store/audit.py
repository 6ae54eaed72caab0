"""What people did to Usher's own rows: who, when, what it was before and after. Rows are never changed.

Each row carries a hash over itself and the hash of the row before it, so that a row which is changed,
removed or slipped in later no longer fits its neighbours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import audit

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtext('usher:audit'))")


async def note(
    connection: AsyncConnection,
    *,
    actor: str,
    action: str,
    object: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    tenant_id: int | None = None,
) -> None:
    """Add a row in the transaction of the deed itself, so that there is neither without the other.

    `actor` is `cli:<account of the machine>` or `github:<login>`; `action` is a verb ("replay"); `object` what
    it was done to ("delivery 12"). `before` and `after` hold what JSON can hold, and no secret.
    """
    await connection.execute(_LOCK)  # rows must not overtake each other
    last = (
        await connection.execute(sa.select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1))
    ).one_or_none()
    row = {
        "id": 1 if last is None else last.id + 1,
        "at": datetime.now(UTC),
        "tenant_id": tenant_id,
        "actor": actor,
        "action": action,
        "object": object,
        "before": dict(before),
        "after": dict(after),
    }
    await connection.execute(
        sa.insert(audit).values(**row, hash=_hash(row, b"" if last is None else last.hash))
    )


async def first_broken(connection: AsyncConnection) -> int | None:
    """The number of the first row that does not fit the one before it; None where all do.

    Rows that were cut off the end leave no trace here: keep the newest hash elsewhere to notice that.
    """
    before, expected = b"", 1
    rows = await connection.stream(sa.select(audit).order_by(audit.c.id))
    try:
        async for row in rows.mappings():
            if row["id"] != expected or row["hash"] != _hash(dict(row), before):
                return expected
            before, expected = row["hash"], expected + 1
    finally:
        await rows.close()
    return None


def _hash(row: Mapping[str, Any], before: bytes) -> bytes:
    names = ("id", "tenant_id", "actor", "action", "object", "before", "after")
    told = {"at": row["at"].astimezone(UTC).isoformat(), **{name: row[name] for name in names}}
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(before + text.encode()).digest()
