"""Signing in through the forge: who you are, what you may read, and what nobody can do in your place."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import httpx2
import pytest
import sqlalchemy as sa

from app.forges.sandbox.faults import Fault
from app.keys import Seal
from app.store import viewers
from app.store.tables import clock, machine_token, reach, session, signed_in, viewer
from policies.owners.answers import NAMES
from tests.stories import Bot, Shop, subject_of

pytestmark = pytest.mark.slow


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


async def test_whoever_has_not_signed_in_is_sent_to_do_so_and_comes_back(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"], title="A better guide")
    await bot.settled()
    wanted = f"/changes/1/{subject_of(change)}"
    async with httpx2.AsyncClient(base_url=bot.url) as client:
        first = await client.get(wanted)
        assert first.status_code == 303
        login = await client.get(first.headers["location"])
        assert "A better guide" not in login.text
        way = re.search(rf'href="(/login/{bot.forge.kind}\?[^"]*)"', login.text)
        assert way is not None
        at_the_forge = await client.get((await client.get(way[1].replace("&amp;", "&"))).headers["location"])
        assert "erin" in at_the_forge.text  # the forge asks who they are
        chosen = re.search(r'href="(\?[^"]*login(?:_hint)?=erin)"', at_the_forge.text)
        assert chosen is not None
        yes = await client.get(str(at_the_forge.url).partition("?")[0] + chosen[1].replace("&amp;", "&"))
        back = await client.get(yes.headers["location"])
        assert back.headers["location"] == wanted
        cookie = next(each for each in back.headers.get_list("set-cookie") if each.startswith("usher="))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "A better guide" in (await client.get(wanted)).text


async def test_a_session_is_kept_by_its_hash_and_its_token_sealed(bot: Bot, world: Shop) -> None:
    await bot.settled()
    async with bot.visited_by("erin") as client:
        [kept] = await bot.rows(session)
        [held] = await bot.rows(signed_in)
        cookie = client.cookies["usher"]
        assert kept.hash == viewers.hashed(cookie)
        assert b"ghu_" not in held.token
        assert b"glpat-" not in held.token
        # A second sign-in has a new secret, and the old one opens nothing.
        await client.get(f"/login/{bot.forge.kind}?who=erin")
        assert client.cookies["usher"] != cookie
        [kept_now] = await bot.rows(session)
        assert kept_now.hash != kept.hash


@pytest.mark.parametrize("column", ["seen_at", "created_at"])
async def test_a_session_ends_when_idle_and_after_a_working_day(bot: Bot, column: str) -> None:
    await bot.settled()
    async with bot.visited_by("erin") as client:
        assert "Sign out" in (await client.get("/")).text
        hours = {"seen_at": 1, "created_at": 8}[column]
        async with bot.usher.database.begin() as connection:
            late = sa.func.now() - sa.text(f"interval '{hours} hours 1 second'")
            await connection.execute(sa.update(session).values({column: late}))
        assert "Sign out" not in (await client.get("/")).text


async def test_what_the_forge_hides_is_missing_here_too(bot: Bot, world: Shop) -> None:
    world.forge.organisation("lab", base_permission="none")
    hidden = world.forge.repository("lab/hidden", files={"a.py": "1\n"}, collaborators={"ben": "write"})
    change = world.ben.opens(hidden, touching=["a.py"], title="Under the cover")
    await bot.settled()
    [row] = await bot.rows(clock, clock.c.subject == subject_of(change))
    page = f"/changes/{row.tenant_id}/{row.subject}"
    async with bot.visited_by("ben") as insider, bot.visited_by("erin") as outsider:
        assert "Under the cover" in (await insider.get(page)).text
        assert "Under the cover" in (await insider.get("/")).text
        assert (await outsider.get(page)).status_code == 404
        assert (await outsider.get(f"/repositories/{row.tenant_id}/{hidden.id}")).status_code == 404
        assert "Under the cover" not in (await outsider.get("/")).text


async def test_access_that_was_lost_is_noticed_within_ten_minutes(bot: Bot, world: Shop) -> None:
    world.forge.organisation("lab", base_permission="none")
    hidden = world.forge.repository("lab/hidden", files={"a.py": "1\n"}, collaborators={"ben": "admin"})
    change = world.ben.opens(hidden, touching=["a.py"], title="Under the cover")
    await bot.settled()
    async with bot.visited_by("ben") as client:
        assert "Under the cover" in (await client.get("/")).text
        mine = await bot.rows(reach, reach.c.repository_id == hidden.id)
        assert [each.level for each in mine] == ["admin"]
        hidden.collaborators.clear()
        async with bot.usher.database.begin() as connection:
            late = sa.func.now() - sa.text("interval '10 minutes 1 second'")
            await connection.execute(sa.update(viewer).values(checked_at=late))
        [row] = await bot.rows(clock, clock.c.subject == subject_of(change))
        assert (await client.get(f"/changes/{row.tenant_id}/{row.subject}")).status_code == 404


async def some_time_passes(bot: Bot) -> None:
    """What people may read was looked up so long ago that it is looked up again."""
    async with bot.usher.database.begin() as connection:
        late = sa.func.now() - sa.text("interval '11 minutes'")
        await connection.execute(sa.update(viewer).values(checked_at=late))


async def test_whose_token_the_forge_revoked_is_signed_out_and_told_so(bot: Bot, world: Shop) -> None:
    await bot.settled()
    async with bot.visited_by("erin") as client:
        world.forge.revoke_tokens(world.erin)
        await some_time_passes(bot)
        told = await client.get("/changes?of=erin")
        assert "Sign out" not in told.text
        assert f"{NAMES[bot.forge.kind]} does not let Usher ask for you any more" in told.text
        assert "next=/changes%3Fof%3Derin" in told.text  # back to where they were
    assert await bot.rows(session) == []


async def test_a_sign_in_outlasts_the_forges_token(bot: Bot, world: Shop) -> None:
    """GitLab's ends after two hours, GitHub's after eight; what is taken for the next one is good once."""
    await bot.settled()
    async with bot.visited_by("erin") as client:
        [first] = await bot.rows(signed_in)
        for _ in range(2):
            world.forge.wall.later("481m")
            await some_time_passes(bot)
            pages = await asyncio.gather(*(client.get("/changes") for _ in range(4)))
            assert ["Sign out" in each.text for each in pages] == [True] * 4
        [last] = await bot.rows(signed_in)
        assert (last.token, last.refresh) != (first.token, first.refresh)
        renewals = [
            each
            for each in bot.forge.ledger.exchanges
            if isinstance(each.body, dict) and each.body.get("grant_type") == "refresh_token"
        ]
        assert [each.status for each in renewals] == [200, 200]


async def test_a_forge_that_asks_to_slow_down_signs_nobody_out(bot: Bot, world: Shop) -> None:
    await bot.settled()
    async with bot.visited_by("erin") as client:
        await some_time_passes(bot)
        world.forge.faults.next(Fault(status=429), path="/user")
        assert (await client.get("/")).status_code == 503
        assert "Sign out" in (await client.get("/")).text


@pytest.mark.parametrize("lost", ["the key that sealed the token", "the forge's sign-in"])
async def test_who_can_be_asked_for_no_more_is_signed_out(bot: Bot, lost: str) -> None:
    """Operators took a key or a forge out of the settings: no page may go on with what was known before."""
    await bot.settled()
    async with bot.visited_by("erin") as client:
        async with bot.usher.database.begin() as connection:
            late = sa.func.now() - sa.text("interval '11 minutes'")
            await connection.execute(sa.update(viewer).values(checked_at=late))
            if lost == "the key that sealed the token":
                sealed = Seal([b"another master key, and of some length"]).close("a token")
                await connection.execute(sa.update(signed_in).values(token=sealed))
        doors = bot.usher.site._rest.state.visitors.doors  # type: ignore[union-attr]
        before = dict(doors)
        if lost == "the forge's sign-in":
            doors.clear()
        front = await client.get("/")
        doors.update(before)  # whoever opened them closes them
        assert front.status_code == 200
        assert "Sign out" not in front.text
    assert await bot.rows(session) == []


async def test_who_says_no_at_the_forge_hears_what_became_of_it(bot: Bot) -> None:
    async with httpx2.AsyncClient(base_url=bot.url) as client:
        away = httpx2.URL((await client.get(f"/login/{bot.forge.kind}")).headers["location"])
        query = f"error=access_denied&state={away.params['state']}"
        told = await client.get(f"/login/{bot.forge.kind}/callback?{query}")
    assert told.status_code == 403
    assert "you are not signed in" in told.text


async def test_forged_requests_change_nothing(bot: Bot, world: Shop) -> None:
    await bot.settled()
    async with bot.visited_by("erin") as client:
        word = csrf_of((await client.get("/")).text)
        ours, theirs = {"origin": bot.url}, {"origin": "https://elsewhere.example"}
        assert (await client.post("/logout", data={"csrf": word}, headers=theirs)).status_code == 403
        assert (await client.post("/logout", data={"csrf": word})).status_code == 403  # says not where from
        assert (await client.post("/logout", data={"csrf": "0" * 64}, headers=ours)).status_code == 403
        assert (await client.post("/logout", headers=ours)).status_code == 403
        assert "Sign out" in (await client.get("/")).text
        await client.post("/logout", data={"csrf": word}, headers=ours)
        assert "Sign out" not in (await client.get("/")).text


async def test_a_sign_in_that_was_not_begun_here_is_refused(bot: Bot) -> None:
    for query in ("code=x&state=y", "", "error=access_denied&state=y"):
        back = f"/login/{bot.forge.kind}/callback?{query}"
        async with httpx2.AsyncClient(base_url=bot.url) as client:
            assert (await client.get(back)).status_code == 400
            await client.get(f"/login/{bot.forge.kind}")
            assert (await client.get(back)).status_code == 400


async def test_a_code_is_worth_nothing_without_the_verifier(bot: Bot, world: Shop) -> None:
    """PKCE: somebody who catches the code in one browser cannot use it in another."""
    async with httpx2.AsyncClient(base_url=bot.url) as one, httpx2.AsyncClient(base_url=bot.url) as other:
        away = (await one.get(f"/login/{bot.forge.kind}?who=erin")).headers["location"]
        caught = (await one.get(away)).headers["location"]
        code = httpx2.URL(caught).params["code"]
        state = httpx2.URL((await other.get(f"/login/{bot.forge.kind}")).headers["location"]).params["state"]
        refused = await other.get(f"/login/{bot.forge.kind}/callback?code={code}&state={state}")
    assert refused.status_code == 403
    assert code not in refused.text


async def test_coming_back_leads_to_our_own_pages_only(bot: Bot) -> None:
    await bot.settled()
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"):
        async with httpx2.AsyncClient(base_url=bot.url) as client:
            away = await client.get(f"/login/{bot.forge.kind}", params={"who": "erin", "next": target})
            home = await client.get((await client.get(away.headers["location"])).headers["location"])
        assert home.headers["location"] == "/", target


async def test_a_machine_token_is_hashed_scoped_and_ends(bot: Bot, world: Shop) -> None:
    await bot.settled()
    async with bot.visited_by("erin"):
        [known] = await bot.rows(viewer)
    async with bot.usher.database.begin() as connection:
        with pytest.raises(ValueError, match="365 days"):
            await viewers.new_machine_token(connection, known.id, "portal", "catalogue", 366)
        secret = await viewers.new_machine_token(connection, known.id, "portal", "catalogue", 365)
        found = await viewers.machine(connection, secret)
        assert found is not None
        assert found.scope == "catalogue"
        assert await viewers.machine(connection, secret + "x") is None
        long_ago = sa.func.now() - timedelta(days=31)  # since then they may have left
        await connection.execute(sa.update(viewer).values(checked_at=long_ago))
        assert await viewers.machine(connection, secret) is None
    [kept] = await bot.rows(machine_token)
    assert secret.encode() not in kept.hash
    assert secret.startswith("ush_")
