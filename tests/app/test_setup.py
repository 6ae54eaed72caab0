"""The first hour: no forge, a link, an App made from its manifest, installed, and the webhook proven."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from app import main, serving
from app.commands.doctor import examine
from app.forges.github.needs import PERMISSIONS, event_names
from app.forges.sandbox import Sandbox
from app.settings import Settings, read_settings
from app.store import setup_passes
from app.store.tables import credential, setup_pass
from tests.stories import MONDAY_NINE, settings_for

pytestmark = pytest.mark.slow


@dataclass
class Fresh:
    """An Usher to which no forge is connected, and the browser of whoever sets it up."""

    forge: Sandbox
    usher: main.Usher
    url: str
    browser: httpx2.AsyncClient

    async def link(self) -> str:
        async with self.usher.database.begin() as connection:
            return f"/setup?key={await setup_passes.issue(connection, 'link')}"

    async def create_app(self) -> httpx2.Response:
        """Through the form, as a person would: fill it in, look at the permissions, press the button."""
        await self.browser.get(await self.link())
        shown = await self.browser.post(
            "/setup/github", data={"organisation": "shop", "public_url": self.url}
        )
        assert shown.status_code == 200, shown.text
        [target] = re.findall(r'action="(http[^"]+)"', shown.text)
        [manifest] = re.findall(r'name="manifest" value="([^"]+)"', shown.text)
        return await self.browser.post(html.unescape(target), data={"manifest": html.unescape(manifest)})

    async def install(self) -> httpx2.Response:
        slug = self.forge.registration.slug
        return await self.browser.post(
            f"{self.forge.url}/apps/{slug}/installations/new", data={"account": "shop"}
        )


def unconnected(forge: Sandbox, folder: Path) -> Settings:
    known = settings_for(forge, folder, github_web_url=forge.url, new_installations="preview")
    changes = {"github_app_id": None, "github_private_key": None, "github_webhook_secrets": ""}
    return read_settings(**{**known.model_dump(exclude_unset=True), **changes})


@pytest.fixture
async def forge() -> AsyncIterator[Sandbox]:
    async with Sandbox(webhook_secret="unknown to Usher", start=MONDAY_NINE) as sandbox:
        sandbox.organisation("shop")
        sandbox.repository("shop/api", files={"a.py": "1\n"})
        for each in list(sandbox.world.installations):
            del sandbox.world.installations[each]
        yield sandbox


@pytest.fixture
async def fresh(forge: Sandbox, address: str, tmp_path: Path) -> AsyncIterator[Fresh]:
    async with main.opened(unconnected(forge, tmp_path), address, clock=forge.clock) as usher:
        stop = asyncio.Event()
        listener = serving.listen("127.0.0.1", 0)
        url = serving.address_of(listener)
        parts = [
            asyncio.create_task(serving.run_web(usher, stop, listener)),
            asyncio.create_task(usher.work.run(stop, concurrency=2)),
        ]
        async with httpx2.AsyncClient(base_url=url, follow_redirects=True) as browser:
            yield Fresh(forge, usher, url, browser)
        stop.set()
        await asyncio.gather(*parts)


async def test_from_nothing_to_a_connected_organisation(fresh: Fresh) -> None:
    """Front page → link → what is asked for → App made → installed → delivery arrives → preview."""
    front = await fresh.browser.get("/")
    assert "usher setup" in front.text
    created = await fresh.create_app()
    assert created.url.path == "/setup/check"
    assert "Install the App" in created.text
    assert "installed nowhere" in created.text
    installed = await fresh.install()
    assert installed.url.path == "/setup/check"
    async with asyncio.timeout(20):
        while "Usher is connected" not in (page := await fresh.browser.get("/setup/check")).text:
            await asyncio.sleep(0.05)
    assert "usher live shop" in page.text
    assert "The last delivery, installation, was answered" in page.text
    assert fresh.usher.github.is_ready


async def test_the_app_asks_for_exactly_what_is_written_down(fresh: Fresh) -> None:
    await fresh.create_app()
    registered = fresh.forge.registration
    assert registered.permissions == {each.name: each.level for each in PERMISSIONS if not each.optional}
    assert registered.events == event_names()


async def test_a_link_works_once_and_the_pages_are_closed_without_it(fresh: Fresh) -> None:
    link = await fresh.link()
    assert (await fresh.browser.get(link)).status_code == 200
    async with httpx2.AsyncClient(base_url=fresh.url, follow_redirects=True) as stranger:
        assert (await stranger.get(link)).status_code == 403
        for path in ("/setup", "/setup/check", "/setup/github/created?code=a&state=b"):
            assert (await stranger.get(path)).status_code == 403
        refused = await stranger.post("/setup/github", data={"organisation": "shop", "public_url": fresh.url})
        assert refused.status_code == 403


async def test_another_visits_state_is_not_taken(fresh: Fresh) -> None:
    """Somebody who lures an operator to the last step with a code of their own App gets nowhere."""
    await fresh.browser.get(await fresh.link())
    lured = await fresh.browser.get("/setup/github/created?code=abc&state=of-another-visit")
    assert lured.status_code == 403
    assert not fresh.usher.github.is_ready


async def test_a_code_that_github_does_not_know_is_said_in_a_sentence(fresh: Fresh) -> None:
    await fresh.browser.get(await fresh.link())
    async with fresh.usher.database.begin() as connection:
        state = await connection.scalar(sa.select(setup_pass.c.state).where(setup_pass.c.kind == "visit"))
    failed = await fresh.browser.get(f"/setup/github/created?code=abc&state={state}")
    assert failed.status_code == 502
    assert "keys could not be fetched" in failed.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"organisation": "-shop"}, "no login of an organisation"),
        ({"organisation": "shop", "name": "n" * 35}, "at most 34"),
        ({"organisation": "shop", "public_url": "usher.example.org"}, "is no address"),
        ({"organisation": "shop", "public_url": "http://usher.example.org"}, "must begin with https"),
        ({"organisation": "shop", "public_url": "https://[x"}, "is no address"),
        ({"organisation": "shop", "public_url": "https://usher.example.org:99999"}, "is no address"),
        ({}, "no login of an organisation"),
    ],
)
async def test_what_cannot_be_used_is_said_beside_the_form(
    fresh: Fresh, given: dict[str, str], said: str
) -> None:
    await fresh.browser.get(await fresh.link())
    shown = await fresh.browser.post("/setup/github", data={"public_url": fresh.url, **given})
    assert shown.status_code == 422
    assert said in html.unescape(shown.text)


async def test_keys_are_stored_sealed_and_found_again_by_another_process(
    fresh: Fresh, address: str, tmp_path: Path
) -> None:
    await fresh.create_app()
    async with fresh.usher.database.begin() as connection:
        [sealed] = (await connection.execute(sa.select(credential.c.sealed))).scalars()
    key = fresh.forge.private_key
    assert key.encode()[40:80] not in sealed
    assert fresh.forge.webhook_secret.encode() not in sealed
    async with main.opened(unconnected(fresh.forge, tmp_path), address, clock=fresh.forge.clock) as other:
        assert other.github.secrets == (fresh.forge.webhook_secret,)
        assert other.github.client is not None
    for page in ("/", "/setup/check"):
        shown = (await fresh.browser.get(page)).text
        assert fresh.forge.webhook_secret not in shown
        assert "PRIVATE KEY" not in shown


async def test_of_two_apps_that_are_made_at_once_the_first_stays(fresh: Fresh) -> None:
    """Two windows of one visit, or the button pressed twice: what runs and what is stored are one App."""
    await fresh.create_app()
    first, secrets = fresh.usher.github.known, fresh.usher.github.secrets
    async with fresh.usher.database.begin() as connection:
        state = await connection.scalar(sa.select(setup_pass.c.state).where(setup_pass.c.kind == "visit"))
        before = await connection.scalar(sa.select(credential.c.sealed))
    again = await fresh.browser.get(f"/setup/github/created?code=abc&state={state}")
    assert again.status_code == 409
    assert "connected with an App already" in again.text
    assert (fresh.usher.github.known, fresh.usher.github.secrets) == (first, secrets)
    async with fresh.usher.database.begin() as connection:
        assert await connection.scalar(sa.select(credential.c.sealed)) == before


async def test_no_app_is_made_that_half_of_the_settings_would_hide(
    forge: Sandbox, address: str, tmp_path: Path
) -> None:
    known = unconnected(forge, tmp_path).model_dump(exclude_unset=True)
    settings = read_settings(**{**known, "github_webhook_secrets": "a-secret-of-some-length"})
    async with main.opened(settings, address, clock=forge.clock) as usher:
        stop, listener = asyncio.Event(), serving.listen("127.0.0.1", 0)
        running = asyncio.create_task(serving.run_web(usher, stop, listener))
        url = serving.address_of(listener)
        async with httpx2.AsyncClient(base_url=url, follow_redirects=True) as browser:
            await browser.get(await Fresh(forge, usher, url, browser).link())
            shown = await browser.post("/setup/github", data={"organisation": "shop", "public_url": url})
        stop.set()
        await running
    assert shown.status_code == 422
    assert "unset USHER_GITHUB_WEBHOOK_SECRETS" in shown.text


@pytest.mark.parametrize("path", ["/setup/github", "/setup/gitlab"])
async def test_a_stranger_is_refused_before_their_form_is_read_and_a_form_has_an_end(
    fresh: Fresh, path: str
) -> None:
    url = httpx2.URL(fresh.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    kind = "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nhost: usher\r\ncontent-type: {kind}\r\ncontent-length: 4000000000\r\n\r\na=b"
    writer.write(head.encode())
    async with asyncio.timeout(5):
        assert b" 403 " in await reader.readline()
    writer.close()
    await fresh.browser.get(await fresh.link())
    vast = await fresh.browser.post(
        path, content=b"organisation=" + b"x" * 70_000, headers={"content-type": kind}
    )
    assert vast.status_code == 413


# --- The doctor ---------------------------------------------------------------------------------------------


async def found(fresh: Fresh, address: str, folder: Path) -> dict[str, tuple[str, str]]:
    settings = read_settings(
        **{
            **unconnected(fresh.forge, folder).model_dump(exclude_unset=True),
            "database_url": address,
            "public_url": fresh.url,
        }
    )
    return {each.name: (each.status, each.found) async for each in examine(settings)}


async def test_the_doctor_names_what_is_missing_and_is_content_afterwards(
    fresh: Fresh, address: str, tmp_path: Path
) -> None:
    before = await found(fresh, address, tmp_path)
    assert before["database"][0] == "well"
    assert before["forges"] == ("failed", "No forge is connected.")
    await fresh.create_app()
    fresh.forge.registration.permissions = {
        **fresh.forge.registration.permissions,
        "checks": "read",
        "members": "none",
    }
    fresh.forge.registration.events = tuple(set(event_names()) - {"team_add", "push"})
    sick = await found(fresh, address, tmp_path)
    status, said = sick["github.permissions"]
    assert status == "failed"
    assert "Checks: write" in said
    assert "Members (organisation): read" in said
    assert "Contents" not in said
    status, said = sick["github.events"]
    assert (status, said) == ("failed", "The App does not subscribe to push, team_add.")
    assert sick["github.installations"][0] == "failed"
    fresh.forge.registration.permissions = {
        each.name: each.level for each in PERMISSIONS if not each.optional
    }
    fresh.forge.registration.events = event_names()
    await fresh.install()
    async with asyncio.timeout(20):
        while (await found(fresh, address, tmp_path))["github.deliveries"][0] != "well":
            await asyncio.sleep(0.1)
    healthy = await found(fresh, address, tmp_path)
    assert {name for name, (status, _) in healthy.items() if status == "failed"} == set()
    assert "shop" in healthy["dry run"][1]


def test_the_answer_for_scripts_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    from app.commands.doctor import report
    from app.doctor.checks import failed, well

    assert report([well("a", "fine"), failed("b", "broken", "mend it")], as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["well"] is False
    assert said["checks"][1] == {"name": "b", "status": "failed", "found": "broken", "mend": "mend it"}
    assert report([well("a", "fine")], as_json=False) == 0
