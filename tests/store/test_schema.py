"""The schema: migrations from nothing build exactly the tables, and nobody works on another schema."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from procrastinate.schema import SchemaManager

from app.store import schema
from app.store.database import connect
from app.store.tables import metadata
from tests.conftest import new_database


def not_the_queue(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not (name or "").startswith("procrastinate_")


async def test_migrations_from_empty_equal_the_tables(address: str) -> None:
    database = connect(address)

    def differences(connection: sa.Connection) -> list[object]:
        options = {"include_name": not_the_queue, "compare_server_default": True, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


def _shape(address: str) -> dict[str, set[object]]:
    """Tables, columns, indexes, functions and triggers of the queue."""
    queries = {
        "columns": """SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
                      WHERE table_name LIKE 'procrastinate_%'""",
        "indexes": "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'procrastinate_%'",
        "functions": """SELECT proname, md5(prosrc) FROM pg_proc WHERE proname LIKE 'procrastinate_%'""",
        "triggers": "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'procrastinate_%'",
    }
    with psycopg.connect(address) as connection:
        return {name: set(connection.execute(query).fetchall()) for name, query in queries.items()}


def test_the_queue_is_what_procrastinate_itself_would_install(address: str, postgres: str) -> None:
    fresh = new_database(postgres, "template0")
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute(SchemaManager.get_schema())
    ours, theirs = _shape(address), _shape(fresh)
    for part in ("columns", "triggers"):
        assert ours[part] == theirs[part]
    assert {name for name, _ in theirs["functions"]} == {name for name, _ in ours["functions"]}  # type: ignore[misc]


async def test_migrating_twice_at_once_is_safe(postgres: str) -> None:
    fresh = new_database(postgres, "template0")
    databases = [connect(fresh) for _ in range(3)]
    results = await asyncio.gather(*(schema.migrate(each) for each in databases))
    assert sorted(before or "" for before, _ in results) == ["", schema.newest(), schema.newest()]
    for each in databases:
        await each.close()


async def test_an_empty_database_is_refused_with_the_command_that_mends_it(postgres: str) -> None:
    database = connect(new_database(postgres, "template0"))
    with pytest.raises(schema.SchemaError, match=r"is empty; .*Run `usher migrate`"):
        await schema.require(database)
    await database.close()


async def test_a_newer_schema_is_left_alone_and_refused_only_where_it_says_so(address: str) -> None:
    """Code runs on what only grew; a schema that took something away names the oldest code that can do without."""
    database = connect(address)
    async with database.begin() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    await schema.require(database)
    async with database.begin() as connection:
        await connection.execute(sa.text("UPDATE schema_floor SET revision = '9998'"))
    with pytest.raises(schema.SchemaError, match="newer than this Usher knows"):
        await schema.require(database)
    with pytest.raises(schema.SchemaError, match="newer than this Usher knows"):
        await schema.migrate(database)
    async with database.begin() as connection:  # another test may be given this database
        await connection.execute(sa.text("UPDATE schema_floor SET revision = '0011'"))
    await database.close()
