"""The rules of a branch as they were: what runs keeps the budget and the hours that it began with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.store.database import Database
from app.store.tables import rule_version

MOST = 20
"""So many versions are read; what began under an older one ended long ago, or keeps the oldest that is left."""


@dataclass(frozen=True, slots=True)
class Version:
    """The rules files that held from an instant on (clock of promises): the repository's, and the one above it."""

    since: datetime
    own: bytes
    above: bytes | None


async def keep(
    database: Database,
    tenant_id: int,
    place: tuple[int, str],
    files: tuple[bytes, bytes | None],
    now: datetime,
) -> tuple[Version, ...]:
    """Every version of the rules of a repository's branch, the oldest first, after these files were seen now."""
    own, above = files
    repository_id, branch = place
    query = (
        sa.select(rule_version.c.since, rule_version.c.own, rule_version.c.above)
        .where(
            rule_version.c.tenant_id == tenant_id,
            rule_version.c.repository_id == repository_id,
            rule_version.c.branch == branch,
        )
        .order_by(rule_version.c.since.desc())
        .limit(MOST)
    )
    async with database.begin() as connection:
        known = [Version(row.since, row.own, row.above) for row in await connection.execute(query)][::-1]
        if not known or (known[-1].own, known[-1].above) != files:
            await connection.execute(
                insert(rule_version)
                .values(
                    tenant_id=tenant_id,
                    repository_id=repository_id,
                    branch=branch,
                    since=now,
                    own=own,
                    above=above,
                )
                .on_conflict_do_nothing()
            )
            known.append(Version(now, own, above))
    return tuple(known)
