"""Backup and restore: one file of PostgreSQL's own, by the tools that come with the embedded server.

What Usher did between the backup and the loss is not in the file: it said things on the forge that it does not
remember. So after a restore every new effect is first looked for on the forge, as if its answer had been lost.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.errors import ForPeople
from app.redaction import redact
from app.store import embedded, schema
from app.store.database import Database
from app.store.tables import delivery, due, restoration


async def backup(database: Database, file: Path, *, tools: Path = embedded.TOOLS) -> int:
    """Write everything in the database to a new file, readable by its owner alone; returns its size in bytes.

    Usher may go on working meanwhile: the file shows one instant.
    """
    await schema.require(database)
    return await asyncio.to_thread(_dump, tools, database.conninfo, file)


async def restore(database: Database, file: Path) -> None:
    """Fill an empty database from a backup, and have everything looked at again."""
    if await schema.current(database) is not None:
        raise ForPeople(
            "The database is not empty, and a restore would mix two pasts. Create an empty one and name it in "
            "USHER_DATABASE_URL (an embedded one is empty in a new USHER_DATA_DIR; copy master.key there first)."
        )
    await asyncio.to_thread(_fill, database.conninfo, file)
    await schema.migrate(database)
    async with database.begin() as connection:
        await connection.execute(sa.insert(restoration))
        await connection.execute(
            sa.update(due).values(
                generation=due.c.generation + 1, leased_until=None, not_before=sa.func.now(), attempts=0
            )
        )
        await connection.execute(
            sa.update(delivery).where(delivery.c.state == "new").values(next_at=sa.func.now())
        )


def _dump(tools: Path, conninfo: str, file: Path) -> int:
    try:
        file.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise ForPeople(f"{file} is there already; name a file that is not.") from None
    except OSError as error:
        raise ForPeople(f"{file} cannot be written: {error.strerror}.") from None
    try:
        _run(tools / "pg_dump", conninfo, "--format=custom", f"--file={file}")
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return file.stat().st_size


def _fill(conninfo: str, file: Path) -> None:
    if not file.is_file():
        raise ForPeople(f"There is no file {file}.")
    _run(
        embedded.TOOLS / "pg_restore",
        conninfo,
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        str(file.absolute()),
    )


def _run(tool: Path, conninfo: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools; its complaint, if any, is for people.

    The password goes through the environment: a command line can be read by everybody.
    """
    known = conninfo_to_dict(conninfo)
    secret = {"PGPASSWORD": str(password)} if (password := known.pop("password", None)) else {}
    known.setdefault("dbname", known.get("user"))  # as libpq has it
    command = [str(tool), f"--dbname={make_conninfo('', **known)}", *arguments]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **secret},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ForPeople(f"{tool.name} cannot be run: {error.strerror}.") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ForPeople(redact(f"{tool.name} failed: {said[0] if said else f'exit code {done.returncode}'}"))
