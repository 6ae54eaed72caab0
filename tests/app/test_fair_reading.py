"""Whoever has thousands of deliveries waiting lets the others pass."""

from __future__ import annotations

import re
from dataclasses import replace

import psycopg
import sqlalchemy as sa

from app.receiving.drain import AT_ONCE, IN_LINE
from app.store.database import Database, connect
from app.store.tables import delivery
from handlers.ports import Delivery, Reading
from tests.app.test_dead_letters import drain, put


class Door:
    """Takes the account of a delivery from its id."""

    def facts(self, delivery: Delivery) -> Reading:
        account = re.sub(r"\d+$", "", delivery.delivery_id)
        return Reading(installation={"noisy": 1, "ann": 2, "ben": 3}[account], ignored="nothing to do")


async def test_an_account_with_hundreds_waiting_lets_the_others_pass(address: str) -> None:
    """Its deliveries came first; the others' are stored among its first ones, and each account's own in order."""
    database: Database = connect(address)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as line:
        await put(line, *(f"noisy{number}" for number in range(AT_ONCE + 60)), "ann0", "ann1", "ben0")
    assert AT_ONCE + 63 <= IN_LINE
    assert await replace(drain(database), doors={"github": Door()})() == AT_ONCE + 63
    async with database.begin() as connection:
        by_end = sa.select(delivery.c.delivery_id).order_by(delivery.c.done_at)
        ended = list((await connection.execute(by_end)).scalars())
    await database.close()
    assert max(ended.index(each) for each in ("ann0", "ann1", "ben0")) < 60
    assert ended.index("ann0") < ended.index("ann1")
    noisy = [each for each in ended if each.startswith("noisy")]
    assert noisy == [f"noisy{number}" for number in range(AT_ONCE + 60)]
