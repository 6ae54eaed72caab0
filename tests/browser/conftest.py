"""A real browser on the demo's organisation: one forge, one Usher and one Chromium for all journeys."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from app import logs, main, serving
from app.demo import organisation as demo_organisation
from app.demo.organisation import Company
from app.forges.sandbox import Sandbox
from app.main import Usher
from app.rounds.quarters import keep_now
from app.settings import read_settings
from tests.conftest import new_database
from tools import browser

SECRET = "the-secret-of-the-browser-tests"
DAYS = 3

_WATCH = """
window.__violations = [];
document.addEventListener(
    'securitypolicyviolation', e => window.__violations.push(e.violatedDirective + ' ' + e.blockedURI));
"""


@dataclass
class Stage:
    """The organisation, the Usher that serves it, and where its pages are."""

    forge: Sandbox
    usher: Usher
    url: str
    company: Company


@pytest.fixture(scope="session")
async def stage(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    logs.configure("error")
    address = new_database(migrated, "usher")
    async with Sandbox(webhook_secret=SECRET) as forge:
        forge.organisation("shop")
        settings = read_settings(
            data_dir=tmp_path_factory.mktemp("usher"),
            github_api_url=forge.url,
            github_web_url=forge.url,
            github_app_id=forge.app_id,
            github_private_key=forge.private_key,
            github_webhook_secrets=SECRET,
            github_client_id=forge.client_id,
            github_client_secret=forge.client_secret,
            github_write_seconds=0,
            github_writes_per_hour=1_000_000,
            github_reads_per_minute=1_000_000,
            gather_seconds=0.05,
            sweep_seconds=0.1,
            new_installations="live",
            operators="github:shop/platform",
        )
        async with main.opened(settings, address, clock=forge.clock, stand_ins=("ben", "dora")) as usher:
            stop, listener = asyncio.Event(), serving.listen("127.0.0.1", 0)
            url = serving.address_of(listener)
            forge.webhook_url = f"{url}/webhooks/github"
            parts = [
                asyncio.create_task(serving.run_web(usher, stop, listener)),
                asyncio.create_task(usher.work.run(stop, concurrency=4)),
            ]

            async def settle(_what: str) -> None:
                async with asyncio.timeout(120):
                    while True:
                        await forge.idle()
                        if await usher.work.idle():
                            await forge.idle()
                            if await usher.work.idle():
                                return
                        await asyncio.sleep(0.02)

            company = demo_organisation.found(forge)
            await settle("")
            await demo_organisation.live(company, forge, settle, days=DAYS)
            await keep_now(usher.database, forge.clock)
            yield Stage(forge, usher, url, company)
            stop.set()
            await asyncio.gather(*parts)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = browser.find()
    if path is None:
        pytest.fail(browser.HOW)
    async with async_playwright() as playwright:
        # As root Chromium starts without its own sandbox only; the pages are ours.
        opened = await playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox"])
        yield opened
        await opened.close()


@dataclass
class Visit:
    """A page in a browser in which somebody has signed in; it fails the test where a page breaks its own rules."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    async def to(self, path: str) -> Page:
        answer = await self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.page

    async def text(self) -> str:
        return await self.page.inner_text("main")


@asynccontextmanager
async def visiting(chromium: Browser, stage: Stage, who: str, **options: Any) -> AsyncIterator[Visit]:
    """`options` of the browser's context: `color_scheme`, `viewport`, `java_script_enabled`."""
    context = await chromium.new_context(**options)
    page = await context.new_page()
    page.set_default_timeout(20_000)
    visit = Visit(page, stage.url)
    page.on("pageerror", lambda error: visit.problems.append(f"script: {error}"))
    page.on("console", lambda said: visit.problems.append(said.text) if said.type == "error" else None)
    await page.add_init_script(_WATCH)
    await page.goto(f"{stage.url}/login/github?who={who}")
    try:
        yield visit
    finally:
        with contextlib.suppress(Exception):
            if options.get("java_script_enabled", True):
                visit.problems += await page.evaluate("window.__violations")
        await context.close()
    assert visit.problems == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's script."""
    return Path(browser.axe()).read_text(encoding="utf-8")
