"""Somebody who has never seen Usher answers five questions from its pages; and every page is for everybody.

One file, because the organisation on which it plays takes a while to build and is shared by all of it.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, expect

from app.store.tables import clock, obligation
from tests.browser.conftest import Stage, visiting

pytestmark = pytest.mark.slow

PAGES = (
    "/", "/changes", "/catalogue", "/catalogue?q=retry", "/catalogue?q=nothinglikethis", "/r/github/shop/retry-kit",
    "/candidates", "/flow", "/flow?team=shop/platform", "/promises", "/wins", "/measures", "/operations",
    "/operations/accounts/1", "/me", "/login",
)  # fmt: skip
LOOKS: tuple[dict[str, Any], ...] = (
    {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
)


# --- Five questions ---------------------------------------------------------------------------------------


async def _somebody_who_owes(stage: Stage) -> str:
    query = sa.select(obligation.c.party).where(
        obligation.c.ledger == "person", obligation.c.verdict.is_(None)
    )
    async with stage.usher.database.begin() as connection:
        owing = list((await connection.execute(query)).scalars())
    assert owing, "the organisation's story leaves nobody with an answer to give"
    return str(owing[0])


async def test_what_is_my_turn(chromium: Browser, stage: Stage) -> None:
    who = await _somebody_who_owes(stage)
    async with visiting(chromium, stage, who) as visit:
        waiting = visit.page.get_by_role("list", name="Changes that wait for your answer").get_by_role(
            "listitem"
        )
        await expect(waiting.first).to_be_visible()
        title = await waiting.first.get_by_role("link").inner_text()
        await waiting.first.get_by_role("link").click()
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text(title)
        why = visit.page.locator("section, main").get_by_text(re.compile(rf"^{who} was asked for"))
        await expect(why.first).to_be_visible()
        await expect(
            visit.page.get_by_role("img", name=re.compile("Time line of the promises"))
        ).to_be_visible()


async def test_who_owns_it(chromium: Browser, stage: Stage) -> None:
    async with visiting(chromium, stage, "ben") as visit:
        await visit.to("/catalogue?q=retry")
        await visit.page.get_by_role("link", name="Retry kit", exact=True).click()
        await visit.page.get_by_label("Path of a file").fill("src/backoff.ts")
        await visit.page.get_by_role("button", name="Who owns it?").click()
        await expect(visit.page.get_by_text("belongs to @shop/platform")).to_be_visible()


async def test_is_there_a_retry_library(chromium: Browser, stage: Stage) -> None:
    """With the keyboard alone, from any page."""
    async with visiting(chromium, stage, "ben") as visit:
        await visit.to("/measures")
        await visit.page.keyboard.press("Tab")
        assert await visit.page.evaluate("document.activeElement.textContent") == "To the content"
        for _ in range(20):
            await visit.page.keyboard.press("Tab")
            if await visit.page.evaluate("document.activeElement.id") == "find":
                break
        await visit.page.keyboard.type("retry")
        await visit.page.keyboard.press("Enter")
        first = visit.page.get_by_role("region", name="Results").get_by_role("listitem").first
        await expect(first).to_contain_text("Retry kit")
        await expect(first).to_contain_text("backoff and jitter")
        # Typing on finds on, without a new page.
        await visit.page.get_by_label("Words, names or packages").fill("cart")
        await expect(visit.page.get_by_role("region", name="Results")).to_contain_text("stays in the cart")
        await expect(visit.page).to_have_url(re.compile("q=cart"))
        await expect(visit.page.get_by_role("status")).to_have_text(re.compile(r"^\d+ repositor(y|ies)$"))


async def test_how_long_does_a_team_let_guests_wait(chromium: Browser, stage: Stage) -> None:
    async with visiting(chromium, stage, "ben") as visit:
        await visit.to("/")
        await visit.page.get_by_role("link", name="Teams", exact=True).click()
        await visit.page.get_by_role("link", name="shop/platform", exact=True).click()
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("shop/platform")
        figure = visit.page.locator(".figure", has_text="Guests wait")
        await expect(figure).to_contain_text(re.compile(r"\d+(\.\d)? h"))
        await figure.get_by_role("link", name="how").click()
        await expect(visit.page.locator("#guest-wait")).to_contain_text("S(t)")


async def test_what_did_sharing_win_us_this_month(chromium: Browser, stage: Stage) -> None:
    async with visiting(chromium, stage, "ben") as visit:
        await visit.to("/")
        await visit.page.get_by_role("link", name="Wins", exact=True).click()
        await expect(visit.page.get_by_role("heading", level=1)).to_contain_text("What sharing won us in")
        merged = visit.page.locator(".figure", has_text="Changes from other teams").locator("dd")
        count = int(await merged.inner_text())
        assert count > 0
        draft = await visit.page.get_by_label("Draft of the digest").input_value()
        assert f"**{count} change" in draft
        await expect(visit.page.get_by_text("Merged for others")).to_be_visible()


# --- For everybody ----------------------------------------------------------------------------------------


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
            cut = "[...document.querySelectorAll('.scroll:has(.drawing)')].some(e => e.scrollWidth > e.clientWidth)"
            assert not await visit.page.evaluate(cut), f"a picture on {path} does not fit"
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
