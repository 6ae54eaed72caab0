"""The first hour in a browser: a link, a form, an App made on the forge, installed, and the webhook proven."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from app.forges.sandbox import GitLabSandbox
from tests.app.test_setup import Fresh, forge, fresh
from tests.app.test_setup_gitlab import Visits, gitlab, visiting
from tests.browser.conftest import _WATCH

__all__ = ["forge", "fresh", "gitlab", "visiting"]  # fixtures

pytestmark = pytest.mark.slow


async def _is_for_everybody(page: Page, axe: str) -> None:
    await page.evaluate(axe)
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [each["id"] for each in found["violations"] if each["impact"] in ("serious", "critical")] == []
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def test_from_a_link_to_a_connected_organisation(chromium: Browser, fresh: Fresh, axe: str) -> None:
    """Across two origins, as in life: the page's own rules must let the form reach the forge and come back."""
    context = await chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = await context.new_page()
    problems: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error" and said.location["url"].startswith(
            fresh.url
        ):  # the forge's pages are its own
            problems.append(said.text)

    page.on("console", heard)
    await page.add_init_script(_WATCH)
    try:
        await page.goto(fresh.url + await fresh.link())
        assert "key=" not in page.url
        await _is_for_everybody(page, axe)
        await page.get_by_role("link", name="Connect GitHub").click()
        await _is_for_everybody(page, axe)
        await page.locator("#organisation").fill("shop")
        await page.get_by_role("button", name="See what Usher asks for").click()
        await expect(page.get_by_role("heading", name="What Usher asks shop for")).to_be_visible()
        await _is_for_everybody(page, axe)
        await page.get_by_role("button", name="Create the App on GitHub").click()
        await expect(page.get_by_role("heading", name="Almost there")).to_be_visible()
        await page.get_by_role("link", name="Install the App").click()
        await page.get_by_role("button", name="shop").click()
        # The page looks again by itself until the first delivery has arrived.
        await expect(page.get_by_role("heading", name="Usher is connected")).to_be_visible(timeout=30_000)
        await expect(page.get_by_text("usher live shop").first).to_be_visible()
    finally:
        await context.close()
    assert problems == []


async def test_a_token_is_tried_and_the_command_is_there_to_copy(
    chromium: Browser, gitlab: GitLabSandbox, visiting: Visits, axe: str
) -> None:
    async with visiting({}) as browser:
        url = str(browser.base_url).rstrip("/")
        context = await chromium.new_context(viewport={"width": 390, "height": 844})
        await context.add_cookies(
            [{"name": "usher_setup", "value": browser.cookies["usher_setup"], "url": f"{url}/setup"}]
        )
        page = await context.new_page()
        try:
            await page.goto(f"{url}/setup")
            await page.get_by_role("link", name="Connect GitLab").click()
            await _is_for_everybody(page, axe)
            await page.locator("#place").fill("shop")
            await page.locator("#token").fill(gitlab.token)
            await page.get_by_role("button", name="Try it").click()
            await expect(page.get_by_role("heading", name="It works")).to_be_visible()
            await expect(page.get_by_text("usher gitlab connect --group shop")).to_be_visible()
            assert await page.locator("#token").input_value() == ""
            await _is_for_everybody(page, axe)
        finally:
            await context.close()
