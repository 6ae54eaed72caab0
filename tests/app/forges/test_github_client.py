"""How Usher treats GitHub: tokens, limits, failures, and answers it already has."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.forges.calls import Call
from app.forges.github.adapter import GitHub
from app.forges.github.tokens import AppKey, Opens, Token
from app.forges.limits import Pace
from app.forges.sandbox.faults import Fault
from app.forges.server_clock import ServerClock
from handlers.ports import Forbidden, Gone, Locked, Suspended, Throttled, Unavailable, Unsure

MINT = "access_tokens"
PULLS = "/repos/{owner}/{repo}/pulls/{number}"


def mints(shop) -> int:
    return sum(MINT in call for call in shop.calls())


# --- Tokens ---------------------------------------------------------------------------------------------


async def test_a_token_opens_one_repository_for_reading_or_for_writing(github, shop, change):
    await github.say(change, "Hello")
    await github.team("shop/pay")
    scopes = {
        (exchange.method, exchange.path): exchange.scope
        for exchange in shop.forge.ledger.exchanges
        if exchange.scope.kind == "installation"
    }
    reading = scopes["GET", "/repos/shop/api/pulls/1"]
    writing = scopes["POST", "/repos/shop/api/issues/1/comments"]
    lists = scopes["GET", "/orgs/shop/teams/pay/members"]
    assert reading.repositories == writing.repositories == {shop.api.id}
    assert set(reading.permissions.values()) == {"read"}
    assert {name for name, level in writing.permissions.items() if level == "write"} == {
        "pull_requests",
        "issues",
        "checks",
    }
    assert "contents" not in writing.permissions
    assert lists.repositories is None
    assert lists.permissions == {"metadata": "read", "members": "read"}


async def test_many_calls_at_once_mint_one_token(github, shop):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    paths = [f"f{number}" for number in range(20)]
    shop.calls()
    await asyncio.gather(*(github.file(shop.ref, path, opened.head) for path in paths))
    assert mints(shop) == 1


async def test_a_token_that_is_no_longer_taken_is_replaced_once(github, shop, change):
    shop.forge.github.desk.tokens.clear()  # as if the forge had revoked them all
    calls = (github.reviews(change), github.remarks(change), github.touched(change))
    assert [len(found) for found in (await asyncio.gather(*calls))[:2]] == [0, 0]
    # The token was young: it might only not have been known everywhere yet, which costs three waits first.
    assert mints(shop) == 1


async def test_a_fresh_token_that_is_not_known_everywhere_yet_costs_waits_and_no_second_token(
    github, shop, naps
):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    # Refused twice, as a replica does that has not heard of the token; how fast the test runs changes nothing.
    shop.forge.faults.next(Fault(status=401), times=2, path="/pulls/")
    assert (await github.change(shop.ref, opened.number)).number == opened.number
    assert naps.seconds == [1.0, 2.0]
    assert mints(shop) == 1


async def test_credentials_that_are_never_accepted_lock_usher_out_after_one_fresh_token(github, shop, naps):
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    shop.forge.faults.next(Fault(status=401), times=100, path="/pulls/")
    with pytest.raises(Locked):
        await github.change(shop.ref, opened.number)
    assert naps.seconds == [1.0, 2.0, 4.0]
    assert mints(shop) == 2


async def test_a_write_that_was_not_let_in_is_done_once_with_the_next_token(github, shop, change):
    shop.forge.faults.next(Fault(status=401), method="POST", path="/comments")
    await github.say(change, "Hello")
    assert [each.body for each in await github.remarks(change)] == ["Hello"]


class Hours:
    """A monotonic clock that the test moves on."""

    def __init__(self) -> None:
        self.later = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.later


async def test_tokens_are_renewed_after_fifty_minutes_of_their_hour(make_client, shop):
    hours = Hours()
    github = GitHub(make_client(monotonic=hours), shop.installation)
    await github.repository(shop.api.id)
    hours.later = 49 * 60
    await github.repository(shop.api.id)
    assert mints(shop) == 1
    hours.later = 51 * 60
    await github.repository(shop.api.id)
    assert mints(shop) == 1


async def test_what_is_no_token_is_not_used(make_client, shop):
    shop.forge.faults.next(Fault(status=201), path=MINT)
    with pytest.raises(Unavailable, match="no token"):
        await GitHub(make_client(), shop.installation).repository(shop.api.id)


async def test_a_token_is_never_shown(client, shop):
    token = await client.tokens.get(Opens(shop.installation, shop.api.id))
    assert len(token.value) > 500
    assert token.value not in repr(token)
    assert token.value not in token.fingerprint


async def test_a_repository_that_was_not_given_is_gone_and_a_foreign_installation_too(client, shop):
    shop.forge.organisation("other")
    foreign = shop.forge.repository("other/api")
    with pytest.raises(Gone):
        await GitHub(client, shop.installation).repository(foreign.id)
    with pytest.raises(Gone):
        await GitHub(client, 999).repository(shop.api.id)


@pytest.mark.parametrize("minted", [True, False])
async def test_a_suspended_installation_is_asked_once_an_hour(make_client, shop, minted):
    hours = Hours()
    client = make_client(monotonic=hours)
    github = GitHub(client, shop.installation)
    await github.repository(shop.api.id)
    shop.forge.suspend("shop")
    if not minted:
        client.forget(shop.installation)
    with pytest.raises(Suspended):
        await github.repository(shop.api.id)
    shop.calls()
    for _ in range(3):
        with pytest.raises(Throttled, match="suspended"):
            await github.repository(shop.api.id)
    assert shop.calls() == []
    shop.forge.suspend("shop", on=False)
    hours.later = 3601
    await github.repository(shop.api.id)


async def test_an_app_without_some_permissions_works_with_those_it_has(client, shop):
    shop.forge.permit("shop", {"metadata": "read", "contents": "read"})
    github = GitHub(client, shop.installation)
    assert await github.owners_file(shop.ref, shop.api.branches["main"]) is not None
    with pytest.raises(Forbidden):
        await github.open_changes(shop.ref)
    with pytest.raises(Forbidden):
        await github.team("shop/pay")


def new_key() -> str:
    return (
        rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


async def test_while_a_key_is_being_replaced_either_is_enough(make_client, shop):
    unknown = new_key()
    for keys in ([unknown, shop.forge.private_key], [shop.forge.private_key, unknown]):
        github = GitHub(make_client(private_key=keys), shop.installation)
        assert (await github.repository(shop.api.id)).ref == shop.ref
    with pytest.raises(Locked):
        await GitHub(make_client(private_key=unknown), shop.installation).repository(shop.api.id)


async def test_a_private_key_on_one_line_with_escaped_breaks_works(make_client, shop):
    one_line = shop.forge.private_key.replace("\n", "\\n")
    await GitHub(make_client(private_key=one_line), shop.installation).repository(shop.api.id)


@pytest.mark.parametrize("off", [-3600, -240, 240, 3600])
async def test_a_host_whose_clock_is_wrong_goes_by_the_forges(make_client, shop, off):
    client = make_client(local_clock=lambda: time.time() + off)
    github = GitHub(client, shop.installation)
    assert (await github.repository(shop.api.id)).ref == shop.ref
    assert client.clock.offset == pytest.approx(-off, abs=2)


def test_the_apps_signature_says_who_and_for_how_long():
    clock = ServerClock(lambda: 1_800_000_000.7)
    key = new_key()
    claims = jwt.decode(AppKey(4242, [key], clock).sign(), options={"verify_signature": False})
    assert claims == {"iss": "4242", "iat": 1_800_000_000 - 60, "exp": 1_800_000_000 + 540}
    with pytest.raises(ValueError, match="private key"):
        AppKey(4242, [], clock)


async def test_the_app_knows_its_own_name(client, shop):
    first = await client.who_am_i()
    assert (first.id, first.slug) == (shop.forge.app_id, "usher")
    shop.calls()
    assert await client.who_am_i() is first
    assert shop.calls() == []


# --- What is already known --------------------------------------------------------------------------------


async def test_asking_again_for_what_did_not_change_is_free(github, client, shop, change):
    left = client.budget(shop.installation)
    for _ in range(5):
        assert await github.change(shop.ref, change.number) == change
    assert client.calls[Call("GET", PULLS, 304, "hit")] == 5
    assert client.budget(shop.installation) == left
    shop.ana.edits(shop.api.changes[0], title="Another title")
    assert (await github.change(shop.ref, change.number)).title == "Another title"


async def test_an_etag_is_not_sent_with_another_token(github, client, shop, change):
    before = client.calls[Call("GET", PULLS, 200, "miss")]
    client.tokens.forget(shop.installation)
    assert await github.change(shop.ref, change.number) == change
    assert client.calls[Call("GET", PULLS, 200, "miss")] == before + 1


async def test_equal_reads_at_once_share_one_answer(github, client, shop, change):
    shop.forge.faults.next(Fault(delay=0.05), path="/pulls/1")
    found = await asyncio.gather(*(github.change(shop.ref, change.number) for _ in range(4)))
    assert found == [change] * 4
    assert len(shop.calls()) == 1
    assert sum(n for call, n in client.calls.items() if call.cache == "shared") == 3


async def test_one_caller_that_goes_away_does_not_take_the_answer_from_the_others(github, shop, change):
    shop.forge.faults.next(Fault(delay=0.05), path="/pulls/1")
    impatient = asyncio.create_task(github.change(shop.ref, change.number))
    patient = asyncio.create_task(github.change(shop.ref, change.number))
    await asyncio.sleep(0.01)
    impatient.cancel()
    assert await patient == change


async def test_a_read_after_a_write_never_shares_an_answer_from_before_it(github, shop, change):
    path = f"/issues/{change.number}/comments"
    shop.forge.faults.next(Fault(delay=0.1), method="GET", path=path)
    early = asyncio.create_task(github.remarks(change))
    await asyncio.sleep(0.02)
    await github.say(change, "Hello")
    assert [each.body for each in await github.remarks(change)] == ["Hello"]
    await early
    assert sum(call.startswith("GET") and path in call for call in shop.calls()) == 2


async def test_every_call_is_counted_by_method_operation_status_and_cache(make_client, shop):
    seen: Counter[Call] = Counter()
    seconds: list[float] = []

    def observe(call: Call, took: float) -> None:
        seen[call] += 1
        seconds.append(took)

    client = make_client(observe=observe)
    github = GitHub(client, shop.installation)
    await github.repository(shop.api.id)
    with pytest.raises(Gone):
        await github.change(shop.ref, 404)
    shop.forge.faults.next(Fault(cut=True), path="/pulls/5")
    with pytest.raises(Unavailable):
        await github.change(shop.ref, 5)
    assert seen == client.calls
    assert seen == {
        Call("POST", "/app/installations/{installation_id}/access_tokens", 201, "-"): 1,
        Call("GET", "/repositories/{repository_id}", 200, "miss"): 1,
        Call("GET", PULLS, 404, "miss"): 1,
        Call("GET", "/repositories/{repository_id}", 304, "hit"): 1,  # the name might have moved: it has not
        Call("GET", PULLS, 0, "miss"): 1,
    }
    assert all(took > 0 for took in seconds)


# --- When things go wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(status=502, html=True), Fault(status=200, html=True), Fault(cut=True)],
    ids=["500", "502 page", "200 page", "cut"],
)
async def test_a_failing_read_changed_nothing_and_a_failing_write_may_have(github, shop, change, fault):
    shop.forge.faults.next(fault, method="GET", path="/reviews")
    with pytest.raises(Unavailable):
        await github.reviews(change)
    fault.after_effect = True
    shop.forge.faults.next(fault, method="POST", path="/comments")
    with pytest.raises(Unsure):
        await github.say(change, "Hello")
    assert [each.body for each in await github.remarks(change)] == ["Hello"]


async def test_a_forge_that_is_not_there_is_unavailable_even_for_a_write(make_client, shop, change):
    await shop.forge._server.stop()
    lost = GitHub(make_client(), shop.installation)
    with pytest.raises(Unavailable):
        await lost.say(change, "Hello")


async def test_a_mint_that_fails_is_unavailable_never_unsure(make_client, shop, change):
    shop.forge.faults.next(Fault(status=502, html=True), path=MINT)
    with pytest.raises(Unavailable):
        await GitHub(make_client(), shop.installation).say(change, "Hello")


async def test_while_the_forge_fails_it_is_not_called_again_and_again(github, shop, change):
    shop.forge.faults.next(Fault(status=503), times=100)
    for number in range(20):
        with pytest.raises(Unavailable if number < 5 else Throttled):
            await github.reviews(change)
    assert len(shop.calls()) == 5


async def test_a_write_that_has_its_turn_is_the_one_that_tries_a_failing_forge(make_client, shop, change):
    """The turn is what tries; the request that uses it needs no second one, and all others wait meanwhile."""
    seconds = [0.0]
    github = GitHub(make_client(monotonic=lambda: seconds[0]), shop.installation)
    await github.say(change, "first")
    await github.reviews(change)  # the tokens for both are at hand now
    shop.forge.faults.next(Fault(status=503), times=5)
    for _ in range(5):
        with pytest.raises(Unavailable):
            await github.reviews(change)
    with pytest.raises(Throttled):
        await github.turn(shop.ref)
    seconds[0] += 31
    shop.calls()
    await github.turn(shop.ref)
    with pytest.raises(Throttled):
        await github.reviews(change)
    await github.say(change, "second")
    await github.reviews(change)
    assert [call.partition(" ")[0] for call in shop.calls()] == ["POST", "GET"]


async def test_a_secondary_limit_stops_writes_until_it_ends_and_reads_go_on(make_client, shop, change):
    github = GitHub(make_client(pace=Pace(0.1)), shop.installation)
    await github.say(change, "first")
    shop.forge.faults.block(72)
    shop.calls()
    with pytest.raises(Throttled) as limited:
        await github.say(change, "second")
    wait = (limited.value.until - datetime.now(UTC)).total_seconds()
    assert 72 <= wait <= 73 * 1.1
    for _ in range(3):
        with pytest.raises(Throttled):
            await github.say(change, "again")
    assert await github.reviews(change) == ()
    assert [call for call in shop.calls() if call.startswith("POST /repos")] == [
        "POST /repos/shop/api/issues/1/comments 403"
    ]


async def test_when_the_hours_requests_are_used_up_nothing_is_called_until_the_reset(github, shop, change):
    shop.forge.faults.exhaust(300)
    with pytest.raises(Throttled) as limited:
        await github.reviews(change)
    wait = (limited.value.until - datetime.now(UTC)).total_seconds()
    assert 298 <= wait <= 305
    shop.calls()
    for _ in range(3):
        with pytest.raises(Throttled):
            await github.change(shop.ref, change.number)
        with pytest.raises(Throttled):
            await github.say(change, "Hello")
    assert shop.calls() == []


async def test_one_installation_at_its_limit_does_not_hold_up_the_others(client, github, shop, change):
    shop.forge.organisation("other")
    other = shop.forge.repository("other/api")
    shop.forge.faults.exhaust(300)
    with pytest.raises(Throttled):
        await github.reviews(change)
    shop.forge.faults.clear()
    others = GitHub(client, shop.forge.installation("other").id)
    assert (await others.repository(other.id)).ref.name == "other/api"


async def test_a_limit_on_minting_is_a_limit(make_client, shop):
    shop.forge.faults.next(Fault(status=429, headers={"retry-after": "30"}), path=MINT)
    with pytest.raises(Throttled):
        await GitHub(make_client(), shop.installation).repository(shop.api.id)


async def test_after_a_vague_limit_one_call_tries_and_then_all_go_on(make_client, shop, change):
    hours = Hours()
    github = GitHub(make_client(monotonic=hours), shop.installation)
    shop.forge.faults.next(Fault(status=429), path="/reviews")
    with pytest.raises(Throttled):
        await github.reviews(change)
    hours.later = 61
    assert await github.reviews(change) == ()
    await asyncio.gather(github.reviews(change), github.remarks(change), github.touched(change))


async def test_a_breaker_lets_one_call_through_after_thirty_seconds(make_client, shop, change):
    hours = Hours()
    github = GitHub(make_client(monotonic=hours), shop.installation)
    await github.reviews(change)
    shop.forge.faults.next(Fault(status=503), times=5)
    for number in range(6):
        with pytest.raises(Unavailable if number < 5 else Throttled):
            await github.reviews(change)
    hours.later = 31
    for _ in range(3):
        assert await github.reviews(change) == ()


async def test_an_installation_whose_answers_fail_does_not_hold_up_the_others(client, github, shop, change):
    shop.forge.organisation("other")
    other = shop.forge.repository("other/api")
    others = GitHub(client, shop.forge.installation("other").id)
    shop.forge.faults.next(Fault(status=503), times=5, path="/shop/")
    for number in range(6):
        with pytest.raises(Unavailable if number < 5 else Throttled):
            await github.reviews(change)
    assert (await others.repository(other.id)).ref.name == "other/api"
    with pytest.raises(Throttled):
        await github.reviews(change)


async def test_writes_keep_the_pause_that_github_asks_for(make_client, shop, change, naps):
    github = GitHub(make_client(pace=Pace(0.2)), shop.installation)
    began = time.monotonic()
    for number in range(3):
        await github.say(change, f"{number}")
    assert time.monotonic() - began >= 0.4
    assert max(naps.seconds) == pytest.approx(0.2, abs=0.1)


async def test_the_budget_tells_which_part_of_the_hour_is_left(client, github, shop, change):
    assert 0.9 < client.budget(shop.installation) < 1
    assert client.budget(12345) == 1.0


async def test_every_request_says_who_asks_and_in_which_version(github, shop, change):
    """Enterprise Server before 3.21 knows no newer version."""
    headers = github._client._headers(oauth_token="t")
    assert headers == {
        "accept": "application/vnd.github+json",
        "authorization": "token t",
        "user-agent": headers["user-agent"],
        "x-github-api-version": "2022-11-28",
    }
    assert headers["user-agent"].startswith("usher/")


def test_a_token_is_compared_by_all_it_is():
    assert Token("a", 1.0, 2.0) != Token("b", 1.0, 2.0)
