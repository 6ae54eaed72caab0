"""The doctor at GitLab: whose token it is, whether a hook was switched off, and which command mends it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app import gitlab_connect
from app.doctor.checks import Check
from app.doctor.gitlab import check_gitlab
from app.forges.gitlab_client import GitLabClient
from app.forges.sandbox import GitLabSandbox
from app.store.database import Database
from app.store.tables import tenant
from tests.app.test_gitlab_connect import forge, prefix, settings, tier, version

__all__ = ["forge", "prefix", "tier", "version"]  # fixtures


async def looked(forge: GitLabSandbox, database: Database, token: str | None = None) -> dict[str, Check]:
    async with GitLabClient(url=forge.url, token=token or forge.token) as client:
        return {each.name: each async for each in check_gitlab(client, database)}


async def connected(forge: GitLabSandbox, database: Database) -> None:
    """A group with its hook, and the tenant that its first delivery would have made."""
    owner = forge.access_token(forge.person("olga").account).value
    await gitlab_connect.connect(settings(forge, gitlab_token=owner), "shop", None, None)
    async with database.begin() as connection:
        await connection.execute(
            sa.insert(tenant).values(forge="gitlab", host=forge.url, installation=1, account="shop")
        )


async def test_a_token_that_is_not_accepted_is_said_first_and_alone(
    forge: GitLabSandbox, database: Database
) -> None:
    found = await looked(forge, database, "glpat-not-a-token-of-anybody")
    assert set(found) == {"gitlab.account"}
    assert found["gitlab.account"].status == "failed"


async def test_a_group_that_is_not_connected_yet_is_told_how(
    forge: GitLabSandbox, database: Database
) -> None:
    found = await looked(forge, database)
    assert found["gitlab.account"].status == "well"
    assert found["gitlab.hooks"].mend == "Run `usher gitlab connect --group GROUP`."


@pytest.mark.slow
async def test_what_cannot_be_seen_is_no_failure_and_no_good_news(
    forge: GitLabSandbox, database: Database
) -> None:
    """A Developer may not look at hooks; the doctor says so instead of taking them for well."""
    await connected(forge, database)
    found = await looked(forge, database)
    assert found["gitlab.hook.shop"].status == "warning"


@pytest.mark.slow
async def test_a_hook_that_no_longer_sends_everything_is_named_with_the_command_that_mends_it(
    forge: GitLabSandbox, database: Database
) -> None:
    await connected(forge, database)
    token = forge.access_token(forge.person("olga").account).value
    assert (await looked(forge, database, token))["gitlab.hook.shop"].status == "well"
    async with GitLabClient(url=forge.url, token=token) as client:
        [hook] = await client.list("groups/{group}/hooks", group="shop")
        change = {"url": hook["url"], "note_events": False}
        await client.write("PUT", "groups/{group}/hooks/{hook}", change, group="shop", hook=hook["id"])
    found = (await looked(forge, database, token))["gitlab.hook.shop"]
    assert found.status == "failed"
    assert "note_events" in found.found
    assert found.mend == "Run `usher gitlab connect --group shop`."
