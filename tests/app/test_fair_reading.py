"""Whoever has thousands of deliveries waiting lets the others pass."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from app.aside import Aside
from app.receiving.drain import AT_ONCE, IN_LINE, patience
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


def test_nobody_else_may_take_what_is_read_before_its_reader_gave_it_up() -> None:
    """Whatever the heartbeat: a reader that hangs gives up within half of the time of lending."""
    for heartbeat in (0.3, 1, 5, 60):
        lent = timedelta(seconds=8 * heartbeat)
        assert patience(lent) <= min(20, lent.total_seconds() / 2)
    fine = drain(connect("postgresql://nowhere/nothing"))
    with pytest.raises(ValueError, match="twice as long"):
        replace(fine, aside=Aside(20), lent=timedelta(seconds=30))
