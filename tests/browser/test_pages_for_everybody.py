"""Every page for everybody: checked for accessibility, on a phone, in the dark, without any script."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, expect

from app.store.tables import clock
from tests.browser.conftest import Stage, visiting

pytestmark = pytest.mark.slow

PAGES = (
    "/", "/changes", "/catalogue", "/catalogue?q=retry", "/catalogue?q=nothinglikethis", "/r/github/shop/retry-kit",
    "/candidates", "/flow", "/flow?team=shop/platform", "/promises", "/wins", "/measures", "/operations", "/me",
    "/login",
)  # fmt: skip
LOOKS: tuple[dict[str, Any], ...] = (
    {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
)


async def _a_change(stage: Stage) -> str:
    query = sa.select(clock.c.tenant_id, clock.c.subject).order_by(clock.c.subject).limit(1)
    async with stage.usher.database.begin() as connection:
        row = (await connection.execute(query)).one()
    return f"/changes/{row.tenant_id}/{row.subject}"


@pytest.mark.parametrize("look", LOOKS, ids=["desk and light", "phone and dark"])
async def test_nothing_serious_stands_in_anybodys_way(
    chromium: Browser, stage: Stage, axe: str, look: dict[str, Any]
) -> None:
    async with visiting(chromium, stage, "dora", **look) as visit:
        for path in (*PAGES, await _a_change(stage)):
            await visit.to(path)
            await visit.page.evaluate(axe)
            found = await visit.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            serious = [
                (each["id"], [node["target"] for node in each["nodes"]][:3])
                for each in found["violations"]
                if each["impact"] in ("serious", "critical")
            ]
            assert serious == [], path
            wider = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, f"{path} is {wider} pixels too wide"
            visit.problems += await visit.page.evaluate("window.__violations")


async def test_everything_works_without_a_script(chromium: Browser, stage: Stage) -> None:
    async with visiting(chromium, stage, "dora", java_script_enabled=False) as visit:
        await visit.to("/catalogue")
        await visit.page.get_by_label("Words, names or packages").fill("retry")
        await visit.page.get_by_role("button", name="Find").click()
        await expect(visit.page.get_by_role("link", name="Retry kit", exact=True)).to_be_visible()
        await visit.to("/me")
        await visit.page.get_by_label("Name").fill("the portal")
        await visit.page.get_by_role("button", name="Make a token").click()
        await expect(visit.page.get_by_text("it is not shown again")).to_be_visible()
        await visit.page.get_by_role("button", name="Take it back").click()
        await expect(visit.page.get_by_role("button", name="Take it back")).to_have_count(0)
        await visit.page.locator("summary", has_text="D").first.click()
        await visit.page.get_by_role("button", name="Sign out").click()
        await expect(visit.page.get_by_role("link", name="Sign in with GitHub")).to_be_visible()
