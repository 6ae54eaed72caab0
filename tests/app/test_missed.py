"""Looking for deliveries that never came, among very many. Its stories: `tests/handlers/test_missed.py`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.rounds.missed import BURST, MissedDeliveries
from app.rounds.schedule import Round, Rounds
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
        self.read = 0
        self.asked: list[str] = []

    async def attempts(self, since: datetime) -> list[Attempt]:
        self.read += 1
        at = NOW - timedelta(hours=3)
        listed = [
            Attempt(number, f"id-{number}", "push", at + timedelta(seconds=number / 10), False)
            for number in range(MANY)
        ]
        return [each for each in listed if each.at >= since]

    async def redeliver(self, attempt: Attempt) -> None:
        self.asked.append(attempt.delivery_id)


async def test_very_many_are_asked_for_by_and_by_and_the_list_is_read_once_for_thousands(
    database: Database,
) -> None:
    """More than a statement takes parameters, too."""
    listing = Listing()
    kept = 3 * BURST
    look = MissedDeliveries(
        "github", database, lambda: listing, lambda *_: False, now=lambda: NOW, most_kept=kept
    )
    note = await look(Chore("missed github", NOW, None, None, {}))
    assert note["missing"] == MANY
    for number in range(1, 3):
        assert note["soon"]
        assert len(listing.asked) == number * BURST
        note = await look(Chore("missed github", NOW, None, None, note))
    assert listing.read == 1
    assert len(set(listing.asked)) == len(listing.asked) == kept
    await look(Chore("missed github", NOW, None, None, note))  # and goes on where it had left off
    assert listing.read == 2
    assert f"id-{kept}" in listing.asked


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
