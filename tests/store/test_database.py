"""What a failing statement tells, and what it keeps to itself."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from app.store import inbox
from app.store.database import Database, connect, without_values
from app.store.inbox import Incoming
from app.store.tables import tenant

WORDS = "somebody-said-this-in-confidence"


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    opened = connect(address)
    yield opened
    await opened.close()


async def a_value_of_the_wrong_form(connection: AsyncConnection) -> None:
    await connection.execute(sa.text("SELECT CAST(:words AS bigint)"), {"words": WORDS})


async def a_row_without_what_it_needs(connection: AsyncConnection) -> None:
    row = {"forge": "github", "host": "h", "installation": None, "account": WORDS, "mode": "live"}
    await connection.execute(sa.insert(tenant).values(row))


async def a_row_that_is_there(connection: AsyncConnection) -> None:
    row = {"forge": "github", "host": WORDS, "installation": 1, "account": WORDS, "mode": "live"}
    for _ in range(2):
        await connection.execute(sa.insert(tenant).values(row))


async def a_parameter_that_has_no_type(connection: AsyncConnection) -> None:
    await connection.execute(sa.text("SELECT :words"), {"words": {WORDS}})


async def a_table_that_is_not_there(connection: AsyncConnection) -> None:
    await connection.execute(sa.text("SELECT * FROM nowhere WHERE name = :words"), {"words": WORDS})


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        (a_value_of_the_wrong_form, "invalid input syntax for type bigint"),
        (a_row_without_what_it_needs, 'null value in column "installation"'),
        (a_row_that_is_there, "duplicate key value violates unique constraint"),
        (a_parameter_that_has_no_type, "cannot adapt type"),
        (a_table_that_is_not_there, 'relation "nowhere" does not exist'),
    ],
)
async def test_a_failing_statement_names_its_fault_and_no_value(
    database: Database, fail: Callable[[AsyncConnection], Coroutine[Any, Any, None]], said: str
) -> None:
    with pytest.raises(sa.exc.DBAPIError) as caught:
        async with database.begin() as connection:
            await fail(connection)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.orig)
    assert said in told
    assert WORDS not in told


async def test_a_delivery_that_the_inbox_refuses_is_not_quoted(address: str) -> None:
    refused = Incoming("github", WORDS, "e" * 65, {"user-agent": WORDS}, b"{}", b"", "hmac")
    async with await psycopg.AsyncConnection.connect(address) as connection:
        with pytest.raises(psycopg.DataError) as caught:
            await inbox.insert(connection, [refused])
    assert without_values(caught.value) == "value too long for type character varying(64)"
    box = inbox.Inbox(address)
    async with box.open():
        with capture_logs() as logged, pytest.raises(inbox.NotStored, match="value too long") as told:
            await box.put(refused)
    assert any("does not take deliveries" in each["event"] for each in logged)
    assert WORDS not in f"{told.value}{logged}"
