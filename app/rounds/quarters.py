"""Once a day the present quarter's measures are kept, so that a year later one can see what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.rounds.schedule import Round
from app.settings import PromiseClock
from app.store import insights, outcomes, tenants
from app.store.database import Database
from policies.insights.quarters import measured, quarter_of


def keep_quarters(database: Database, clock: PromiseClock) -> Round:
    """The round that does it."""

    async def do(_chore: object) -> Mapping[str, Any]:
        return {"organisations": await keep_now(database, clock)}

    return Round("quarters", timedelta(days=1), do)


async def keep_now(database: Database, clock: PromiseClock) -> int:
    """Keep the quarter that is now of every organisation; returns how many there are."""
    now = clock.now()
    period, since = quarter_of(now)
    async with database.begin() as connection:
        active = [each for each in await tenants.every(connection) if each.state == "active"]
    for each in active:
        async with database.begin() as connection:
            seen = await outcomes.groups(connection, since, outcomes.of_tenant(each.id))
            await insights.keep_snapshot(connection, each.id, period, measured(seen), now)
    return len(active)
