"""Finding in the catalogue: by words, by what a repository is, and by what comes closest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import blob_seen, entry, outcome, tenant
from app.store.viewers import Visitor, readable
from policies.candidates import Candidate, Source, Twice, candidates, graph

LONGEST_QUERY = 200
PAGE = 25
MOST_NAMES = 20_000
CLOSE = 50
"""Of a hundred: how much two names must have in common for the one to be meant by the other."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search; empty texts narrow nothing."""

    query: str = ""
    topic: str = ""
    language: str = ""
    owner: str = ""
    forge: str = ""
    everything: bool = False  # also what is not listed
    page: int = 1

    @property
    def narrowed(self) -> bool:
        return bool(self.query or self.topic or self.language or self.owner or self.forge)


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry in a list."""

    tenant_id: int
    repository_id: int
    forge: str
    name: str
    title: str
    summary: str
    language: str
    owner: str | None
    topics: tuple[str, ...]
    readiness: float
    score: int
    pushed_at: datetime | None
    listed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits, how many there are in all, what else could narrow them, and close names of none."""

    hits: tuple[Hit, ...]
    total: int
    languages: tuple[tuple[str, int], ...] = ()
    owners: tuple[tuple[str, int], ...] = ()
    topics: tuple[tuple[str, int], ...] = ()
    closest: tuple[str, ...] = ()
    by_name: bool = False

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


_HIT = (
    entry.c.tenant_id,
    entry.c.repository_id,
    entry.c.forge,
    entry.c.name,
    entry.c.title,
    entry.c.summary,
    entry.c.language,
    entry.c.owner,
    entry.c.topics,
    entry.c.readiness,
    entry.c.score,
    entry.c.pushed_at,
    entry.c.listed,
)


def cleaned(text: str) -> str:
    """What somebody searches for: one line, without what cannot be seen, at most 200 characters."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(plain.split())[:LONGEST_QUERY]


async def search(connection: AsyncConnection, visitor: Visitor, filters: Filters) -> Found:
    """What the visitor may read and fits, best first; without words, in the catalogue's own order."""
    narrowed = _narrowed(visitor, filters)
    if not filters.query:
        found = await _page(connection, narrowed, entry.c.standing.desc(), filters.page)
    else:
        words = _tsquery(filters.query)
        rank = sa.func.ts_rank_cd(entry.c.search, words, 32).desc()
        found = await _page(connection, [*narrowed, entry.c.search.op("@@")(words)], rank, filters.page)
    if found.total or not filters.query:
        return await _with_facets(connection, narrowed, filters, found) if not filters.query else found
    # Between words may stand whatever names are joined with: "http client" is `http-client` there.
    like = entry.c.name.ilike(f"%{'%'.join(map(_escaped, filters.query.split()))}%", escape="\\")
    by_name = await _page(connection, [*narrowed, like], entry.c.standing.desc(), filters.page)
    if by_name.total:
        return Found(by_name.hits, by_name.total, by_name=True)
    names = sa.select(entry.c.name, entry.c.title).where(*narrowed).limit(MOST_NAMES)
    rows = (await connection.execute(names)).all()
    return Found((), 0, closest=_closest(filters.query, [(row.name, row.title) for row in rows]))


def _narrowed(visitor: Visitor, filters: Filters) -> list[sa.ColumnElement[bool]]:
    where = [readable(visitor, entry.c.tenant_id, entry.c.repository_id)]
    if not filters.everything:
        where.append(entry.c.listed)
    if filters.topic:
        where.append(sa.func.array_position(entry.c.topics, filters.topic).is_not(None))
    if filters.language:
        where.append(entry.c.language == filters.language)
    if filters.owner:
        where.append(entry.c.owner == filters.owner)
    if filters.forge:
        where.append(entry.c.forge == filters.forge)
    return where


async def _page(
    connection: AsyncConnection,
    where: list[sa.ColumnElement[bool]],
    order: sa.ColumnElement[Any],
    page: int,
) -> Found:
    query = (
        sa.select(*_HIT, sa.func.count().over().label("total"))
        .where(*where)
        .order_by(order, entry.c.standing.desc(), entry.c.name)
        .limit(PAGE)
        .offset(PAGE * (max(page, 1) - 1))
    )
    rows = (await connection.execute(query)).all()
    return Found(tuple(_hit(row) for row in rows), rows[0].total if rows else 0)


async def _with_facets(
    connection: AsyncConnection, where: list[sa.ColumnElement[bool]], _filters: Filters, found: Found
) -> Found:
    """What the list could be narrowed by, commonest first."""

    def counted(column: sa.ColumnElement[Any], kind: str) -> sa.Select[Any]:
        return (
            sa.select(sa.literal(kind).label("kind"), column.label("name"), sa.func.count().label("number"))
            .where(*where)
            .group_by(column)
        )

    topic = sa.func.unnest(entry.c.topics)
    union = sa.union_all(
        counted(entry.c.language, "language"), counted(entry.c.owner, "owner"), counted(topic, "topic")
    ).subquery()
    rows = (await connection.execute(sa.select(union).order_by(union.c.number.desc(), union.c.name))).all()

    def of(kind: str) -> tuple[tuple[str, int], ...]:
        return tuple((row.name, row.number) for row in rows if row.kind == kind and row.name)[:12]

    return Found(found.hits, found.total, of("language"), of("owner"), of("topic"))


def _tsquery(text: str) -> sa.ColumnElement[Any]:
    """Words as people write them (quotes, `or`, `-`), looked for as English and as they are."""
    english = sa.func.websearch_to_tsquery(sa.text("'english'"), text)
    simple = sa.func.websearch_to_tsquery(sa.text("'simple'"), text)
    return english.op("||")(simple)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _closest(text: str, names: list[tuple[str, str]]) -> tuple[str, ...]:
    """Names and titles that look most like what was searched for."""
    known: dict[str, str] = {}
    for name, title in names:
        known.setdefault(name.rpartition("/")[2].lower(), name)
        known.setdefault(title.lower(), name)
    close = process.extract(text.lower(), list(known), scorer=fuzz.ratio, limit=8, score_cutoff=CLOSE)
    return tuple(dict.fromkeys(known[each] for each, _, _ in close))[:5]


def _hit(row: Any) -> Hit:
    return Hit(
        row.tenant_id,
        row.repository_id,
        row.forge,
        row.name,
        row.title,
        row.summary,
        row.language,
        row.owner,
        tuple(row.topics),
        row.readiness,
        row.score,
        row.pushed_at,
        row.listed,
    )


# --- One entry -------------------------------------------------------------------------------------------------


async def one(connection: AsyncConnection, visitor: Visitor, forge: str, name: str) -> Any:
    """The row of a repository by its forge and name, whatever its letters' case; None where it is hidden."""
    query = sa.select(entry).where(
        entry.c.forge == forge,
        entry.c.name == name,
        readable(visitor, entry.c.tenant_id, entry.c.repository_id),
    )
    return (await connection.execute(query)).first()


async def consumers(
    connection: AsyncConnection, visitor: Visitor, row: Any
) -> list[tuple[str, str, str | None]]:
    """(forge, name, team) of every repository that requires a package which this one alone provides."""
    if not row.packages:
        return []
    query = (
        sa.select(entry.c.forge, entry.c.name, entry.c.owner)
        .where(_uses(row), readable(visitor, entry.c.tenant_id, entry.c.repository_id))
        .order_by(entry.c.name)
        .limit(200)
    )
    return [(each.forge, each.name, each.owner) for each in await connection.execute(query)]


def _uses(row: Any) -> sa.ColumnElement[bool]:
    """Whether another entry requires a package which this one alone provides."""
    packages = sa.cast(row.packages, sa.ARRAY(sa.Text))
    other = entry.alias("other")
    also = sa.exists().where(
        other.c.packages.op("&&")(packages),
        sa.or_(other.c.tenant_id != row.tenant_id, other.c.repository_id != row.repository_id),
    )
    return sa.and_(
        entry.c.requires.op("&&")(packages),
        sa.or_(entry.c.tenant_id != row.tenant_id, entry.c.repository_id != row.repository_id),
        sa.not_(also),
    )


async def users(connection: AsyncConnection, tenant_id: int, repository_id: int) -> int:
    """How many repositories of the same account use what this one provides, as they were last read."""
    here = (entry.c.tenant_id == tenant_id, entry.c.repository_id == repository_id)
    known = sa.select(entry.c.tenant_id, entry.c.repository_id, entry.c.packages).where(*here)
    row = (await connection.execute(known)).first()
    if row is None or not row.packages:
        return 0
    query = sa.select(sa.func.count()).select_from(entry).where(entry.c.tenant_id == tenant_id, _uses(row))
    return await connection.scalar(query) or 0


# --- What others read ------------------------------------------------------------------------------------------


async def portal(connection: AsyncConnection, visitor: Visitor | None) -> list[Mapping[str, Any]]:
    """The objects of `repos.json`: of everything listed that this visitor may read; of what is open without one."""
    return [row.portal for row in await _listed(connection, visitor, entry.c.portal)]


async def components(connection: AsyncConnection, visitor: Visitor | None) -> list[Mapping[str, Any]]:
    """The components of everything listed that has none of its own."""
    rows = await _listed(connection, visitor, entry.c.backstage)
    return [row.backstage for row in rows if row.backstage is not None]


async def _listed(connection: AsyncConnection, visitor: Visitor | None, column: sa.ColumnElement[Any]) -> Any:
    query = sa.select(column).where(entry.c.listed).order_by(entry.c.standing.desc(), entry.c.name)
    if visitor is None:
        active = sa.exists().where(tenant.c.id == entry.c.tenant_id, tenant.c.state == "active")
        query = query.where(entry.c.anonymous, active)
    else:
        query = query.where(readable(visitor, entry.c.tenant_id, entry.c.repository_id))
    return (await connection.execute(query)).all()


# --- Candidates ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CandidatesFound:
    """Everything worth sharing, best first; what several provide; names and forges by repository."""

    ranked: tuple[Candidate, ...]
    twice: tuple[Twice, ...]
    names: Mapping[int, tuple[str, str]]  # repository → (forge, name)


async def worth_sharing(
    connection: AsyncConnection, visitor: Visitor, now: datetime, days: int = 90
) -> CandidatesFound:
    """What the visitor may read, as candidates."""
    may = readable(visitor, entry.c.tenant_id, entry.c.repository_id)
    rows = (
        await connection.execute(
            sa.select(
                entry.c.tenant_id,
                entry.c.repository_id,
                entry.c.forge,
                entry.c.name,
                entry.c.owner,
                entry.c.packages,
                entry.c.requires,
                entry.c.details["archived"].label("archived"),
                entry.c.details["private"].label("private"),
                entry.c.details["restricted"].label("restricted"),
                entry.c.details["template"].label("template"),
                entry.c.details["forked_from"].label("forked_from"),
                entry.c.details["sole_owner"].label("sole_owner"),
                entry.c.details["guidelines"].label("guidelines"),
                entry.c.details["scopes"].label("scopes"),
            ).where(may)
        )
    ).all()
    number = {(row.tenant_id, row.repository_id): at for at, row in enumerate(rows)}
    work = await _guest_work(connection, visitor, now - timedelta(days=days))
    forks: dict[tuple[int, int], int] = {}
    for row in rows:
        if row.forked_from:
            key = (row.tenant_id, int(row.forked_from))
            forks[key] = forks.get(key, 0) + 1
    copies = {
        number[key]: count for key, count in (await _copies(connection, visitor)).items() if key in number
    }
    sources = [
        Source(
            id=at,
            name=row.name,
            team=row.owner,
            provides=frozenset(row.packages),
            requires=frozenset(row.requires),
            archived=bool(row.archived),
            private=bool(row.private),
            restricted=bool(row.restricted),
            template=bool(row.template),
            forked_from=row.forked_from,
            guest_work=work.get((row.tenant_id, row.repository_id), 0)
            + forks.get((row.tenant_id, row.repository_id), 0),
            sole_owner=bool(row.sole_owner),
            guidelines=float(row.guidelines or 0),
            scopes=tuple(row.scopes or ()),
        )
        for at, row in enumerate(rows)
    ]
    seen = graph(sources, ())
    names = {at: (row.forge, row.name) for at, row in enumerate(rows)}
    return CandidatesFound(candidates(sources, seen.edges, copies), seen.twice, names)


async def _guest_work(
    connection: AsyncConnection, visitor: Visitor, since: datetime
) -> dict[tuple[int, int], int]:
    query = (
        sa.select(outcome.c.tenant_id, outcome.c.repository_id, sa.func.count().label("number"))
        .where(
            outcome.c.opened_at >= since,
            outcome.c.origin.in_(("guest", "mixed")),
            readable(visitor, outcome.c.tenant_id, outcome.c.repository_id),
        )
        .group_by(outcome.c.tenant_id, outcome.c.repository_id)
    )
    return {(row.tenant_id, row.repository_id): row.number for row in await connection.execute(query)}


async def _copies(connection: AsyncConnection, visitor: Visitor) -> dict[tuple[int, int], int]:
    """How many files of each repository lie identically in repositories of other teams."""
    # Nearly every file lies in one repository alone: those are left out before anything is looked up.
    twice = (
        sa.select(blob_seen.c.tenant_id, blob_seen.c.sha)
        .group_by(blob_seen.c.tenant_id, blob_seen.c.sha)
        .having(sa.func.count() > 1)
        .cte("twice")
    )
    owned = (
        sa.select(
            blob_seen.c.tenant_id, blob_seen.c.sha, blob_seen.c.repository_id, entry.c.owner.label("team")
        )
        .join(twice, sa.and_(twice.c.tenant_id == blob_seen.c.tenant_id, twice.c.sha == blob_seen.c.sha))
        .join(
            entry,
            sa.and_(
                entry.c.tenant_id == blob_seen.c.tenant_id,
                entry.c.repository_id == blob_seen.c.repository_id,
            ),
        )
        .where(readable(visitor, entry.c.tenant_id, entry.c.repository_id), entry.c.owner.is_not(None))
        .cte("owned")
    )
    shared = (
        sa.select(owned.c.tenant_id, owned.c.sha)
        .group_by(owned.c.tenant_id, owned.c.sha)
        .having(sa.func.count(sa.distinct(owned.c.team)) > 1)
        .cte("shared")
    )
    query = (
        sa.select(owned.c.tenant_id, owned.c.repository_id, sa.func.count().label("number"))
        .join(shared, sa.and_(shared.c.tenant_id == owned.c.tenant_id, shared.c.sha == owned.c.sha))
        .group_by(owned.c.tenant_id, owned.c.repository_id)
    )
    return {(row.tenant_id, row.repository_id): row.number for row in await connection.execute(query)}
