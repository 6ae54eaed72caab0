"""One person with an account on each forge, as they see it: two sandboxes, one Usher, a browser signed in with both."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from app import main, serving
from app.forges.sandbox import GitLabSandbox, Sandbox
from app.store import linked_people
from app.store.tables import person_link, viewer_address
from tests.stories import MONDAY_NINE, SECRET, of_gitlab, settings_for

pytestmark = pytest.mark.slow

BEN = {"github": "ben", "gitlab": "b.braun"}


@dataclass
class Both:
    """An Usher for GitHub and GitLab; ben is `ben` on one and `b.braun` on the other, ana is somebody else on each."""

    github: Sandbox
    gitlab: GitLabSandbox
    usher: main.Usher
    url: str

    async def links(self) -> list[tuple[str, str, str]]:
        async with self.usher.database.begin() as connection:
            rows = await connection.execute(sa.select(person_link))
            return [(row.github, row.gitlab, row.source) for row in rows]

    def same_address(self, github: str, gitlab: str) -> None:
        """Let both accounts have one verified address, which the App may read."""
        self.github.site.registration.permissions["email_addresses"] = "read"
        for account in (self.github.person(github).account, self.gitlab.person(gitlab).account):
            account.address = f"{github}@corp.example"

    @asynccontextmanager
    async def signed_in(self, **accounts: str) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser in which somebody signs in with these accounts, forge → login."""
        async with httpx2.AsyncClient(base_url=self.url, follow_redirects=True) as client:
            for forge, login in accounts.items():
                assert (await client.get(f"/login/{forge}?who={login}")).status_code == 200
            yield client

    async def do(self, client: httpx2.AsyncClient, path: str) -> httpx2.Response:
        """Press a button of the page about me."""
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', (await client.get("/me")).text)
        assert found is not None
        return await client.post(path, data={"csrf": found[1]}, headers={"origin": self.url})


@pytest.fixture
async def both(address: str, tmp_path: Path) -> AsyncIterator[Both]:
    async with (
        Sandbox(webhook_secret=SECRET, start=MONDAY_NINE) as github,
        GitLabSandbox(webhook_secret=SECRET, start=MONDAY_NINE) as gitlab,
    ):
        for forge, logins in ((github, ("ben", "ana")), (gitlab, ("b.braun", "ana"))):
            forge.organisation("shop")
            for login in logins:
                forge.person(login, member_of="shop")
        settings = settings_for(github, tmp_path, **of_gitlab(gitlab))
        async with main.opened(settings, address, clock=github.clock) as usher:
            stop, listener = asyncio.Event(), serving.listen("127.0.0.1", 0)
            web = asyncio.create_task(serving.run_web(usher, stop, listener))
            yield Both(github, gitlab, usher, serving.address_of(listener))
            stop.set()
            await web


async def test_whoever_signs_in_with_both_links_them_and_takes_it_back(both: Both) -> None:
    async with both.signed_in(github="ben") as client:
        assert "Sign in with GitLab too" in (await client.get("/me")).text
    async with both.signed_in(**BEN) as client:
        assert await both.links() == []
        assert "You are ben on GitHub and b.braun on GitLab" in (await client.get("/me")).text
        said = await both.do(client, "/me/accounts/link")
        assert "count as one person" in said.text
        assert "You said so." in said.text
        assert (await client.get("/me.json")).json()["linked"] == {**BEN, "by": "person"}
        assert await both.links() == [("ben", "b.braun", "person")]
        await both.do(client, "/me/accounts/part")
        assert await both.links() == [("ben", "b.braun", "apart")]
        assert "Counted as one person" in (await client.get("/me")).text


async def test_with_one_account_alone_nobody_is_linked(both: Both) -> None:
    async with both.signed_in(github="ben") as client:
        assert (await both.do(client, "/me/accounts/link")).status_code == 400
    assert await both.links() == []


async def test_the_same_verified_address_links_accounts_that_sign_in_apart(both: Both) -> None:
    both.same_address("ben", "b.braun")
    async with both.signed_in(github="ben"), both.signed_in(github="ana"), both.signed_in(gitlab="ana"):
        assert await both.links() == []
        async with both.signed_in(gitlab="b.braun") as client:
            assert await both.links() == [("ben", "b.braun", "address")]
            assert "the same verified e-mail address" in (await client.get("/me")).text
            # Whoever wants it otherwise is heard, also at the next sign-in.
            await both.do(client, "/me/accounts/part")
    async with both.signed_in(gitlab="b.braun"), both.signed_in(github="ben"):
        assert await both.links() == [("ben", "b.braun", "apart")]


async def test_no_address_is_kept_and_none_after_the_person_is_erased(both: Both) -> None:
    both.same_address("ben", "b.braun")
    async with both.signed_in(**BEN) as client:
        async with both.usher.database.begin() as connection:
            kept = (await connection.execute(sa.select(viewer_address.c.digest))).scalars().all()
        assert len(kept) == 2
        assert {len(each) for each in kept} == {32}
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', (await client.get("/me")).text)
        assert found is not None
        form = {"csrf": found[1], "sure": "yes"}
        await client.post("/me/erase", data=form, headers={"origin": both.url})
    assert await both.links() == []
    async with both.usher.database.begin() as connection:
        assert (await connection.execute(sa.select(viewer_address))).all() == []


async def test_a_public_address_does_where_the_app_may_not_read_the_others(both: Both) -> None:
    both.same_address("ben", "b.braun")
    del both.github.site.registration.permissions["email_addresses"]
    async with both.signed_in(**BEN):
        assert await both.links() == []
    both.github.person("ben").account.shows_address = True
    async with both.signed_in(**BEN):
        assert await both.links() == [("ben", "b.braun", "address")]


async def test_of_an_address_that_two_accounts_have_nothing_follows(both: Both) -> None:
    both.same_address("ben", "b.braun")
    both.gitlab.person("ana").account.address = "ben@corp.example"
    async with both.signed_in(gitlab="ana"), both.signed_in(gitlab="b.braun"), both.signed_in(github="ben"):
        assert await both.links() == []


async def test_the_settings_go_before_what_people_say(both: Both) -> None:
    async with both.usher.database.begin() as connection:
        await linked_people.configure(connection, [("Ben", "ana")])
    async with both.signed_in(**BEN) as client:
        assert "Whoever runs Usher said so" in (await client.get("/me")).text
        assert (await both.do(client, "/me/accounts/link")).status_code == 409
        await both.do(client, "/me/accounts/part")
    assert await both.links() == [("ben", "ana", "configuration")]
