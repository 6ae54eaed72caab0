"""Every statement that touches rows of a tenant says whose they are."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from app.store.tables import metadata
from tests.stories import Bot, Shop

pytestmark = pytest.mark.slow

TENANTS = {table.name for table in metadata.sorted_tables if "tenant_id" in table.c} - {"delivery", "audit"}
ACROSS = (
    "count(*)",  # gauges, and whether anything runs
    "heal_at <=",  # subjects of all tenants whose time has come
    "LATERAL",  # shares of all tenants
)


async def test_every_statement_names_its_tenant(bot: Bot, world: Shop) -> None:
    seen: set[str] = set()

    def look(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.add(statement)

    engine = bot.usher.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", look)
    change = world.ana.opens(world.api, touching=["docs/guide.md", "pay/refund.py"])
    await bot.settled()
    world.ana.comments(change, "/usher why")
    world.erin.reviews(change, "approve")
    await bot.settled()
    world.later("5d")
    await bot.settled()
    sa.event.remove(engine, "before_cursor_execute", look)
    touching = [each for each in seen if TENANTS & set(re.findall(r"\w+", each))]
    assert len(touching) > 20
    for statement in touching:
        if not any(part in statement for part in ACROSS):
            assert "tenant_id" in statement, statement
