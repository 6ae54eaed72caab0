"""A push moves a change's head, and everything that hangs on it."""

from __future__ import annotations

from types import SimpleNamespace

from app.forges.sandbox import Protection, Sandbox
from tests.sandbox.conftest import Bot, Receiver


async def test_a_push_moves_the_head_tells_of_it_and_changes_the_files(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    before = change.head
    shop.ana.pushes(change, "pay/a.py")
    await forge.idle()
    told = receiver.told("pull_request", "synchronize")[0]
    assert (told["before"], told["after"]) == (before, change.head)
    assert told["pull_request"]["head"]["sha"] == change.head != before
    pull = (await bot(f"GET /repos/shop/api/pulls/{change.number}")).json()
    assert (pull["head"]["sha"], pull["changed_files"], pull["commits"]) == (change.head, 2, 2)
    files = (await bot(f"GET /repos/shop/api/pulls/{change.number}/files")).json()
    assert [each["filename"] for each in files] == ["docs/a.md", "pay/a.py"]


async def test_a_forced_push_after_a_rebase_keeps_the_files(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md")
    shop.carla.commits(shop.api, {"pay/b.py": "new\n"})
    await forge.idle()
    receiver.forget()
    shop.ben.rebases(change)
    await forge.idle()
    assert receiver.events == ["push", "pull_request.synchronize"]
    assert receiver.told("push")[0]["forced"] is True
    files = (await bot(f"GET /repos/shop/api/pulls/{change.number}/files")).json()
    assert [each["filename"] for each in files] == ["docs/a.md"]


async def test_a_push_dismisses_approvals_where_the_branch_says_so(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """Approvals fall; a request for changes stays."""
    web = forge.repository(
        "shop/web", teams={"shop/pay": "write"}, protect=Protection(approvals=1, dismiss_stale=True)
    )
    change = shop.ana.opens(web, "README.md")
    shop.ben.reviews(change, "approve")
    shop.carla.reviews(change, "request_changes", "Not yet.")
    shop.ana.pushes(change, "more.md")
    await forge.idle()
    reviews = (await bot(f"GET /repos/shop/web/pulls/{change.number}/reviews")).json()
    assert [each["state"] for each in reviews] == ["DISMISSED", "CHANGES_REQUESTED"]
    dismissed = receiver.told("pull_request_review", "dismissed")
    assert [each["review"]["user"]["login"] for each in dismissed] == ["ben"]


async def test_a_push_leaves_approvals_alone_elsewhere(bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.reviews(change, "approve")
    shop.ana.pushes(change, "pay/a.py")
    (review,) = (await bot(f"GET /repos/shop/api/pulls/{change.number}/reviews")).json()
    assert review["state"] == "APPROVED"
    assert review["commit_id"] != change.head


async def test_whether_it_can_be_merged_is_not_known_at_the_first_look(
    bot: Bot, shop: SimpleNamespace
) -> None:
    """GitHub computes it in the background: null first, then the answer, and null again after a push."""
    change = shop.ana.opens(shop.api, {"pay/a.py": "mine\n"})
    path = f"GET /repos/shop/api/pulls/{change.number}"
    looks = [(await bot(path)).json() for _ in range(2)]
    assert [each["mergeable"] for each in looks] == [None, True]
    shop.ben.commits(shop.api, {"pay/a.py": "theirs\n"})
    looks = [(await bot(path)).json() for _ in range(2)]
    assert [each["mergeable"] for each in looks] == [None, False]
    assert [each["mergeable_state"] for each in looks] == ["unknown", "dirty"]


async def test_pushing_a_changes_commits_to_its_base_merges_it(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, {"docs/a.md": "new\n"})
    shop.carla.fast_forwards(shop.api, to=change.head)
    await forge.idle()
    assert change.state == "merged"
    assert receiver.told("pull_request", "closed")[0]["pull_request"]["merged"] is True


async def test_deleting_its_branch_closes_a_change(
    forge: Sandbox, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md", branch="words")
    shop.ben.removes_branch(shop.api, "words")
    await forge.idle()
    assert change.state == "closed"
    assert receiver.events[-2:] == ["push", "pull_request.closed"]
    assert receiver.told("push")[-1]["deleted"] is True


async def test_retargeting_changes_base_and_files_and_tells_what_was_before(
    forge: Sandbox, bot: Bot, receiver: Receiver, shop: SimpleNamespace
) -> None:
    old = shop.api.head.sha
    shop.ben.branches(shop.api, "release")
    shop.ben.commits(shop.api, {"pay/b.py": "new\n"})
    change = shop.ana.opens(shop.api, "docs/a.md", base="main")
    assert change.paths == ["docs/a.md"]
    shop.ana.retargets(change, "release")
    await forge.idle()
    told = receiver.told("pull_request", "edited")[0]
    assert told["changes"]["base"]["ref"] == {"from": "main"}
    assert told["changes"]["base"]["sha"] == {"from": shop.api.head.sha}
    files = (await bot(f"GET /repos/shop/api/pulls/{change.number}/files")).json()
    assert [each["filename"] for each in files] == ["docs/a.md", "pay/b.py"]
    assert shop.api.branches["release"] == old
