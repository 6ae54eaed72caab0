"""One real PostgreSQL for the whole run, and a fresh migrated database for each test that wants one."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.store import embedded, schema
from app.store.database import Database, connect

pytest_plugins = ["tests.stories"]

_numbers = itertools.count()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Property tests draw hundreds of cases each, so the inner loop leaves them to `make test`."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server; its database is empty."""
    folder = Path(tempfile.mkdtemp(prefix="usher-test-"))
    try:
        yield embedded.start(folder)
    finally:
        embedded.stop(folder, delete=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def migrated(postgres: str) -> str:
    """The same server, where the database `usher` has the newest schema: the template of all others."""
    database = connect(postgres)
    await schema.migrate(database)
    await database.close()
    return postgres


def new_database(server: str, template: str | None = None) -> str:
    """Create a database, empty or as a copy of `template`; returns its address."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    copied = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
    with psycopg.connect(server.replace("/usher?", "/postgres?"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + copied)
    return server.replace("/usher?", f"/{name}?")


@pytest.fixture(scope="session")
def _spare(migrated: str) -> list[str]:
    """Databases that a test has left and another may use: emptying one is quicker than creating one."""
    return []


@pytest.fixture
def address(migrated: str, _spare: list[str]) -> Iterator[str]:
    """The address of a fresh database with the newest schema."""
    chosen = _spare.pop() if _spare else new_database(migrated, "usher")
    yield chosen
    if _emptied(chosen):
        _spare.append(chosen)


def _emptied(address: str) -> bool:
    """Empty every table; False where the test changed the schema or left a connection that holds locks."""
    with psycopg.connect(address, autocommit=True, options="-c lock_timeout=1s") as connection:
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        tables = connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'schema_floor')"
        ).fetchall()
        try:
            connection.execute(f"TRUNCATE {', '.join(name for (name,) in tables)} RESTART IDENTITY CASCADE")
        except psycopg.errors.LockNotAvailable:
            return False
    return revision == (schema.newest(),)


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """The same, opened."""
    opened = connect(address)
    yield opened
    await opened.close()
