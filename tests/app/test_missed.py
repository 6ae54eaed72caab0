"""Looking for deliveries that never came, among very many. Its stories: `tests/handlers/test_missed.py`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.missed import BURST, MOST, REST, MissedDeliveries
from app.rounds import Round, Rounds
from app.store import chores
from app.store.chores import Chore
from app.store.database import Database
from handlers.ports import Attempt

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MANY = 70_000
"""PostgreSQL takes 65,535 parameters with one statement."""


class Listing:
    """A forge that lists so many deliveries, and notes which it was asked for again."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def attempts(self, _since: datetime) -> list[Attempt]:
        at = NOW - timedelta(hours=2)
        return [Attempt(number, f"id-{number}", "push", at, False) for number in range(MANY)]

    async def redeliver(self, attempt: Attempt) -> None:
        self.asked.append(attempt.delivery_id)


async def test_more_deliveries_than_a_statement_takes_parameters(database: Database) -> None:
    listing = Listing()
    rests: list[tuple[float, int]] = []

    async def rest(seconds: float) -> None:
        rests.append((seconds, len(listing.asked)))

    look = MissedDeliveries("github", database, lambda: listing, lambda *_: False, now=lambda: NOW, rest=rest)
    note = await look(Chore("missed github", NOW, None, None, {}))
    assert note["missing"] == MANY
    assert len(listing.asked) == MOST
    assert rests == [(REST, asked) for asked in range(BURST, MOST, BURST)]
    assert note["soon"]


@pytest.mark.parametrize(("soon", "least", "most"), [(True, 50, 70), (False, 250, 350)])
async def test_a_round_that_could_not_do_all_is_made_again_soon(
    database: Database, soon: bool, least: float, most: float
) -> None:
    async def look(_chore: Chore) -> dict[str, object]:
        return {"soon": soon}

    before = datetime.now(UTC)
    assert await Rounds(database, [Round("look", timedelta(minutes=5), look)]).look() == 1
    async with database.begin() as connection:
        [chore] = await chores.every(connection)
    assert least < (chore.next_at - before).total_seconds() < most
