"""Whoever wants to be forgotten is, on their own forge alone; and after `metrics.retain` everybody is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.store import insights, outcomes, people
from app.store.database import Database
from app.store.pseudonyms import Pseudonyms, fade
from app.store.tables import clock, decision, fact, kept, outcome, tenant, verdict_log
from app.store.viewers import Viewer, Visitor
from policies.insights.measures import Outcome
from policies.insights.privacy import Terms

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PSEUDONYMS = Pseudonyms(b"a key that only this test has")
HOSTS = {"github": "https://api.github.example", "gitlab": "https://gitlab.example"}


@pytest.fixture
async def tenants(database: Database) -> AsyncIterator[dict[str, int]]:
    """One organisation on each forge, and an ana in each who never met."""
    ids: dict[str, int] = {}
    async with database.begin() as connection:
        for forge, host in HOSTS.items():
            write = sa.insert(tenant).values(forge=forge, host=host, installation=1).returning(tenant.c.id)
            ids[forge] = await connection.scalar(write)
        for tenant_id in ids.values():
            for number, days in ((1, 10), (2, 500)):
                await outcomes.keep(connection, tenant_id, 7, "Refunds", became(number, days))
    yield ids
    async with database.begin() as connection:
        await connection.execute(sa.delete(tenant).where(tenant.c.id.in_(ids.values())))


def became(number: int, days: int) -> Outcome:
    """What became of a change that ana opened so long ago, and Erin reviewed."""
    return Outcome(
        repository="shop/api",
        number=number,
        author="ana",
        origin="guest",
        teams=(),
        owners=(),
        opened_at=NOW - timedelta(days=days),
        ready_at=None,
        reviewers=("Erin",),
    )


async def names(database: Database, tenant_id: int) -> dict[int, tuple[str, list[str]]]:
    query = sa.select(outcome).where(outcome.c.tenant_id == tenant_id)
    async with database.begin() as connection:
        return {row.number: (row.author, row.reviewers) for row in await connection.execute(query)}


def visitor(forge: str, login: str) -> Visitor:
    return Visitor((Viewer(1, forge, HOSTS[forge], login, "", (), False, b""),))


async def test_a_namesake_on_another_forge_is_somebody_else(
    database: Database, tenants: dict[str, int]
) -> None:
    ana = visitor("github", "Ana")
    async with database.begin() as connection:
        assert (await people.kept_about(connection, ana))["changes"] == 2
        assert {each["tenant_id"] for each in (await people.everything(connection, ana))["changes"]} == {
            tenants["github"]
        }
        await people.erase(connection, ana, PSEUDONYMS)
        await people.erase(connection, visitor("github", "eRin"), PSEUDONYMS)
    here, there = await names(database, tenants["github"]), await names(database, tenants["gitlab"])
    assert {author for author, _ in here.values()} == {PSEUDONYMS.of("github", "ana")}
    assert all(reviewers == [PSEUDONYMS.of("github", "erin")] for _, reviewers in here.values())
    assert set(there) == {1, 2}
    assert all(found == ("ana", ["Erin"]) for found in there.values())


def test_a_login_that_begins_like_a_pseudonym_gets_one() -> None:
    alias = PSEUDONYMS.of("github", "someone-else")
    assert alias != "someone-else"
    assert PSEUDONYMS.of("github", alias) == alias


async def test_a_name_like_a_pseudonym_fades_as_others_do(
    database: Database, tenants: dict[str, int]
) -> None:
    async with database.begin() as connection:
        old = replace(became(3, 500), author="someone-else", reviewers=("someone-special",))
        await outcomes.keep(connection, tenants["github"], 7, "Refunds", old)
    await fade(database, PSEUDONYMS, NOW)
    author, reviewers = (await names(database, tenants["github"]))[3]
    assert (author, reviewers) == (
        PSEUDONYMS.of("github", "someone-else"),
        [PSEUDONYMS.of("github", "someone-special")],
    )


async def test_whoever_was_forgotten_stays_so_while_the_change_goes_on(
    database: Database, tenants: dict[str, int]
) -> None:
    async with database.begin() as connection:
        await people.erase(connection, visitor("github", "ana"), PSEUDONYMS)
        await outcomes.keep(connection, tenants["github"], 7, "Refunds", became(1, 10))
    author, reviewers = (await names(database, tenants["github"]))[1]
    assert (author, reviewers) == (PSEUDONYMS.of("github", "ana"), ["Erin"])


async def test_a_reviewer_who_was_forgotten_stays_so_while_the_change_goes_on(
    database: Database, tenants: dict[str, int]
) -> None:
    again = replace(became(1, 10), reviewers=("Erin", "ben"))
    async with database.begin() as connection:
        await outcomes.keep(connection, tenants["github"], 7, "Refunds", again)
        await people.erase(connection, visitor("github", "erin"), PSEUDONYMS)
        await outcomes.keep(connection, tenants["github"], 7, "Refunds", again)
    _, reviewers = (await names(database, tenants["github"]))[1]
    assert reviewers == [PSEUDONYMS.of("github", "erin"), "ben"]


async def test_names_fade_when_what_was_agreed_is_over(database: Database, tenants: dict[str, int]) -> None:
    async with database.begin() as connection:
        await insights.agree(connection, tenants["github"], Terms(retain=timedelta(days=5)))
    assert (await fade(database, PSEUDONYMS, NOW, step=1))["faded"] == 3
    assert (await fade(database, PSEUDONYMS, NOW))["faded"] == 0
    ana, erin = PSEUDONYMS.of("github", "ana"), PSEUDONYMS.of("github", "Erin")
    assert await names(database, tenants["github"]) == {1: (ana, [erin]), 2: (ana, [erin])}
    theirs = PSEUDONYMS.of("gitlab", "ana")
    assert await names(database, tenants["gitlab"]) == {
        1: ("ana", ["Erin"]),
        2: (theirs, [PSEUDONYMS.of("gitlab", "erin")]),
    }
    assert ana != theirs


async def test_what_happened_goes_with_changes_that_were_closed_long_ago(
    database: Database, tenants: dict[str, int]
) -> None:
    here = tenants["github"]
    closed = {"change:7:1": ("DONE", 500), "change:7:2": ("DONE", 300), "change:7:3": ("WAITING", 500)}
    async with database.begin() as connection:
        for subject, (state, days) in closed.items():
            at = NOW - timedelta(days=days)
            await connection.execute(
                sa.insert(clock).values(
                    tenant_id=here,
                    subject=subject,
                    state=state,
                    projection={"author": "ana", "title": "Refunds", "asked": ["erin"], "turn": ["erin"]},
                    updated_at=at,
                )
            )
            record = {"picks": [{"person": "erin"}]}
            await connection.execute(
                sa.insert(decision).values(tenant_id=here, subject=subject, made_at=at, record=record)
            )
            key = f"{subject}|first_response|person|@erin|erin|1"
            await connection.execute(sa.insert(verdict_log).values(tenant_id=here, obligation_key=key))
            await connection.execute(
                sa.insert(fact).values(
                    tenant_id=here,
                    subject=subject,
                    natural_key="opened",
                    rank=0,
                    forge_time=at,
                    source="poll",
                    payload={},
                )
            )
    assert (await fade(database, PSEUDONYMS, NOW))["gone"] == 3
    assert await fade(database, PSEUDONYMS, NOW) == {"faded": 0, "gone": 0}
    older, younger = "change:7:1", {"change:7:2", "change:7:3"}
    async with database.begin() as connection:
        left = await connection.execute(sa.select(fact.c.subject).where(fact.c.tenant_id == here))
        assert set(left.scalars()) == younger
        left = await connection.execute(sa.select(decision.c.subject).where(decision.c.tenant_id == here))
        assert set(left.scalars()) == younger
        log = sa.select(verdict_log.c.obligation_key).where(verdict_log.c.tenant_id == here)
        keys = (await connection.execute(log)).scalars()
        assert {each.partition("|")[0] for each in keys} == younger
        standing = sa.select(clock.c.projection).where(clock.c.tenant_id == here, clock.c.subject == older)
        alias = PSEUDONYMS.of("github", "ana")
        unnamed = {"author": alias, "title": "Refunds", "asked": [], "turn": []}
        assert await connection.scalar(standing) == unnamed
        await connection.execute(sa.delete(kept).where(kept.c.tenant_id == here))
