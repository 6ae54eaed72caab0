"""One repository's place in the catalogue, as its handler writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import insights, wins
from app.store.database import Database
from app.store.tables import blob_seen, entry, manifest_seen, outcome, promise_made, requirement
from handlers.shelf import Shelved
from policies.catalogue.entry import Entry, backstage, portal, search_words
from policies.catalogue.manifests import Manifest
from policies.catalogue.reading import Component, Declared, MetadataProblem
from policies.catalogue.score import standing
from policies.guidelines.promises import Promise
from policies.insights.privacy import Terms
from policies.insights.wins import Month


class RepositoryShelf:
    """`Shelf` of one repository of one tenant."""

    def __init__(self, database: Database, tenant_id: int, repository_id: int) -> None:
        self._database, self._tenant_id, self._repository_id = database, tenant_id, repository_id

    async def declared(self) -> Declared | None:
        query = sa.select(entry.c.details["declared"]).where(
            entry.c.tenant_id == self._tenant_id, entry.c.repository_id == self._repository_id
        )
        async with self._database.begin() as connection:
            found = await connection.scalar(query)
        return None if found is None else _declared(found)

    async def manifests(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Manifest]:
        if not wanted:
            return {}
        keys = [(bytes.fromhex(sha), path) for sha, path in wanted]
        query = sa.select(manifest_seen.c.sha, manifest_seen.c.path, manifest_seen.c.value).where(
            manifest_seen.c.tenant_id == self._tenant_id,
            sa.tuple_(manifest_seen.c.sha, manifest_seen.c.path).in_(keys),
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(query)
        return {(row.sha.hex(), row.path): _manifest(row.path, row.value) for row in rows}

    async def keep_manifests(self, found: Mapping[tuple[str, str], Manifest]) -> None:
        rows = [
            {
                "tenant_id": self._tenant_id,
                "sha": bytes.fromhex(sha),
                "path": path,
                "value": _packed(manifest),
            }
            for (sha, path), manifest in found.items()
        ]
        if rows:
            async with self._database.begin() as connection:
                await connection.execute(insert(manifest_seen).values(rows).on_conflict_do_nothing())

    async def keep(self, shelved: Shelved, now: datetime) -> None:
        known = shelved.entry
        async with self._database.begin() as connection:
            row = (await connection.execute(self._promises())).one()
            kept, missed = row.kept, row.missed
            attainment = kept / (kept + missed) if kept + missed else None
            values = {
                **_row(shelved, now),
                "standing": standing(known.readiness.points, known.described.pushed_at, attainment, now),
            }
            await self._keep_requirements(connection, shelved.requires, now)
            write = insert(entry).values(
                tenant_id=self._tenant_id, repository_id=self._repository_id, search=_vector(known), **values
            )
            await connection.execute(
                write.on_conflict_do_update(
                    index_elements=["tenant_id", "repository_id"], set_={**values, "search": _vector(known)}
                )
            )
            await self._keep_copies(connection, shelved.copies)
            await self._keep_promise(connection, shelved.promise, now)

    async def agree(self, terms: Terms) -> None:
        async with self._database.begin() as connection:
            await insights.agree(connection, self._tenant_id, terms)

    async def won(self, year: int, month: int) -> Month:
        sees = wins.as_reader_of(self._tenant_id, self._repository_id)
        async with self._database.begin() as connection:
            return await wins.won(connection, sees, year, month)

    def _promises(self) -> sa.Select[int, int]:
        return sa.select(_total(outcome.c.kept, "kept"), _total(outcome.c.missed, "missed")).where(
            outcome.c.tenant_id == self._tenant_id, outcome.c.repository_id == self._repository_id
        )

    async def _keep_promise(
        self, connection: AsyncConnection, promise: Promise | None, now: datetime
    ) -> None:
        """A promise that changed ends, and the new one begins; how each was kept is reckoned by its time."""
        here = sa.and_(
            promise_made.c.tenant_id == self._tenant_id, promise_made.c.repository_id == self._repository_id
        )
        query = sa.select(promise_made.c.text, promise_made.c.valid_from).where(
            here, promise_made.c.valid_to.is_(None)
        )
        standing_now = (await connection.execute(query)).one_or_none()
        text = "" if promise is None else promise.text
        if (standing_now.text if standing_now else "") == text:
            return
        await connection.execute(
            sa.update(promise_made).where(here, promise_made.c.valid_to.is_(None)).values(valid_to=now)
        )
        if promise is not None:
            hours = None if promise.hours is None else float(promise.hours)
            write = insert(promise_made).values(
                tenant_id=self._tenant_id,
                repository_id=self._repository_id,
                valid_from=now,
                text=text,
                hours=hours,
            )
            again = {"text": text, "hours": hours, "valid_to": None}
            await connection.execute(
                write.on_conflict_do_update(
                    index_elements=["tenant_id", "repository_id", "valid_from"], set_=again
                )
            )

    async def _keep_requirements(
        self, connection: AsyncConnection, requires: Iterable[str], now: datetime
    ) -> None:
        """Since when it requires what it did not require when it was last read."""
        here = (entry.c.tenant_id == self._tenant_id, entry.c.repository_id == self._repository_id)
        before = await connection.scalar(sa.select(entry.c.requires).where(*here))
        if before is None or set(before) == set(requires):
            return
        gone, fresh = set(before) - set(requires), set(requires) - set(before)
        await connection.execute(
            sa.delete(requirement).where(
                requirement.c.tenant_id == self._tenant_id,
                requirement.c.repository_id == self._repository_id,
                requirement.c.package.in_(gone),
            )
        )
        place = {"tenant_id": self._tenant_id, "repository_id": self._repository_id, "since": now}
        rows = [{**place, "package": package} for package in sorted(fresh)]
        if rows:
            await connection.execute(insert(requirement).values(rows).on_conflict_do_nothing())

    async def _keep_copies(self, connection: AsyncConnection, copies: frozenset[str]) -> None:
        here = sa.and_(
            blob_seen.c.tenant_id == self._tenant_id, blob_seen.c.repository_id == self._repository_id
        )
        known = {row.sha for row in await connection.execute(sa.select(blob_seen.c.sha).where(here))}
        wanted = {bytes.fromhex(sha) for sha in copies}
        if known - wanted:
            await connection.execute(sa.delete(blob_seen).where(here, blob_seen.c.sha.in_(known - wanted)))
        fresh = [
            {"tenant_id": self._tenant_id, "sha": sha, "repository_id": self._repository_id}
            for sha in wanted - known
        ]
        for start in range(0, len(fresh), 5_000):
            rows = insert(blob_seen).values(fresh[start : start + 5_000])
            await connection.execute(rows.on_conflict_do_nothing())


def _total(column: sa.ColumnElement[int], name: str) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(column), 0).label(name)


def _row(shelved: Shelved, now: datetime) -> dict[str, Any]:
    known = shelved.entry
    about = known.described
    return {
        "forge": known.forge,
        "name": known.name,
        "listed": known.is_listed,
        "anonymous": known.rules.anonymous and not about.private,
        "title": known.title,
        "summary": known.motivation or known.description,
        "language": known.language,
        "owner": known.owner,
        "topics": list(about.topics),
        "packages": list(known.packages),
        "requires": list(shelved.requires),
        "readiness": known.readiness.points,
        "score": known.score(now),
        "pushed_at": about.pushed_at,
        "portal": portal(known, now),
        "backstage": backstage(known, known.rules.annotation) if known.is_listed else None,
        "checked_at": now,
        "details": {
            "url": about.url,
            "description": known.description,
            "private": about.private,
            "internal": about.internal,
            "archived": about.archived,
            "forked_from": about.forked_from,
            "template": shelved.template,
            "scopes": list(shelved.scopes),
            "restricted": shelved.restricted,
            "sole_owner": shelved.sole_owner,
            "guidelines": known.readiness.guidelines,
            "readiness": [list(part) for part in known.readiness.parts],
            "owner_source": known.owner_source,
            "governance": known.governance,
            "lifecycle": known.lifecycle,
            "channel": known.channel,
            "skills": list(known.skills),
            "contributions": list(known.contributions),
            "documents": [
                {
                    "kind": each.kind,
                    "provenance": each.provenance,
                    "path": each.path,
                    "repository": each.repository,
                    "url": known.link_to(each),
                }
                for each in known.documents
            ],
            "participation": list(known.participation or ()),
            "problems": [[each.path, each.line, each.message, each.fix] for each in shelved.problems],
            "declared": _packed_declared(known.declared),
        },
    }


def _vector(known: Entry) -> sa.ColumnElement[Any]:
    """A name, title, packages; B topics, skills, contributions; C what it is for; D headings of its README."""

    def weighed(config: str, text: str, weight: str) -> sa.ColumnElement[Any]:
        made = sa.func.to_tsvector(sa.cast(config, REGCONFIG), text[:50_000])
        return sa.func.setweight(made, sa.cast(weight, CHAR))

    name = search_words((known.name, *known.packages))
    kinds = " ".join((*known.described.topics, *known.skills, *known.contributions, known.language))
    parts = (
        weighed("simple", f"{name} {known.title}", "A"),
        weighed("english", known.title, "A"),
        weighed("simple", search_words(kinds), "B"),
        weighed("english", f"{known.description} {known.motivation}", "C"),
        weighed("english", " ".join(known.headings), "D"),
    )
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.op("||")(part)
    return whole


class REGCONFIG(sa.types.UserDefinedType[str]):
    """The name of a text search configuration."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "regconfig"


class CHAR(sa.types.UserDefinedType[str]):
    """PostgreSQL's one-byte character, in which weights are written."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return '"char"'


# --- Values as JSON --------------------------------------------------------------------------------------------


def _packed(manifest: Manifest) -> dict[str, Any]:
    problem = manifest.problem
    return {
        "provides": sorted(manifest.provides),
        "requires": sorted(manifest.requires),
        "workspaces": list(manifest.workspaces),
        "problem": [problem.line, problem.message, problem.fix] if problem else None,
    }


def _manifest(path: str, value: Mapping[str, Any]) -> Manifest:
    problem = value["problem"]
    return Manifest(
        path,
        frozenset(value["provides"]),
        frozenset(value["requires"]),
        tuple(value["workspaces"]),
        MetadataProblem(path, *problem) if problem else None,
    )


def _packed_declared(said: Declared) -> dict[str, Any]:
    components = [
        [each.name, each.owner, each.kind, each.lifecycle, each.system, each.depends_on, each.provides]
        for each in said.components
    ]
    return {
        "inner": dict(said.inner),
        "public": dict(said.public),
        "components": components,
        "has_inner": said.has_inner,
    }


def _declared(value: Mapping[str, Any]) -> Declared:
    components = tuple(
        Component(name, owner, kind, lifecycle, system, tuple(depends_on), tuple(provides))
        for name, owner, kind, lifecycle, system, depends_on, provides in value["components"]
    )
    return Declared(value["inner"], value["public"], components, value["has_inner"])
