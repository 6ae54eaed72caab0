"""Whose delivery it is at GitLab: by the hook's name, a known project, or a path; and never another group's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.forges.gitlab.hooks import HookName
from app.receiving.drain import Drain
from app.store import tenants
from app.store.database import Database
from handlers.ports import Reading
from policies.facts import RepositoryRef

HOST = "https://gitlab.example/api/v4"
SHOP, BANK = 77, 88
OF_SHOP, OF_BANK = (str(HookName("s", group, "0" * 16)) for group in (SHOP, BANK))
API = RepositoryRef(1, "shop/api")
LEDGER = RepositoryRef(2, "bank/ledger")
NEW = RepositoryRef(3, "shop/new")


async def owner_of(
    database: Database, hook: str, reading: Reading, *, known: dict[int, RepositoryRef]
) -> str:
    """The account that the delivery is for; empty: nobody's. `known`: the groups with a project of theirs."""
    drain = Drain(database, {}, {"gitlab": HOST}, "live", timedelta(), {})
    async with database.begin() as connection:
        for group, ref in known.items():
            made = await tenants.by_group(
                connection, HOST, group, account=ref.name.partition("/")[0], mode="live"
            )
            await tenants.see_repository(connection, made.id, ref, "main")
        found = await drain._gitlab_tenant(connection, hook, reading)
    return found.account if found else ""


BOTH = {SHOP: API, BANK: LEDGER}


@pytest.mark.parametrize(
    ("hook", "reading", "known", "expected"),
    [
        pytest.param(OF_SHOP, Reading(repository=API, account="shop"), BOTH, "shop", id="its own project"),
        pytest.param(OF_SHOP, Reading(repository=NEW, account="shop"), BOTH, "shop", id="a new project"),
        pytest.param(OF_SHOP, Reading(repository=LEDGER, account="bank"), BOTH, "", id="another's project"),
        pytest.param(OF_BANK, Reading(repository=API, account="shop"), BOTH, "", id="the other way round"),
        pytest.param(OF_SHOP, Reading(repository=NEW, account="bank"), BOTH, "", id="another's path"),
        pytest.param(OF_SHOP, Reading(repository=API, account="store"), BOTH, "store", id="renamed"),
        pytest.param(OF_SHOP, Reading(), BOTH, "shop", id="a member, by the hook's name"),
        pytest.param(OF_SHOP, Reading(repository=API, account="shop"), {}, "shop", id="first of all"),
        pytest.param(
            "", Reading(repository=API, account="shop"), BOTH, "shop", id="by hand, a known project"
        ),
        pytest.param("", Reading(repository=NEW, account="shop"), BOTH, "shop", id="by hand, a known path"),
        pytest.param("", Reading(account="shop"), {}, "shop", id="by hand, first of all"),
        pytest.param("", Reading(), {SHOP: API}, "shop", id="by hand, a member of the only group"),
        pytest.param("", Reading(), BOTH, "", id="by hand, a member of one of two"),
        pytest.param("", Reading(), {}, "", id="by hand, a member of nobody knows what"),
    ],
)
async def test_whose_it_is(
    database: Database, hook: str, reading: Reading, known: dict[int, RepositoryRef], expected: str
) -> None:
    assert await owner_of(database, hook, reading, known=known) == expected
    if expected == "store":  # and so it is called from then on
        async with database.begin() as connection:
            assert [each.account for each in await tenants.every(connection)] == ["store", "bank"]
