"""One person with an account on each forge: what they owe and when they are away counts on both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.settings import SettingsError, read_settings
from app.store import away, linked_people, tenants
from app.store.database import Database
from app.store.subjects import SubjectRecords
from app.store.tables import obligation, person_link
from policies.actions import DeclareAway
from policies.clocks import Away

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


async def two_forges(database: Database) -> tuple[int, int]:
    """The numbers of a tenant on GitHub and one on GitLab."""
    async with database.begin() as connection:
        github = await tenants.by_installation(
            connection, "github", "https://hub", 1, account="shop", mode="live"
        )
        gitlab = await tenants.by_group(connection, "https://lab", 77, account="shop", mode="live")
    return github.id, gitlab.id


async def owes(database: Database, tenant_id: int, party: str, subject: str) -> None:
    async with database.begin() as connection:
        await connection.execute(
            sa.insert(obligation).values(
                tenant_id=tenant_id,
                key=f"{subject}|{party}",
                subject=subject,
                slot="@pay",
                kind="first_response",
                ledger="person",
                party=party,
                budget_s=3600,
                t0=NOW,
                owed=True,
            )
        )


async def link(database: Database, *pairs: tuple[str, str]) -> None:
    async with database.begin() as connection:
        await linked_people.configure(connection, pairs)


async def test_what_is_owed_on_the_other_forge_counts(database: Database) -> None:
    github, gitlab = await two_forges(database)
    await link(database, ("Ben", "b.braun"))
    await owes(database, github, "ben", "change:1:1")
    await owes(database, gitlab, "b.braun", "change:7:1")
    await owes(database, gitlab, "b.braun", "change:7:2")
    on_github = SubjectRecords(database, github, "change:1:9")
    on_gitlab = SubjectRecords(database, gitlab, "change:7:9")
    assert await on_github.load(["ben", "carla"]) == {"ben": 3}
    assert await on_gitlab.load(["B.Braun"]) == {"b.braun": 3}


async def test_nobody_else_is_seen_across(database: Database) -> None:
    """A namesake on the other forge is somebody else until they are linked."""
    github, gitlab = await two_forges(database)
    await owes(database, gitlab, "ben", "change:7:1")
    assert await SubjectRecords(database, github, "change:1:9").load(["ben"]) == {}


async def test_who_is_away_is_away_on_both(database: Database) -> None:
    github, gitlab = await two_forges(database)
    await link(database, ("ben", "b.braun"))
    said = DeclareAway("b.braun", NOW, NOW + timedelta(days=3), NOW, "change:7:1|501.1")
    async with database.begin() as connection:
        await away.declare(connection, gitlab, said)
    expected = (Away(NOW, NOW + timedelta(days=3), NOW),)
    records = SubjectRecords(database, github, "change:1:9")
    assert await records.absences(NOW - timedelta(days=1)) == {"ben": expected}
    assert await SubjectRecords(database, gitlab, "change:7:9").absences(NOW) == {"b.braun": expected}


async def test_the_settings_say_all_links(database: Database) -> None:
    await link(database, ("ben", "b.braun"), ("ana", "ana"))
    await link(database, ("ben", "ana"))  # the same name may pass to somebody else
    async with database.begin() as connection:
        rows = (await connection.execute(sa.select(person_link.c.github, person_link.c.gitlab))).all()
    assert [tuple(row) for row in rows] == [("ben", "ana")]


def test_links_are_written_as_pairs() -> None:
    assert read_settings(people="Ben=b.braun, ana=ana").linked_people == (("Ben", "b.braun"), ("ana", "ana"))
    for wrong in ("ben", "ben=", "a=b=c", "ben=x,ana=X"):
        with pytest.raises(SettingsError, match="USHER_PEOPLE"):
            read_settings(people=wrong)
