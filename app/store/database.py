"""Connections to PostgreSQL: one engine for the rows, one address for the queue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.settings import Settings, SettingsError
from app.store import embedded

# No statement of Usher's takes seconds; one that does is stuck and must not hold a lock for ever. A process that
# freezes within a transaction has lost its locks before it is taken for dead, which is after fifteen seconds.
_SESSION = (
    "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=10s -c timezone=UTC"
)


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. `conninfo` is what psycopg and procrastinate connect with; it may hold a password."""

    engine: AsyncEngine
    conninfo: str

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back on an error."""
        async with self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def each_by_itself(self) -> AsyncIterator[AsyncConnection]:
        """Each statement is a transaction of its own: nothing stays locked between two of them."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def close(self) -> None:
        await self.engine.dispose()


def locate(settings: Settings) -> str:
    """The address of the database to use; starts the embedded server where none is configured.

    SettingsError where there can be none.
    """
    if settings.database_url is None:
        try:
            return embedded.start(settings.data_dir)
        except OSError as error:
            raise SettingsError(
                f"USHER_DATA_DIR: cannot use {settings.data_dir}: {error.strerror or error}. Name a directory that "
                "Usher may write to, or set USHER_DATABASE_URL."
            ) from None
    address = settings.database_url.get_secret_value()
    if not address.startswith(("postgresql://", "postgres://")):
        raise SettingsError(
            "USHER_DATABASE_URL: must begin with postgresql://; Usher runs on PostgreSQL only"
        )
    address = "postgresql://" + address.split("://", 1)[1]
    try:
        make_url(address)
        conninfo_to_dict(address)
    except (ValueError, ArgumentError, psycopg.ProgrammingError):
        # What they say quotes the address, and a password with it.
        raise SettingsError(
            "USHER_DATABASE_URL: is no address that PostgreSQL understands. Write "
            "postgresql://USER:PASSWORD@HOST:PORT/NAME, with signs such as @ / ? # in the password as %40 %2F %3F %23"
        ) from None
    return address


async def require_durable(database: Database) -> None:
    """SettingsError where the server may forget what it has committed: nothing could be acknowledged then.

    With `synchronous_commit = off` a crash of the server loses the last commits, without `fsync` or
    `full_page_writes` possibly everything ("Write Ahead Log", the server's settings).
    """
    async with database.begin() as connection:
        unsafe = [
            name
            for name in ("fsync", "full_page_writes", "synchronous_commit")
            if await connection.scalar(sa.text("SELECT current_setting(:name)"), {"name": name}) == "off"
        ]
    if unsafe:
        raise SettingsError(
            f"USHER_DATABASE_URL: the server runs with {' and '.join(f'{name} = off' for name in unsafe)}, so "
            "that a crash loses deliveries which the forge was told are safe. Switch "
            f"{'it' if len(unsafe) == 1 else 'them'} on: "
            + " ".join(f"ALTER SYSTEM SET {name} = on;" for name in unsafe)
            + " SELECT pg_reload_conf();"
        )


def connect(address: str, *, pool_size: int = 10) -> Database:
    """An engine for this address. Nothing is opened before the first use."""
    url = make_url(address).set(drivername="postgresql+psycopg")
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": _SESSION, "connect_timeout": 5, "application_name": "usher"},
    )
    sa.event.listen(engine.sync_engine, "handle_error", _without_values)
    return Database(engine=engine, conninfo=address)


def without_values(error: psycopg.Error) -> str:
    """What the server said, without what it quotes of rows and parameters: people's words, perhaps secrets.

    It quotes them in the lines below the first, and where a value has the wrong form (class 22) behind a colon.
    """
    said = str(error).partition("\n")[0]
    return said.partition(': "')[0] if (error.sqlstate or "").startswith("22") else said


def told_of(error: Exception) -> str:
    """What kind of error it is, and what it says without values."""
    said = without_values(error) if isinstance(error, psycopg.Error) else str(error)
    return f"{type(error).__name__}: {said}"


def _without_values(failure: ExceptionContext) -> None:
    error, told = failure.original_exception, failure.sqlalchemy_exception
    if isinstance(error, psycopg.Error) and told is not None:
        said = without_values(error)
        error.args = (said,)
        told.args = (f"({type(error).__name__}) {said}",)
