"""Who may set Usher up: whoever opens a link that only the machine's operator can make, for one visit of an hour.

Only digests are stored. A link works once; it is exchanged for the visit's cookie.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import setup_pass

LIFE = {"link": timedelta(days=1), "visit": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody is setting Usher up. `state` is what the forge must send back with them."""

    digest: bytes
    state: str


async def issue(connection: AsyncConnection, kind: Literal["link", "visit"]) -> str:
    """A fresh pass: what its bearer shows."""
    held = secrets.token_urlsafe(32)
    await connection.execute(sa.delete(setup_pass).where(setup_pass.c.expires_at < sa.func.now()))
    await connection.execute(
        sa.insert(setup_pass).values(
            digest=_digest(held),
            kind=kind,
            state=secrets.token_urlsafe(24),
            expires_at=sa.func.now() + LIFE[kind],
        )
    )
    return held


async def exchange(connection: AsyncConnection, link: str) -> str | None:
    """A visit for a link, which is spent by it; None where the link is unknown, spent or too old."""
    spend = sa.delete(setup_pass).where(*_valid("link", link)).returning(setup_pass.c.digest)
    if (await connection.execute(spend)).one_or_none() is None:
        return None
    return await issue(connection, "visit")


async def visit(connection: AsyncConnection, held: str) -> Visit | None:
    """The visit that this cookie stands for; None where there is none."""
    find = sa.select(setup_pass.c.digest, setup_pass.c.state).where(*_valid("visit", held))
    row = (await connection.execute(find)).one_or_none()
    return None if row is None else Visit(row.digest, row.state)


def _valid(kind: str, held: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        setup_pass.c.digest == _digest(held),
        setup_pass.c.kind == kind,
        setup_pass.c.expires_at > sa.func.now(),
    )


def _digest(held: str) -> bytes:
    return hashlib.sha256(held.encode()).digest()
