"""What was not delivered can be found and asked for again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.forges.github.app import GitHubApp, Installed
from app.forges.sandbox.server import Server
from handlers.ports import Post


class Receiver:
    """Takes webhooks over HTTP, and answers with `status`."""

    def __init__(self) -> None:
        self.status = 202
        self.guids: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        while (await receive()).get("more_body", False):
            pass
        self.guids.append(dict(scope["headers"])[b"x-github-delivery"].decode())
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def test_every_attempt_is_listed_and_a_failed_one_comes_again_under_its_old_id(client, shop):
    post: Post = GitHubApp(client)
    receiver = Receiver()
    server = Server(receiver)
    await server.start()
    shop.forge.webhook_url = f"{server.url}/webhooks/github"
    since = datetime.now(UTC) - timedelta(seconds=2)
    receiver.status = 500
    opened = shop.ana.opens(shop.api, touching="pay/a.py")
    await shop.forge.idle()
    receiver.status = 202
    for number in range(120):
        shop.ben.comments(opened, f"{number}")
    await shop.forge.idle()
    listed = await post.attempts(since)
    assert {each.delivery_id for each in listed} == set(receiver.guids)
    assert [each.at for each in listed] == sorted((each.at for each in listed), reverse=True)
    failed = [each for each in listed if not each.answered]
    assert {each.event for each in failed} >= {"pull_request"}
    receiver.guids.clear()
    for each in failed:
        await post.redeliver(each)
    await shop.forge.idle()
    assert sorted(receiver.guids) == sorted(each.delivery_id for each in failed)
    assert len(await post.attempts(since)) == len(listed) + len(failed)
    assert await post.attempts(datetime.now(UTC) + timedelta(hours=1)) == ()
    await server.stop()


async def test_where_the_app_is_installed(client, shop):
    shop.forge.organisation("other")
    shop.forge.suspend("other")
    assert set(await GitHubApp(client).installations()) == {
        Installed(shop.installation, "shop", False),
        Installed(shop.forge.installation("other").id, "other", True),
    }
