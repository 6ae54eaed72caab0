"""Webhooks leave once, are listed for three days, and come again only where somebody asks."""

from __future__ import annotations

from types import SimpleNamespace

from app.forges.sandbox import Sandbox
from tests.sandbox.conftest import Bot, Receiver

LIST = "GET /app/hook/deliveries"


async def test_each_delivery_has_its_own_name_and_keeps_it_when_sent_again(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ana.pushes(change, "pay/a.py")
    await forge.idle()
    names = [each.guid for each in forge.deliveries]
    assert len(set(names)) == len(names)
    receiver.forget()
    first = (await bot.as_app(LIST)).json()[0]
    assert (first["event"], first["action"]) == ("pull_request", "synchronize")
    assert (await bot.as_app(f"POST /app/hook/deliveries/{first['id']}/attempts")).status_code == 202
    await forge.idle()
    (again,) = receiver.received
    assert again.guid == first["guid"]
    assert again.payload["pull_request"]["head"]["sha"] == change.head
    listed = (await bot.as_app(LIST)).json()
    attempts = [(each["id"], each["redelivery"]) for each in listed if each["guid"] == first["guid"]]
    assert attempts == [(listed[0]["id"], True), (first["id"], False)]


async def test_a_failed_delivery_is_listed_and_never_sent_again_by_itself(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    receiver.status = 500
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    forge.courier.lose()
    shop.ana.opens(shop.api, "docs/b.md")
    await forge.idle()
    assert len(receiver.received) == 1
    failed = (await bot.as_app(f"{LIST}?status=failure")).json()
    assert [(each["status"], each["status_code"]) for each in failed] == [
        ("failed to connect to host", 502),
        ("Invalid HTTP Response: 500", 500),
    ]
    whole = (await bot.as_app(f"GET /app/hook/deliveries/{failed[1]['id']}")).json()
    assert whole["request"]["headers"]["X-GitHub-Event"] == "pull_request"
    assert whole["request"]["payload"]["action"] == "opened"
    assert whole["response"]["payload"] == "thanks"


async def test_the_list_goes_back_by_cursor_and_ends_after_three_days(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    for number in range(25):
        shop.ana.comments(change, f"Number {number}")
    await forge.idle()
    answer = await bot.as_app(f"{LIST}?per_page=10")
    seen = [each["id"] for each in answer.json()]
    while "next" in answer.links:
        answer = await bot.as_app(f"GET {answer.links['next']['url'].removeprefix(forge.url)}")
        seen += [each["id"] for each in answer.json()]
    assert seen == [each.id for each in reversed(forge.deliveries)]
    forge.wall.later("3d")
    now = int(forge.wall.now().timestamp())
    assert (await bot.as_app(LIST, iat=now - 60, exp=now + 540)).json() == []


async def test_a_cursor_that_nobody_gave_is_refused(bot: Bot, shop: SimpleNamespace) -> None:
    assert (await bot.as_app(f"{LIST}?cursor=mine")).status_code == 422
    assert (await bot.as_app("GET /app/hook/deliveries/7")).status_code == 404


async def test_what_was_never_written_is_never_listed(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    before = len(forge.deliveries)
    forge.courier.forget()
    shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    assert receiver.received == []
    assert len(forge.deliveries) == before


async def test_webhooks_leave_after_the_answer(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Whoever writes has its answer before the webhook of its own write arrives."""
    change = shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    receiver.forget()
    order: list[str] = []
    forge.on_exchange.append(lambda each: order.append(f"answer, {len(receiver.received)} webhooks"))
    await bot(f"POST /repos/shop/api/issues/{change.number}/comments", {"body": "Hello"})
    await forge.idle()
    assert order == ["answer, 0 webhooks", "answer, 0 webhooks"]
    assert receiver.events == ["issue_comment.created"]


async def test_they_may_come_twice_and_in_any_order_where_asked(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    forge.courier.unordered = True
    forge.courier.duplicates = 0.5
    change = shop.ana.opens(shop.api, "docs/a.md")
    for number in range(20):
        shop.ana.comments(change, f"Number {number}")
    await forge.idle()
    guids = [each.guid for each in receiver.received]
    numbers = [int(each["comment"]["body"].split()[1]) for each in receiver.told("issue_comment")]
    assert len(set(guids)) == 21 < len(guids)
    assert numbers != sorted(numbers)
    assert set(numbers) == set(range(20))


async def test_the_same_seed_goes_wrong_in_the_same_way(receiver: Receiver) -> None:
    runs = []
    for _ in range(2):
        receiver.forget()
        async with Sandbox(webhook_url=receiver.url, webhook_secret="x", seed=7) as forge:
            forge.courier.unordered, forge.courier.losses = True, 0.3
            forge.organisation("shop")
            for number in range(12):
                forge.person(f"person-{number}", member_of="shop")
            await forge.idle()
        runs.append(
            [
                (each.guid, each.payload.get("membership", {}).get("user", {}).get("login"))
                for each in receiver.received
            ]
        )
    assert runs[0] == runs[1]
    assert 1 < len(runs[0]) < 13
    for each in receiver.received:
        each.signed = True


async def test_without_an_address_nothing_is_sent(forge: Sandbox, receiver: Receiver) -> None:
    address, forge.webhook_url = forge.webhook_url, None
    forge.organisation("shop")
    forge.webhook_url = address
    ben = forge.person("ben", member_of="shop")
    await forge.idle()
    assert receiver.events == ["organization.member_added"]
    assert ben.login == "ben"
