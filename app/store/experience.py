"""Who reviewed what in a repository before: what familiarity is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.records import Experience
from policies.facts import Rank, same
from policies.reviewers import Past
from policies.successors import Reviewed

MOST_REVIEWS = 2000

_REVIEWS = sa.text(
    """
    WITH reviewed AS (
        SELECT subject, lower(actor) AS person, max(forge_time) AS at
        FROM fact
        WHERE tenant_id = :tenant_id AND subject >= :first AND subject < :end AND rank = :review
          AND forge_time > :since AND (CAST(:people AS text[]) IS NULL OR lower(actor) = ANY(:people))
        GROUP BY subject, lower(actor)
        ORDER BY max(forge_time) DESC
        LIMIT :most
    )
    SELECT reviewed.person, reviewed.at, opened.actor AS author,
           (SELECT payload -> 'files' FROM fact
            WHERE fact.tenant_id = :tenant_id AND fact.subject = reviewed.subject
              AND payload ->> 'kind' = 'SlotsChosen'
            ORDER BY forge_time DESC LIMIT 1) AS files
    FROM reviewed
    LEFT JOIN fact opened ON opened.tenant_id = :tenant_id AND opened.subject = reviewed.subject
         AND opened.natural_key = 'change_opened'
    """
)


async def read(
    connection: AsyncConnection,
    tenant_id: int,
    repository_id: int,
    people: Iterable[str],
    *,
    author: str,
    near: Iterable[str],
    since: datetime,
) -> Mapping[str, Experience]:
    """What each person reviewed since then, by login in lower case.

    Only files in the directories of `near` are told, because no others count for familiarity.
    """
    directories = {_directory(path) for path in near}
    values = {
        "tenant_id": tenant_id,
        "first": f"change:{repository_id}:",
        "end": f"change:{repository_id};",  # the character after the colon
        "review": int(Rank.REVIEW),
        "since": since,
        "people": [same(person) for person in people],
        "most": MOST_REVIEWS,
    }
    past: dict[str, list[Past]] = {}
    of_author: dict[str, int] = {}
    for row in await connection.execute(_REVIEWS, values):
        paths = (path for _, each in (row.files or []) for path in each)
        past.setdefault(row.person, []).extend(
            Past(path, row.at) for path in paths if _directory(path) in directories
        )
        if same(row.author or "") == same(author):
            of_author[row.person] = of_author.get(row.person, 0) + 1
    return {person: Experience(tuple(acts), of_author.get(person, 0)) for person, acts in past.items()}


async def reviewed(
    connection: AsyncConnection, tenant_id: int, repository_id: int, since: datetime
) -> tuple[Reviewed, ...]:
    """What everybody reviewed in a repository since then, change by change, by login in lower case."""
    values = {
        "tenant_id": tenant_id,
        "first": f"change:{repository_id}:",
        "end": f"change:{repository_id};",
        "review": int(Rank.REVIEW),
        "since": since,
        "people": None,
        "most": MOST_REVIEWS,
    }
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in await connection.execute(_REVIEWS, values):
        paths = tuple(path for _, each in (row.files or []) for path in each)
        found.setdefault(row.person, []).append(paths)
    return tuple(Reviewed(person, tuple(changes)) for person, changes in found.items())


def _directory(path: str) -> str:
    return path.rpartition("/")[0]
