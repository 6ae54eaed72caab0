"""The first hour on GitLab: a token tried before it is set, the exact command, and the first delivery seen."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from app import gitlab_connect, main, serving
from app.forges.sandbox import GitLabSandbox
from app.settings import read_settings
from app.store import setup_passes
from tests.app.test_gitlab_connect import MASTER, prefix, tier, version
from tests.stories import MONDAY_NINE

__all__ = ["prefix", "tier", "version"]  # fixtures

pytestmark = pytest.mark.slow

Visits = Callable[[dict[str, object]], AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
async def gitlab() -> AsyncIterator[GitLabSandbox]:
    async with GitLabSandbox(tier="premium", version=(19, 2), start=MONDAY_NINE) as sandbox:
        sandbox.organisation("shop", hooked=False, bot="write")
        sandbox.person("olga", member_of="shop", owner=True)
        sandbox.repository("shop/api", hooked=False)
        yield sandbox


@pytest.fixture
def visiting(gitlab: GitLabSandbox, address: str, tmp_path: Path) -> Visits:
    """An Usher with these settings, in the browser of whoever sets it up."""

    @asynccontextmanager
    async def opened(given: dict[str, object]) -> AsyncIterator[httpx2.AsyncClient]:
        settings = read_settings(
            data_dir=tmp_path,
            gitlab_url=gitlab.url,
            master_keys=MASTER,
            gather_seconds=0.05,
            sweep_seconds=0.1,
            **given,
        )
        async with main.opened(settings, address, clock=gitlab.clock) as usher:
            stop, listener = asyncio.Event(), serving.listen("127.0.0.1", 0)
            url = serving.address_of(listener)
            parts = [
                asyncio.create_task(serving.run_web(usher, stop, listener)),
                asyncio.create_task(usher.work.run(stop, concurrency=2)),
            ]
            async with usher.database.begin() as connection:
                key = await setup_passes.issue(connection, "link")
            async with httpx2.AsyncClient(base_url=url, follow_redirects=True) as browser:
                await browser.get(f"/setup?key={key}")
                try:
                    yield browser
                finally:
                    stop.set()
                    await asyncio.gather(*parts)

    return opened


def words(page: httpx2.Response) -> str:
    return html.unescape(page.text)


async def test_the_first_page_offers_three_ways(visiting: Visits) -> None:
    async with visiting({}) as browser:
        offered = words(await browser.get("/setup"))
        for way in ('href="/setup/github"', 'href="/setup/gitlab"', "usher demo"):
            assert way in offered


async def test_a_token_is_tried_and_the_exact_command_follows(
    gitlab: GitLabSandbox, visiting: Visits
) -> None:
    """It is neither kept nor shown, and nothing was written on GitLab."""
    written: list[str] = []
    gitlab.on_exchange.append(lambda each: written.append(each.path) if each.method != "GET" else None)
    async with visiting({"public_url": "http://127.0.0.1:8080"}) as browser:
        owner = gitlab.access_token(gitlab.person("olga").account).value
        shown = words(await browser.post("/setup/gitlab", data={"place": "shop", "token": owner}))
        assert "The token is that of @olga" in shown
        assert "usher gitlab connect --group shop\n" in shown
        assert f"export USHER_GITLAB_URL={gitlab.url}" in shown
        assert "USHER_PUBLIC_URL" not in shown
        assert owner not in shown
        developer = words(
            await browser.post("/setup/gitlab", data={"place": "shop/api", "token": gitlab.token})
        )
        assert "usher gitlab connect --project shop/api --token-file OWNERS-TOKEN" in developer
        assert words(await browser.get("/setup/gitlab")).count("usher gitlab connect") == 0
    assert written == []


@pytest.mark.parametrize(
    ("place", "token", "said"),
    [
        ("shop", "glpat-of-nobody-at-all-1234", "GitLab does not accept the token"),
        ("shpo", "ours", "shows no group and no project 'shpo'"),
        ("shop", "", "A token is missing"),
        ("", "ours", "Write the path"),
        ("shop", "two words", "Write the path"),
        ("shop", "narrow", "Usher needs `api`"),
    ],
)
async def test_what_is_in_the_way_is_said_and_no_command_is_offered(
    gitlab: GitLabSandbox, visiting: Visits, place: str, token: str, said: str
) -> None:
    narrow = gitlab.access_token(gitlab.person("olga").account, scopes=("read_api",)).value
    given = {"ours": gitlab.token, "narrow": narrow}.get(token, token)
    async with visiting({}) as browser:
        shown = words(await browser.post("/setup/gitlab", data={"place": place, "token": given}))
        assert said in shown.replace("<code>", "`").replace("</code>", "`")
        assert "usher gitlab connect --" not in shown


async def test_strangers_may_try_no_tokens(visiting: Visits) -> None:
    async with (
        visiting({}) as browser,
        httpx2.AsyncClient(base_url=browser.base_url, follow_redirects=True) as stranger,
    ):
        assert (await stranger.get("/setup/gitlab")).status_code == 403
        tried = await stranger.post("/setup/gitlab", data={"place": "shop", "token": "glpat-abc"})
        assert tried.status_code == 403


async def test_once_it_is_set_the_page_waits_for_the_first_delivery(
    gitlab: GitLabSandbox, visiting: Visits, address: str, tmp_path: Path
) -> None:
    owner = gitlab.access_token(gitlab.person("olga").account).value
    async with visiting({"gitlab_token": owner}) as browser:
        url = str(browser.base_url).rstrip("/")
        page = words(await browser.get("/setup"))
        assert "No group is connected" in page
        assert "Nothing was delivered yet" in page
        told = words(await browser.post("/setup/gitlab", data={"place": "shop"}))
        assert "usher gitlab connect --group shop\n" in told.replace("</pre>", "\n")
        settings = read_settings(
            gitlab_url=gitlab.url, gitlab_token=owner, public_url=url, master_keys=MASTER, data_dir=tmp_path
        )
        assert (await gitlab_connect.connect(settings, "shop", None, None)).missing == []
        api = gitlab.repository("shop/web", files={"a.py": "1\n"}, hooked=False)
        gitlab.person("olga").opens(api, touching=["a.py"])
        async with asyncio.timeout(20):
            while "Usher is connected" not in (page := words(await browser.get("/setup/gitlab"))):
                await asyncio.sleep(0.1)
        assert "The last delivery, Merge Request Hook, came" in page
        assert "usher live shop" in page
