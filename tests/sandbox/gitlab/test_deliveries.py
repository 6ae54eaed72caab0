"""Hooks: made over REST, listed with what they were sent, switched off after failures, and brought back."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox
from app.forges.sandbox.gitlab.hooks import Hook
from tests.sandbox.gitlab.conftest import SECRET, Caller, Receiver, caller

P = "/projects/shop%2Fapi/hooks"
G = "/groups/shop/hooks"


@pytest.fixture
async def boss(
    forge: GitLabSandbox, client: httpx2.AsyncClient, receiver: Receiver, shop: SimpleNamespace
) -> Caller:
    """An owner of the group."""
    made = caller(forge, client, forge.person("boss", member_of="shop", owner=True))
    await forge.idle()
    receiver.forget()
    return made


@pytest.fixture
def hook(forge: GitLabSandbox, shop: SimpleNamespace) -> Hook:
    """The one hook there is."""
    (only,) = forge.gitlab.hooks.known.values()
    return only


async def fail(forge: GitLabSandbox, receiver: Receiver, shop: SimpleNamespace, times: int) -> None:
    for number in range(times):
        shop.ben.commits(shop.api, {f"try-{number}": str(forge.wall.now())})
        await forge.idle()


async def test_hooks_are_made_read_changed_and_removed(
    forge: GitLabSandbox, boss: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Secrets are written and never read; a hook hears of pushes alone unless told."""
    forge.gitlab.hooks.known.clear()
    key = "whsec_" + base64.b64encode(bytes(32)).decode()
    body = {"url": receiver.url, "token": SECRET, "signing_token": key, "merge_requests_events": True}
    made = await boss(f"POST {P}", body)
    assert made.status_code == 201
    told = made.json()
    assert (told["push_events"], told["merge_requests_events"], told["note_events"]) == (True, True, False)
    assert (told["token_present"], told["signing_token_present"]) == (True, True)
    assert SECRET not in made.text
    assert key not in made.text
    one = f"{P}/{told['id']}"
    changed = await boss(f"PUT {one}", {"url": receiver.url, "push_events": False, "name": "Usher"})
    assert (changed.json()["push_events"], changed.json()["name"]) == (False, "Usher")
    assert [each["id"] for each in (await boss(f"GET {P}")).json()] == [told["id"]]
    assert (await boss(f"GET {one}")).json()["alert_status"] == "executable"
    assert (await boss(f"GET {G}/{told['id']}")).status_code == 404
    assert (await boss(f"DELETE {one}")).status_code == 204
    assert (await boss(f"GET {one}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"url": "ftp://x.example"}, 422),
        ({"url": "not one"}, 422),
        ({"url": "https://x.example", "signing_token": "whsec_c2hvcnQ="}, 422),
        ({"url": "https://x.example", "signing_token": "secret"}, 422),
        ({"url": "https://x.example", "push_events": "perhaps"}, 400),
    ],
)
async def test_what_is_no_hook(boss: Caller, body: dict[str, str], status: int) -> None:
    assert (await boss(f"POST {P}", body)).status_code == status


async def test_hooks_are_for_maintainers_and_owners(bot: Caller, boss: Caller, shop: SimpleNamespace) -> None:
    """The bot is a Developer."""
    for path in (P, G):
        assert (await bot(f"GET {path}")).status_code == 403
        assert (await bot(f"POST {path}", {"url": "https://x.example"})).status_code == 403
        assert (await boss(f"POST {path}", {"url": "https://x.example"})).status_code == 201


@pytest.mark.parametrize("tier", ["free"])
async def test_free_has_no_group_hooks(boss: Caller) -> None:
    answer = await boss(f"POST {G}", {"url": "https://x.example"})
    assert (answer.status_code, answer.json()) == (404, {"error": "404 Not Found"})


@pytest.mark.parametrize("version", [(18, 9)])
async def test_before_signing_such_a_token_is_passed_over(boss: Caller) -> None:
    made = await boss(f"POST {P}", {"url": "https://x.example", "signing_token": "anything"})
    assert (made.status_code, "signing_token_present" in made.json()) == (201, False)


# --- What was sent ------------------------------------------------------------------------------------


async def test_deliveries_are_listed_for_a_week_and_sent_again_under_their_name(
    forge: GitLabSandbox, boss: Caller, receiver: Receiver, shop: SimpleNamespace, hook: Hook
) -> None:
    receiver.status = 500
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    receiver.status = 202
    events = f"{G}/{hook.id}/events"
    (failed,) = (await boss(f"GET {events}?status=server_failure")).json()
    assert (failed["trigger"], failed["response_status"]) == ("merge_request_hooks", "500")
    assert failed["request_headers"]["X-Gitlab-Token"] == "[REDACTED]"
    assert failed["request_data"]["object_kind"] == "merge_request"
    again = await boss(f"POST {events}/{failed['id']}/resend")
    assert (again.status_code, again.json()) == (201, {"response_status": 202})
    first, second = receiver.received[-2:]
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.payload == second.payload
    assert (await boss(f"POST {events}/1/resend")).status_code == 404
    assert len((await boss(f"GET {events}?status=successful")).json()) >= 1
    assert [each["response_status"] for each in (await boss(f"GET {events}?status=500")).json()] == ["500"]
    forge.wall.later("7d")
    assert (await boss(f"GET {events}")).json() == []


async def test_what_found_no_connection_is_an_internal_error(
    forge: GitLabSandbox, boss: Caller, shop: SimpleNamespace, hook: Hook
) -> None:
    forge.courier.lose()
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    events = f"{G}/{hook.id}/events"
    lost = (await boss(f"GET {events}")).json()[0]
    assert lost["response_status"] == "internal error"
    forge.courier.lose()
    assert (await boss(f"POST {events}/{lost['id']}/resend")).status_code == 422


async def test_five_resends_a_minute_and_no_more(
    forge: GitLabSandbox, boss: Caller, receiver: Receiver, shop: SimpleNamespace, hook: Hook
) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    events = f"{G}/{hook.id}/events"
    newest = (await boss(f"GET {events}")).json()[0]["id"]
    statuses = [(await boss(f"POST {events}/{newest}/resend")).status_code for _ in range(6)]
    assert statuses == [201] * 5 + [429]


@pytest.mark.parametrize("version", [(17, 2)])
async def test_old_versions_list_nothing(boss: Caller, shop: SimpleNamespace, hook: Hook) -> None:
    assert (await boss(f"GET {G}/{hook.id}/events")).status_code == 404


# --- Switching off --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 500])
async def test_four_failures_put_a_hook_aside_for_a_minute_then_two_then_four(
    forge: GitLabSandbox, boss: Caller, receiver: Receiver, shop: SimpleNamespace, hook: Hook, status: int
) -> None:
    """What happens meanwhile is told to nobody, also not later."""
    receiver.status = status
    await fail(forge, receiver, shop, 3)
    one = f"{G}/{hook.id}"
    assert (await boss(f"GET {one}")).json()["alert_status"] == "executable"
    await fail(forge, receiver, shop, 1)
    for minutes in (1, 2, 4):
        told = (await boss(f"GET {one}")).json()
        assert told["alert_status"] == "temporarily_disabled"
        assert told["disabled_until"] is not None
        heard = len(receiver.received)
        forge.wall.later(f"{minutes * 60 - 5}s")
        await fail(forge, receiver, shop, 1)
        assert len(receiver.received) == heard
        forge.wall.later("6s")
        assert (await boss(f"GET {one}")).json()["alert_status"] == "executable"
        await fail(forge, receiver, shop, 1)
        assert len(receiver.received) == heard + 1
    forge.wall.later("9m")
    receiver.status = 202
    await fail(forge, receiver, shop, 1)
    told = (await boss(f"GET {one}")).json()
    assert (told["alert_status"], told["disabled_until"]) == ("executable", None)


async def test_forty_failures_put_it_aside_for_good_until_a_test_succeeds(
    forge: GitLabSandbox, boss: Caller, receiver: Receiver, shop: SimpleNamespace, hook: Hook
) -> None:
    receiver.status = 500
    for _ in range(40):
        await fail(forge, receiver, shop, 1)
        forge.wall.later("25h")
    one = f"{G}/{hook.id}"
    assert (await boss(f"GET {one}")).json()["alert_status"] == "disabled"
    heard = len(receiver.received)
    await fail(forge, receiver, shop, 1)
    assert len(receiver.received) == heard == 40
    assert (await boss(f"POST {one}/events/{hook.log[-1].id}/resend")).status_code == 422
    receiver.status = 202
    assert (await boss(f"POST {one}/test/push_events")).json() == {"message": "201 Created"}
    assert (await boss(f"GET {one}")).json()["alert_status"] == "executable"


@pytest.mark.parametrize("version", [(17, 10)])
async def test_up_to_17_10_four_refusals_switch_it_off_for_good(
    forge: GitLabSandbox, boss: Caller, receiver: Receiver, shop: SimpleNamespace, hook: Hook
) -> None:
    receiver.status = 403
    await fail(forge, receiver, shop, 4)
    forge.wall.later("40d")
    assert (await boss(f"GET {G}/{hook.id}")).json()["alert_status"] == "disabled"


@pytest.mark.parametrize("version", [(17, 10)])
async def test_up_to_17_10_an_error_rests_it_for_a_while(
    forge: GitLabSandbox, boss: Caller, receiver: Receiver, shop: SimpleNamespace, hook: Hook
) -> None:
    receiver.status = 503
    await fail(forge, receiver, shop, 1)
    assert (await boss(f"GET {G}/{hook.id}")).json()["alert_status"] == "temporarily_disabled"
    forge.wall.later("11m")
    assert (await boss(f"GET {G}/{hook.id}")).json()["alert_status"] == "executable"


async def test_each_kind_of_test_needs_something_to_tell(
    boss: Caller, receiver: Receiver, shop: SimpleNamespace, hook: Hook
) -> None:
    test = f"POST {G}/{hook.id}/test"
    assert (await boss(f"{test}/merge_requests_events")).status_code == 422
    assert (await boss(f"{test}/dance_events")).status_code == 400
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.comments(change, "Hm.")
    receiver.forget()
    for trigger in ("merge_requests_events", "note_events", "push_events"):
        assert (await boss(f"{test}/{trigger}")).status_code == 201
    assert [each.kind for each in receiver.received if each.kind != "issue"][-3:] == [
        "merge_request",
        "note",
        "push",
    ]
