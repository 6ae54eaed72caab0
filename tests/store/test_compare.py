"""Whose open changes are compared, and who is left alone meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.rounds.compare import AT_ONCE, Comparing
from app.store.chores import Chore
from app.store.database import Database
from policies.facts import Change, RepositoryRef


class Quiet:
    """A forge on which nothing is open; it notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def open_changes(self, place: RepositoryRef) -> tuple[Change, ...]:
        self.asked.append(place.name)
        return ()


async def many_repositories(database: Database, state: str, shut: str) -> None:
    """`large/…` has more repositories than one portion, waiting the longest, and this budget; `small/api` waits too."""
    async with database.begin() as connection:
        for line in (
            "INSERT INTO tenant (forge, host, installation) VALUES ('github', '', 1), ('github', '', 2)",
            "INSERT INTO repository (tenant_id, id, name, compared_at)"
            f" SELECT 1, n, 'large/' || n, now() - interval '3 days' FROM generate_series(1, {AT_ONCE + 5}) n",
            "INSERT INTO repository (tenant_id, id, name, compared_at)"
            " VALUES (2, 1000, 'small/api', now() - interval '2 days')",
            f"INSERT INTO budget (tenant_id, state, shut_until) VALUES (1, {state}, {shut})",
        ):
            await connection.execute(sa.text(line))


class Muddled(Quiet):
    """A forge that says of one repository what nobody understands."""

    async def open_changes(self, place: RepositoryRef) -> tuple[Change, ...]:
        if place.name == "large/1":
            raise KeyError("iid")
        return await super().open_changes(place)


async def test_what_cannot_be_understood_of_one_repository_keeps_no_other_from_its_turn(
    database: Database,
) -> None:
    await many_repositories(database, "'{}'", "NULL")
    forge = Muddled()
    comparing = Comparing(database, lambda *_: forge, timedelta())  # type: ignore[arg-type,return-value]
    for _ in range(2):
        await comparing(Chore("compare", datetime.now(UTC), None, None, {}))
    assert "small/api" in forge.asked


LATE = "jsonb_build_array(jsonb_build_array(floor(extract(epoch FROM now()) / 60) - 61, 1, 0))"
NOW = "jsonb_build_array(jsonb_build_array(floor(extract(epoch FROM now()) / 60), 1, 0))"


def left(share: int, minutes: str) -> str:
    return f"jsonb_build_object('left', {share}, 'of', 100, 'minutes', {minutes})"


CASES = {
    "few requests are left": (left(29, NOW), "NULL", False),
    "enough are left": (left(30, NOW), "NULL", True),
    "few were left an hour ago": (left(0, LATE), "NULL", True),
    "the forge told nothing": ("'{}'", "NULL", True),
    "a limit holds": (left(100, NOW), "now() + interval '1 minute'", False),
    "a limit is over": (left(100, NOW), "now() - interval '1 minute'", True),
}


@pytest.mark.parametrize("case", CASES)
async def test_who_has_few_requests_left_is_passed_over_and_takes_nobody_elses_place(
    database: Database, case: str
) -> None:
    state, shut, compared = CASES[case]
    await many_repositories(database, state, shut)
    forge = Quiet()
    comparing = Comparing(database, lambda *_: forge, timedelta())  # type: ignore[arg-type, return-value]
    await comparing(Chore("compare", datetime.now(UTC), None, None, {}))
    assert len([each for each in forge.asked if each.startswith("large/")]) == (AT_ONCE if compared else 0)
    assert ("small/api" in forge.asked) is not compared
