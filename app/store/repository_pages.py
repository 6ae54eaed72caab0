"""What the page of a repository says beside its row in the catalogue, read in a few queries."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import modes
from app.store.change_pages import ChangeRow, row_of
from app.store.modes import Mode
from app.store.tables import clock, finding, kept, repository, tenant
from app.store.viewers import Visitor, administers, readable


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding about a repository: how grave, where, what, how to mend it, since when."""

    severity: str
    path: str
    line: int
    message: str
    fix: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class RepositoryPage:
    """A repository: its open findings, gravest first, and its open changes.

    `owners`: (path, content) of the owners file as last read; None where there is none. `mode`: what holds for the
    repository. `runs`: the visitor administers it on the forge.
    """

    findings: tuple[FindingRow, ...]
    changes: tuple[ChangeRow, ...]
    owners: tuple[str, bytes] | None
    mode: Mode
    runs: bool


async def name_of(
    connection: AsyncConnection, visitor: Visitor, tenant_id: int, repository_id: int
) -> tuple[str, str] | None:
    """(forge, name) of a repository; None where Usher never saw it, or the visitor may not."""
    query = (
        sa.select(tenant.c.forge, repository.c.name)
        .join(tenant, tenant.c.id == repository.c.tenant_id)
        .where(
            repository.c.tenant_id == tenant_id,
            repository.c.id == repository_id,
            readable(visitor, repository.c.tenant_id, repository.c.id),
        )
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (row.forge, row.name)


async def repository_on(
    connection: AsyncConnection, visitor: Visitor, tenant_id: int, repository_id: int
) -> RepositoryPage:
    """What is known of a repository beside its row in the catalogue, in two queries.

    Whether the visitor may read it was asked before.
    """
    query = sa.select(
        _owners_file(tenant_id, repository_id).label("owners"),
        _open_findings(tenant_id, repository_id).label("findings"),
        modes.held_by(tenant_id, repository_id).scalar_subquery().label("mode"),
        administers(visitor, tenant_id, repository_id).label("runs"),
    )
    open_changes = (
        sa.select(clock.c.tenant_id, clock.c.subject, clock.c.state, clock.c.projection)
        .where(
            clock.c.tenant_id == tenant_id,
            clock.c.subject.startswith(f"change:{repository_id}:"),
            clock.c.state != "DONE",
        )
        .order_by(clock.c.updated_at.desc())
        .limit(50)
    )
    row = (await connection.execute(query)).one()
    return RepositoryPage(
        findings=tuple(
            FindingRow(severity, path, line, message, fix, datetime.fromisoformat(since))
            for severity, path, line, message, fix, since in row.findings or ()
        ),
        changes=tuple(row_of(each) for each in await connection.execute(open_changes)),
        owners=row.owners and (row.owners["path"], base64.b64decode(row.owners["content"])),
        mode=row.mode or "preview",
        runs=row.runs,
    )


def _owners_file(tenant_id: int, repository_id: int) -> sa.ScalarSelect[Any]:
    return (
        sa.select(kept.c.value)
        .where(
            kept.c.tenant_id == tenant_id,
            kept.c.kind == "owners",
            kept.c.name.startswith(f"{repository_id}:", autoescape=True),
        )
        .order_by(kept.c.read_at.desc())
        .limit(1)
        .scalar_subquery()
    )


def _open_findings(tenant_id: int, repository_id: int) -> sa.ScalarSelect[Any]:
    """One value: a list of the fields of `FindingRow`, gravest first."""
    grave = sa.case({"high": 0, "medium": 1, "low": 2}, value=finding.c.severity, else_=3)
    fields = (getattr(finding.c, each.name) for each in dataclasses.fields(FindingRow))
    listed = aggregate_order_by(sa.func.jsonb_build_array(*fields), grave, finding.c.path, finding.c.line)
    return (
        sa.select(sa.func.jsonb_agg(listed))
        .where(
            finding.c.tenant_id == tenant_id,
            finding.c.repository_id == repository_id,
            finding.c.cleared_at.is_(None),
        )
        .scalar_subquery()
    )
