"""Who looks at the pages: sessions, what each person may read on the forge, and tokens of machines."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import machine_token, reach, session, signed_in, tenant, viewer

IDLE, WHOLE_LIFE = timedelta(hours=1), timedelta(hours=8)
"""A session ends an hour after the last look, and eight hours after signing in whatever happens."""

RECHECK = timedelta(minutes=10)
"""How old a reading of somebody's access may be."""

MACHINE_DAYS = 365
MACHINE_RESTS = timedelta(days=30)
"""A machine's token opens nothing while its person has not signed in for so long: what they may read by now is not
known, and they may have left.
"""

Level = Literal["read", "write", "admin"]
Scope = Literal["catalogue", "insights", "operations"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as their forge knows them: its number, login, name, and teams ("org/team").

    `addresses` are the e-mail addresses that the forge has verified and shows us; they are never stored as such.
    """

    forge: str
    host: str
    forge_id: int
    login: str
    name: str = ""
    teams: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sealed:
    """The forge's tokens of one sign-in, sealed. `refresh`: what it takes for the next ones; None: for none."""

    token: bytes
    refresh: bytes | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """One account of a visitor. `stale`: what it may read was read too long ago."""

    id: int
    forge: str
    host: str
    login: str
    name: str
    teams: tuple[str, ...]
    stale: bool
    tokens: Sealed


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sends a request: a person with an account of each forge at most, or a machine for a person."""

    viewers: tuple[Viewer, ...]
    secret: str = ""  # what the cookie holds; empty for machines
    scope: Scope | None = None  # of a machine

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(each.id for each in self.viewers)

    @property
    def logins(self) -> tuple[str, ...]:
        """In lower case, as people are compared."""
        return tuple(each.login.lower() for each in self.viewers)

    @property
    def accounts(self) -> Mapping[str, str]:
        """Forge → login."""
        return {each.forge: each.login for each in self.viewers}

    @property
    def actor(self) -> str:
        """Who they are in the audit log: `github:dora`."""
        return f"{self.viewers[0].forge}:{self.viewers[0].login}"

    @property
    def name(self) -> str:
        first = self.viewers[0]
        return first.name or first.login


def hashed(secret: str) -> bytes:
    """What is stored in place of a secret. It is random and long, so one plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def readable(
    visitor: Visitor, tenant_id: sa.ColumnElement[Any], repository_id: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    """The condition on a row of a repository that this visitor may read it on the forge."""
    return sa.exists().where(
        reach.c.viewer_id.in_(visitor.ids),
        reach.c.tenant_id == tenant_id,
        reach.c.repository_id == repository_id,
    )


# --- Sessions ------------------------------------------------------------------------------------------------


async def start_session(connection: AsyncConnection, tokens: Mapping[int, Sealed]) -> str:
    """A new session with these accounts and their tokens; returns what the cookie is to hold."""
    secret = secrets.token_urlsafe(32)
    await connection.execute(sa.delete(session).where(session.c.created_at < sa.func.now() - WHOLE_LIFE))
    await connection.execute(sa.insert(session).values(hash=hashed(secret)))
    rows = [
        {"session": hashed(secret), "viewer_id": viewer_id, "token": held.token, "refresh": held.refresh}
        for viewer_id, held in tokens.items()
    ]
    await connection.execute(sa.insert(signed_in).values(rows))
    return secret


async def open_session(connection: AsyncConnection, secret: str) -> Visitor | None:
    """Who holds this cookie; None where the session is unknown or over. Notes that it was used."""
    alive = (
        sa.update(session)
        .where(
            session.c.hash == hashed(secret),
            session.c.seen_at > sa.func.now() - IDLE,
            session.c.created_at > sa.func.now() - WHOLE_LIFE,
        )
        .values(seen_at=sa.func.now())
        .returning(session.c.hash)
        .cte("alive")
    )
    query = (
        sa.select(
            viewer,
            signed_in.c.token,
            signed_in.c.refresh,
            (viewer.c.checked_at < sa.func.now() - RECHECK).label("stale"),
        )
        .join(signed_in, signed_in.c.viewer_id == viewer.c.id)
        .join(alive, alive.c.hash == signed_in.c.session)
        .order_by(viewer.c.forge)
    )
    rows = await connection.execute(query)
    viewers = tuple(_viewer(row, Sealed(row.token, row.refresh)) for row in rows)
    return Visitor(viewers, secret) if viewers else None


async def hold_tokens(connection: AsyncConnection, secret: str, viewer_id: int) -> Sealed | None:
    """The tokens of one account in a session, for nobody else until the transaction ends; None: it is over."""
    query = (
        sa.select(signed_in.c.token, signed_in.c.refresh)
        .where(signed_in.c.session == hashed(secret), signed_in.c.viewer_id == viewer_id)
        .with_for_update()
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Sealed(row.token, row.refresh)


async def keep_tokens(connection: AsyncConnection, secret: str, viewer_id: int, fresh: Sealed) -> None:
    """In place of those before, which the forge takes no more."""
    where = (signed_in.c.session == hashed(secret), signed_in.c.viewer_id == viewer_id)
    values = {"token": fresh.token, "refresh": fresh.refresh}
    await connection.execute(sa.update(signed_in).where(*where).values(values))


async def end_session(connection: AsyncConnection, secret: str) -> None:
    """Sign out here; other browsers stay."""
    await connection.execute(sa.delete(session).where(session.c.hash == hashed(secret)))


async def end_all_sessions(connection: AsyncConnection, viewer_id: int) -> None:
    """Sign this account out everywhere."""
    held = sa.select(signed_in.c.session).where(signed_in.c.viewer_id == viewer_id)
    await connection.execute(sa.delete(session).where(session.c.hash.in_(held)))


def _viewer(row: Any, tokens: Sealed) -> Viewer:
    return Viewer(row.id, row.forge, row.host, row.login, row.name, tuple(row.teams), bool(row.stale), tokens)


# --- What they may read --------------------------------------------------------------------------------------


async def keep_viewer(connection: AsyncConnection, known: Identity) -> int:
    """Remember an account as the forge just described it; returns our number of it."""
    told = {"login": known.login, "name": known.name, "teams": list(known.teams)}
    write = (
        insert(viewer)
        .values(forge=known.forge, host=known.host, forge_id=known.forge_id, **told)
        .on_conflict_do_update(index_elements=["forge", "host", "forge_id"], set_=told)
        .returning(viewer.c.id)
    )
    return int((await connection.execute(write)).scalar_one())


async def keep_reach(
    connection: AsyncConnection, viewer_id: int, found: Mapping[tuple[int, int], Level]
) -> None:
    """Replace what an account may read: (tenant, repository) → level. Only what changed is written."""
    query = sa.select(reach.c.tenant_id, reach.c.repository_id, reach.c.level).where(
        reach.c.viewer_id == viewer_id
    )
    known: dict[tuple[int, int], str] = {
        (row.tenant_id, row.repository_id): row.level for row in await connection.execute(query)
    }
    lost = [key for key in known if key not in found]
    if lost:
        key = sa.tuple_(reach.c.tenant_id, reach.c.repository_id)
        await connection.execute(sa.delete(reach).where(reach.c.viewer_id == viewer_id, key.in_(lost)))
    fresh = [
        {"viewer_id": viewer_id, "tenant_id": of, "repository_id": number, "level": level}
        for (of, number), level in found.items()
        if known.get((of, number)) != level
    ]
    for start in range(0, len(fresh), 5_000):
        rows = insert(reach).values(fresh[start : start + 5_000])
        await connection.execute(
            rows.on_conflict_do_update(
                index_elements=["viewer_id", "tenant_id", "repository_id"],
                set_={"level": rows.excluded.level},
            )
        )
    await connection.execute(
        sa.update(viewer).where(viewer.c.id == viewer_id).values(checked_at=sa.func.now())
    )


async def runs(connection: AsyncConnection, visitor: Visitor, tenant_id: int, repository_id: int) -> bool:
    """Whether the visitor administers this repository on the forge."""
    return bool(await connection.scalar(sa.select(administers(visitor, tenant_id, repository_id))))


def administers(visitor: Visitor, tenant_id: int, repository_id: int) -> sa.ColumnElement[bool]:
    """True where `runs` is."""
    return sa.exists().where(
        reach.c.viewer_id.in_(visitor.ids),
        reach.c.tenant_id == tenant_id,
        reach.c.repository_id == repository_id,
        reach.c.level == "admin",
    )


async def tenants_of(connection: AsyncConnection, forge: str, host: str) -> dict[int, tuple[int, str]]:
    """Installation → (tenant, account) of every tenant on this forge that has not left."""
    query = sa.select(tenant.c.installation, tenant.c.id, tenant.c.account).where(
        tenant.c.forge == forge, tenant.c.host == host, tenant.c.state != "left"
    )
    return {row.installation: (row.id, row.account) for row in await connection.execute(query)}


# --- Tokens of machines --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MachineToken:
    """A token as it is shown to its owner: never its value."""

    id: int
    name: str
    scope: Scope
    expires_at: Any
    used_at: Any


async def new_machine_token(
    connection: AsyncConnection, viewer_id: int, name: str, scope: Scope, days: int
) -> str:
    """A token that reads in this person's place; shown once. ValueError for more than a year."""
    if not 1 <= days <= MACHINE_DAYS:
        raise ValueError(f"A token lives between 1 and {MACHINE_DAYS} days.")
    secret = f"ush_{secrets.token_urlsafe(32)}"
    await connection.execute(
        sa.insert(machine_token).values(
            hash=hashed(secret),
            name=name[:80],
            scope=scope,
            viewer_id=viewer_id,
            expires_at=sa.func.now() + timedelta(days=days),
        )
    )
    return secret


async def machine(connection: AsyncConnection, secret: str) -> Visitor | None:
    """Whom a machine's token reads for; None where it is unknown, over, or rests (see `MACHINE_RESTS`)."""
    used = (
        sa.update(machine_token)
        .where(machine_token.c.hash == hashed(secret), machine_token.c.expires_at > sa.func.now())
        .values(used_at=sa.func.now())
        .returning(machine_token.c.viewer_id, machine_token.c.scope)
        .cte("used")
    )
    query = (
        sa.select(viewer, sa.false().label("stale"), used.c.scope)
        .join(used, used.c.viewer_id == viewer.c.id)
        .where(viewer.c.checked_at > sa.func.now() - MACHINE_RESTS)
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Visitor((_viewer(row, Sealed(b"")),), scope=row.scope)


async def machine_tokens(connection: AsyncConnection, visitor: Visitor) -> list[MachineToken]:
    """The visitor's own tokens, newest first."""
    query = (
        sa.select(machine_token)
        .where(machine_token.c.viewer_id.in_(visitor.ids))
        .order_by(machine_token.c.id.desc())
    )
    return [
        MachineToken(row.id, row.name, row.scope, row.expires_at, row.used_at)
        for row in await connection.execute(query)
    ]


async def drop_machine_token(connection: AsyncConnection, visitor: Visitor, number: int) -> None:
    """Let one of the visitor's own tokens open nothing any more."""
    await connection.execute(
        sa.delete(machine_token).where(
            machine_token.c.id == number, machine_token.c.viewer_id.in_(visitor.ids)
        )
    )


async def erase(connection: AsyncConnection, viewer_ids: Iterable[int]) -> None:
    """Forget these accounts: sessions, tokens and reach go with them."""
    numbers = list(viewer_ids)
    for number in numbers:
        await end_all_sessions(connection, number)
    await connection.execute(sa.delete(viewer).where(viewer.c.id.in_(numbers)))
