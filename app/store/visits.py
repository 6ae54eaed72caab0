"""Who came to a repository as a guest before, and how much there is to look at now."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import clock, outcome
from handlers.records import Visits
from policies.facts import Subject, same

_VISITS = sa.text(
    """
    SELECT count(*) FILTER (WHERE opened.forge_time < :before) AS opened,
           count(merged.id) FILTER (WHERE merged.forge_time < :before) AS merged
    FROM fact opened
    LEFT JOIN fact merged ON merged.tenant_id = :tenant_id AND merged.subject = opened.subject
         AND merged.natural_key = 'change_merged'
    WHERE opened.tenant_id = :tenant_id AND opened.subject >= :first AND opened.subject < :end
      AND opened.natural_key = 'change_opened' AND lower(opened.actor) = :author
      AND opened.subject <> :subject
      AND EXISTS (SELECT FROM fact seen
                  WHERE seen.tenant_id = :tenant_id AND seen.subject = opened.subject
                    AND seen.payload ->> 'kind' = 'OriginSeen'
                    AND seen.payload ->> 'origin' IN ('guest', 'mixed')
                    AND 2 * (seen.payload ->> 'guest_files')::int >= (seen.payload ->> 'owned_files')::int)
    """
)


async def read(
    connection: AsyncConnection,
    tenant_id: int,
    repository_id: int,
    author: str,
    *,
    besides: str,
    before: datetime,
) -> Visits:
    """The changes that somebody brought to the repository as a guest before that instant."""
    values = {
        "tenant_id": tenant_id,
        "first": f"change:{repository_id}:",
        "end": f"change:{repository_id};",  # the character after the colon
        "author": same(author),
        "subject": besides,
        "before": before,
    }
    row = (await connection.execute(_VISITS, values)).one()
    return Visits(row.opened, row.merged)


async def waiting(connection: AsyncConnection, tenant_id: int, repository_id: int) -> int:
    """How many changes of guests are open in the repository."""
    query = sa.select(sa.func.count()).where(
        clock.c.tenant_id == tenant_id,
        clock.c.subject.startswith(f"change:{repository_id}:"),
        clock.c.state != "DONE",
        clock.c.projection["welcomed"].as_boolean(),
    )
    return await connection.scalar(query) or 0


async def answered(
    connection: AsyncConnection, tenant_id: int, subject: Subject, who: str, since: datetime
) -> int:
    """How many other changes of guests in the repository of this one somebody reviewed."""
    query = sa.select(outcome.c.reviewers).where(
        outcome.c.tenant_id == tenant_id,
        outcome.c.repository_id == subject.repository_id,
        outcome.c.number != subject.number,
        outcome.c.origin.in_(("guest", "mixed")),
        outcome.c.opened_at >= since,
    )
    found = (await connection.execute(query)).scalars()
    return sum(same(who) in map(same, reviewers) for reviewers in found)
