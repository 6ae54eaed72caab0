"""What connects Usher with a forge, where `/setup` stored it: sealed in the database, opened in memory only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.keys import Seal
from app.store.tables import credential


@dataclass(frozen=True, slots=True)
class GitHubCredentials:
    """A GitHub App's keys. `page` is where people see the App on GitHub; the client pair is for signing in."""

    app_id: int
    private_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    page: str = ""


async def keep_github(
    connection: AsyncConnection, seal: Seal, host: str, credentials: GitHubCredentials
) -> None:
    """Store the App of this GitHub, in place of the one before."""
    sealed = seal.close(json.dumps(asdict(credentials)))
    write = insert(credential).values(forge="github", host=host, sealed=sealed)
    await connection.execute(
        write.on_conflict_do_update(
            index_elements=["forge", "host"], set_={"sealed": sealed, "stored_at": sa.func.now()}
        )
    )


async def github(connection: AsyncConnection, seal: Seal, host: str) -> GitHubCredentials | None:
    """The App of this GitHub; None where none was stored. `KeyLost` where it cannot be opened any more."""
    find = sa.select(credential.c.sealed).where(credential.c.forge == "github", credential.c.host == host)
    sealed = await connection.scalar(find)
    if sealed is None:
        return None
    values = json.loads(seal.open(sealed))
    return GitHubCredentials(**{**values, "webhook_secrets": tuple(values["webhook_secrets"])})


async def forget(connection: AsyncConnection, forge: str, host: str) -> bool:
    """Drop what was stored for a forge; returns whether there was anything."""
    drop = sa.delete(credential).where(credential.c.forge == forge, credential.c.host == host)
    return bool((await connection.execute(drop.returning(credential.c.forge))).all())
