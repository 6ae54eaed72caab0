"""What people and machines find in the catalogue, and who finds what."""

from __future__ import annotations

import json

import httpx2
import pytest
import sqlalchemy as sa

from app.store.tables import clock, machine_token, outcome, session, viewer
from tests.handlers.test_sign_in import csrf_of
from tests.stories import Bot, Shop

pytestmark = pytest.mark.slow


@pytest.fixture
async def listed(bot: Bot, world: Shop) -> Shop:
    """Two repositories that are shared, and one that uses a package of the first."""
    inner = json.dumps({"title": "Retry kit", "motivation": "Try again, politely.", "skills": ["typescript"]})
    files = {
        "innersource.json": inner,
        "package.json": '{"name": "@shop/retry-kit"}',
        "README.md": "# Backoff\n",
    }
    world.dora.commits(world.api, files)
    world.forge.repository("shop/cart", files={"package.json": '{"dependencies": {"@shop/retry-kit": "1"}}'})
    mailer = {"innersource.json": '{"title": "Mailer"}', "README.md": "# Mails\n"}
    world.forge.repository("shop/mailer", files=mailer)
    await bot.settled()
    return world


async def test_searching(bot: Bot, listed: Shop) -> None:
    cases = [
        ("retry", "Retry kit", "Mailer"),
        ("politely", "Retry kit", "Mailer"),
        ("backoff", "Retry kit", "Mailer"),  # a heading of its README
        ("typescript", "Retry kit", "Mailer"),
        ("", "Mailer", "Nothing"),
        ("'; drop table entry; --", "Nothing is called", "Internal"),
        ("%_\\", "Nothing is called", "Retry kit"),
        ("maler", "Did you mean", "Retry kit"),
        ("ret kit", "Did you mean", "Mailer"),
        ("hop mail", "shop/mailer", "Did you mean"),  # the pieces of its name, however they are joined
        ("\u0000\u202e" + "x" * 900, "Nothing is called", "Internal"),
        ('"unclosed or -', "Nothing is called", "Internal"),
    ]
    async with bot.visited_by("erin") as client:
        for query, expected, unexpected in cases:
            page = await client.get("/catalogue", params={"q": query})
            assert page.status_code == 200, query
            assert expected in page.text, query
            assert unexpected not in page.text, query


async def test_the_page_of_a_repository_says_who_owns_what_and_who_uses_it(bot: Bot, listed: Shop) -> None:
    change = listed.ana.opens(listed.api, touching=["docs/guide.md"], title="A better guide")
    await bot.settled()
    async with bot.visited_by("erin") as client:
        page = (await client.get(f"/r/{bot.forge.kind}/shop/api", params={"path": "docs/guide.md"})).text
        assert (await client.get(f"/r/{bot.forge.kind}/shop/none")).status_code == 404
        assert (await client.get("/r/nowhere/shop/api")).status_code == 404
    assert "belongs to <strong>@erin</strong>" in page
    assert "shop/cart" in page
    assert change.title in page


async def test_addresses_and_forms_that_nothing_can_have_are_answered_all_the_same(
    bot: Bot, world: Shop
) -> None:
    await bot.settled()
    vast = 10**20
    missing = [
        f"/r/{bot.forge.kind}/shop/api%00",
        f"/r/{bot.forge.kind}/shop/api%ED%A0%80",
        f"/repositories/{vast}/{vast}",
        f"/changes/{vast}/change:1:1",
        "/changes/1/change%00",
        "/wins/2026-01%00",
        "/wins/20%D9%A3%D9%A3-01",
        f"/repositories/-1/{2**63}",
        f"/operations/accounts/{2**63}",
        "/%00",
    ]
    async with bot.visited_by("erin") as client:
        empty = await client.get("/flow.csv")
        assert empty.text.startswith("team,changes,guest_changes,")
        for address in ("/me.json", "/flow.csv", "/me"):  # nobody on the way keeps what one person may see
            assert (await client.get(address)).headers["cache-control"] == "no-store"
        for address in missing:
            assert (await client.get(address)).status_code == 404, address
        word, ours = csrf_of((await client.get("/me")).text), {"origin": bot.url}
        many = {f"field{number}": "" for number in range(60)} | {"csrf": word}
        assert (await client.post("/me/tokens", data=many, headers=ours)).status_code == 413
        for days in ("²", "9" * 5000, "-1", "1e3"):
            strange = {"csrf": word, "name": "portal", "scope": "catalogue", "days": days}
            refused = await client.post("/me/tokens", data=strange, headers=ours)
            assert "Give the token a name, what it may do, and its days." in refused.text
        named = {"csrf": word, "name": "por\0tal", "scope": "catalogue", "days": "30"}
        assert "ush_" in (await client.post("/me/tokens", data=named, headers=ours)).text
        dropped = await client.post(f"/me/tokens/{vast}/drop", data={"csrf": word}, headers=ours)
        assert dropped.status_code in (303, 404)


async def test_a_fault_of_our_own_is_not_told_as_a_page_that_is_missing(
    bot: Bot, world: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    async with bot.visited_by("erin") as client, bot.usher.database.begin() as connection:
        row = {"tenant_id": 1, "subject": "change:x:1", "state": "REVIEW", "projection": {}}
        row["updated_at"] = bot.usher.clock.now()
        await connection.execute(sa.insert(clock).values(row))
        await connection.commit()
        broken = await client.get("/changes", headers={"accept": "text/html"})
    assert broken.status_code == 500
    assert "a fault of Usher" in broken.text
    assert "frame-ancestors" in broken.headers["content-security-policy"]
    assert '"x"' not in caplog.text  # nor any other value of the row
    caplog.clear()


async def test_machines_read_what_their_person_may_and_nobody_else_anything(bot: Bot, listed: Shop) -> None:
    listed.forge.organisation("lab", base_permission="none")
    hidden = {"innersource.json": '{"title": "Under the cover"}'}
    listed.forge.repository("lab/hidden", files=hidden, collaborators={"ben": "write"})
    await bot.settled()
    async with bot.visited_by("erin") as client:
        form = {
            "csrf": csrf_of((await client.get("/me")).text),
            "name": "portal",
            "scope": "catalogue",
            "days": "30",
        }
        made = await client.post("/me/tokens", data=form, headers={"origin": bot.url})
    secret = made.text.partition("<code>ush_")[2].partition("<")[0]
    machine = {"authorization": f"Bearer ush_{secret}"}
    async with httpx2.AsyncClient(base_url=bot.url) as client:
        assert (await client.get("/repos.json")).json() == []
        told = await client.get("/repos.json", headers=machine)
        names = {each["full_name"] for each in told.json()}
        assert names == {"shop/api", "shop/mailer"}
        again = await client.get("/repos.json", headers={**machine, "if-none-match": told.headers["etag"]})
        assert again.status_code == 304
        assert "retry" in (await client.get("/backstage/catalog.yaml", headers=machine)).text.lower()
        assert (await client.get("/flow.json", headers=machine)).status_code == 403  # another scope
        wrong = {"authorization": "Bearer ush_" + "x" * 43}
        assert (await client.get("/repos.json", headers=wrong)).status_code == 401
    assert (await bot.rows(machine_token))[0].used_at is not None


async def test_a_public_repository_may_be_read_by_everybody_where_its_rules_say_so(
    bot: Bot, world: Shop
) -> None:
    files = {"innersource.json": "{}", ".github/usher.yml": "catalogue: {anonymous: true}\n"}
    world.forge.repository("shop/open", files=files, visibility="public")
    world.forge.repository("shop/closed", files=files)
    await bot.settled()
    async with httpx2.AsyncClient(base_url=bot.url) as client:
        assert [each["full_name"] for each in (await client.get("/repos.json")).json()] == ["shop/open"]


async def test_operations_are_for_operators(bot: Bot, world: Shop) -> None:
    await bot.settled()
    async with bot.visited_by("dora") as operator, bot.visited_by("erin") as other:
        assert "Where Usher is installed" in (await operator.get("/operations")).text
        assert (await other.get("/operations")).status_code == 404
        word = csrf_of((await other.get("/")).text)
        form = {"csrf": word, "letter": f"1:repository:{world.api.id}"}
        again = await other.post("/operations/replay", data=form, headers={"origin": bot.url})
        assert again.status_code == 404


async def test_whoever_wants_to_be_forgotten_is(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    world.later("2h")
    world.erin.reviews(change, "approve")
    await bot.settled()
    async with bot.visited_by("ana") as client:
        assert '"author": "ana"' in (await client.get("/me.json")).text
        form = {"csrf": csrf_of((await client.get("/me")).text)}
        ours = {"origin": bot.url}
        assert (await client.post("/me/erase", data=form, headers=ours)).status_code == 400
        await client.post("/me/erase", data={**form, "sure": "yes"}, headers=ours)
        assert "Sign out" not in (await client.get("/")).text
    [row] = await bot.rows(outcome)
    assert row.author.startswith("someone-")
    assert await bot.rows(session) == []
    assert await bot.rows(viewer) == []


async def test_every_page_answers_with_nothing_and_with_something(bot: Bot, listed: Shop) -> None:
    pages = (
        "/changes",
        "/candidates",
        "/flow",
        "/promises",
        "/wins",
        "/wins/2026-11",
        "/measures",
        "/flow.csv",
    )
    nowhere = ("/wins/2026-13", "/wins/x", "/flow?team=nobody", "/flow.xml", "/changes/x/y")
    async with bot.visited_by("erin") as client:
        answers = {path: (await client.get(path)).status_code for path in (*pages, *nowhere)}
    assert answers == dict.fromkeys(pages, 200) | dict.fromkeys(nowhere, 404)
