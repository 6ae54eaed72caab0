"""One person, two forges: whose account on GitHub and whose on GitLab are the same somebody's.

Whoever runs Usher says so in the settings; else both forges do, by the same verified address, or the person, who
signs in with both. What somebody owes, and when they are away, then counts on both.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import person_link, tenant, viewer, viewer_address
from policies.facts import same

Source = Literal["configuration", "address", "person", "apart"]
"""Who said that two accounts are one person's. `apart`: the person said that they are not, or no longer."""


@dataclass(frozen=True, slots=True)
class Link:
    """Two accounts that are taken for one person's."""

    github: str
    gitlab: str
    source: Source


def digest(key: bytes, address: str) -> bytes:
    """What is kept of a verified e-mail address: enough to see it again, and nothing to write to."""
    return hmac.new(key, address.strip().lower().encode(), sha256).digest()


# --- What links say -----------------------------------------------------------------------------------------


async def elsewhere(
    connection: AsyncConnection, tenant_id: int, people: Iterable[str] | None = None
) -> Mapping[str, str]:
    """What these people (None: all) are called on the other forge than the tenant's: other name → this one."""
    forge = await connection.scalar(sa.select(tenant.c.forge).where(tenant.c.id == tenant_id))
    here, there = person_link.c.github, person_link.c.gitlab
    if forge == "gitlab":
        here, there = there, here
    query = sa.select(here.label("here"), there.label("there")).where(person_link.c.source != "apart")
    if people is not None:
        query = query.where(here.in_([same(name) for name in people]))
    return {row.there: row.here for row in await connection.execute(query)}


def on_the_other_forge(tenant_id: int) -> sa.Select[tuple[int]]:
    """The tenants of the other forge, of which nothing but what linked people owe and say of themselves is read."""
    own = sa.select(tenant.c.forge).where(tenant.c.id == tenant_id).scalar_subquery()
    return sa.select(tenant.c.id).where(tenant.c.forge != own, tenant.c.state == "active")


async def of(connection: AsyncConnection, accounts: Mapping[str, str]) -> Link | None:
    """The link of one of these accounts, forge → login; None where there is none."""
    query = sa.select(person_link).where(person_link.c.source != "apart", _any_of(accounts))
    row = (await connection.execute(query.limit(1))).one_or_none()
    return None if row is None else Link(row.github, row.gitlab, row.source)


# --- Who makes them -----------------------------------------------------------------------------------------


async def configure(connection: AsyncConnection, pairs: Iterable[tuple[str, str]]) -> None:
    """Let the links of the settings be these, (GitHub login, GitLab username), before what anybody else says."""
    await connection.execute(sa.delete(person_link).where(person_link.c.source == "configuration"))
    await _put(connection, tuple(pairs), "configuration")


async def by_addresses(connection: AsyncConnection, viewer_id: int, digests: Iterable[bytes]) -> None:
    """Keep the digests of an account's verified addresses; link it with the one account that has one of them.

    Accounts that are linked, or whose person wants them apart, stay as they are.
    """
    await connection.execute(sa.delete(viewer_address).where(viewer_address.c.viewer_id == viewer_id))
    rows = [{"viewer_id": viewer_id, "digest": each} for each in set(digests)]
    if not rows:
        return
    await connection.execute(sa.insert(viewer_address).values(rows))
    own, other = viewer.alias("own"), viewer.alias("other")
    query = (
        sa.select(own.c.forge, own.c.login, other.c.login.label("other"))
        .distinct()
        .select_from(own)
        .join(other, other.c.forge != own.c.forge)
        .join(viewer_address, viewer_address.c.viewer_id == other.c.id)
        .where(own.c.id == viewer_id, viewer_address.c.digest.in_([each["digest"] for each in rows]))
    )
    found = (await connection.execute(query)).all()
    if len(found) != 1:
        return
    [(forge, login, other_login)] = found
    github, gitlab = (login, other_login) if forge == "github" else (other_login, login)
    link = {"github": same(github), "gitlab": same(gitlab), "source": "address"}
    await connection.execute(insert(person_link).values(link).on_conflict_do_nothing())


async def by_person(connection: AsyncConnection, github: str, gitlab: str) -> bool:
    """Link two accounts whose owner has signed in with both; False where the settings say otherwise."""
    accounts = {"github": github, "gitlab": gitlab}
    taken = sa.select(person_link.c.github).where(person_link.c.source == "configuration", _any_of(accounts))
    if (await connection.execute(taken.limit(1))).first() is not None:
        return False
    await _put(connection, ((github, gitlab),), "person")
    return True


async def part(connection: AsyncConnection, accounts: Mapping[str, str]) -> bool:
    """Take these accounts for two people's from now on; False where the settings say that they are one's."""
    parted = (
        sa.update(person_link)
        .where(person_link.c.source != "configuration", _any_of(accounts))
        .values(source="apart")
    )
    return (await connection.execute(parted)).rowcount > 0


async def forget(connection: AsyncConnection, accounts: Mapping[str, str]) -> None:
    """Forget what was said of these accounts, but for the settings."""
    await connection.execute(
        sa.delete(person_link).where(person_link.c.source != "configuration", _any_of(accounts))
    )


async def _put(connection: AsyncConnection, pairs: Sequence[tuple[str, str]], source: Source) -> None:
    """Link (GitHub login, GitLab username) each, in place of whatever was said of either."""
    rows = [{"github": same(github), "gitlab": same(gitlab), "source": source} for github, gitlab in pairs]
    if not rows:
        return
    taken = sa.or_(
        person_link.c.github.in_([each["github"] for each in rows]),
        person_link.c.gitlab.in_([each["gitlab"] for each in rows]),
    )
    await connection.execute(sa.delete(person_link).where(taken))
    await connection.execute(insert(person_link).on_conflict_do_nothing(), rows)


def _any_of(accounts: Mapping[str, str]) -> sa.ColumnElement[bool]:
    """Whether a link is of one of these accounts, forge → login."""
    return sa.or_(*(_account(*each) for each in accounts.items()))


def _account(forge: str, login: str) -> sa.ColumnElement[bool]:
    column = person_link.c.github if forge == "github" else person_link.c.gitlab
    return column == same(login)
