"""Which schema the database has, which one this code needs, and the way from one to the other."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError, ProgrammingError

import migrations
from app.errors import ForPeople
from app.store.database import Database
from app.store.tables import schema_floor

_LOCK = "SELECT pg_advisory_lock(hashtext('usher:migrate'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('usher:migrate'))"


class SchemaError(ForPeople):
    """The schema is not the one this code needs; the message says which command mends it.

    `is_away`: the database does not answer, so nobody knows.
    """

    is_away = False


class DatabaseAway(SchemaError):
    """The database does not answer."""

    is_away = True


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config


def newest() -> str:
    """The revision that this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "migrations/versions is empty"
    return head


async def current(database: Database) -> str | None:
    """The revision that the database has; None where it is empty. SchemaError where it does not answer."""
    try:
        async with database.engine.connect() as connection:
            return await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
    except OperationalError as error:
        why = str(error.orig).strip().splitlines()[0]
        raise DatabaseAway(f"The database does not answer: {why}. Is USHER_DATABASE_URL right?") from None


async def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the schema to `newest()`; returns (before, after). Safe when several processes call it at once."""

    def run(connection: sa.Connection) -> tuple[str | None, str]:
        connection.execute(sa.text(_LOCK))
        connection.commit()
        try:
            before = MigrationContext.configure(connection).get_current_revision()
            # The check above opened a transaction; Alembic must be given the connection without one.
            connection.rollback()
            if before != newest():
                if before is not None and not _known(before):
                    raise SchemaError(_too_new(before))
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            return before, newest()
        finally:
            connection.execute(sa.text(_UNLOCK))
            connection.commit()

    async with database.engine.connect() as connection:
        # Building an index on a large table takes longer than any other statement may.
        await connection.execute(sa.text("SET statement_timeout = 0"))
        await connection.execute(sa.text("SET lock_timeout = '60s'"))
        await connection.commit()
        result = await connection.run_sync(run)
        await connection.invalidate()
        return result


async def require(database: Database) -> None:
    """SchemaError unless this code can run on the schema that the database has.

    That is its own, or a newer one that only added to it: while processes are replaced one by one, and after
    a step back, old code runs on a schema that the new code brought (see migrations/README.md).
    """
    found = await current(database)
    if found == newest():
        return
    if found is not None and not _known(found) and await _still_fits(database):
        return
    if found is not None and not _known(found):
        raise SchemaError(_too_new(found))
    state = "empty" if found is None else f"at revision {found}"
    raise SchemaError(
        f"The database is {state}; this Usher needs revision {newest()}. "
        "Run `usher migrate`, or start with `usher serve --migrate`."
    )


async def _still_fits(database: Database) -> bool:
    """Whether a newer schema still has everything that this code needs: it says from which revision on."""
    try:
        async with database.engine.connect() as connection:
            floor = await connection.scalar(sa.select(schema_floor.c.revision))
    except ProgrammingError:
        return False  # so old that it does not say
    return floor is not None and int(floor) <= int(newest())


def _known(revision: str) -> bool:
    return any(each.revision == revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def _too_new(revision: str) -> str:
    return (
        f"The database is at revision {revision}, which is newer than this Usher knows ({newest()}). "
        "Install a newer Usher."
    )
