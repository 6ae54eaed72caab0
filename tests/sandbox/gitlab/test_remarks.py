"""Notes: who may say and change what, quick actions, emoji, issues and statuses."""

from __future__ import annotations

from types import SimpleNamespace

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox
from tests.sandbox.gitlab.conftest import Caller, Receiver, caller

P = "/projects/shop%2Fapi"
M = f"{P}/merge_requests/1"


async def test_a_note_is_made_read_edited_and_deleted(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    made = await bot(f"POST {M}/notes", {"body": "Hello"})
    assert (made.status_code, made.json()["author"]["username"]) == (201, "usher-bot")
    one = f"{M}/notes/{made.json()['id']}"
    assert made.json()["id"] > 2**31
    forge.later("1h")
    edited = (await bot(f"PUT {one}", {"body": "Hello again"})).json()
    assert edited["updated_at"] > edited["created_at"]
    assert [each.body for each in change.remarks] == ["Hello again"]
    assert (await bot(f"GET {one}")).json() == edited
    assert (await bot(f"DELETE {one}")).status_code == 204
    assert (await bot(f"GET {one}")).json() == {"message": "404 Note Not Found"}


async def test_authors_and_maintainers_edit_and_nobody_else(
    forge: GitLabSandbox, client: httpx2.AsyncClient, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """The event names the editor."""
    mia = forge.person("mia", member_of="shop")
    forge.role("shop", mia.account, "maintain")
    change = shop.ana.opens(shop.api, "docs/a.md")
    note = shop.ana.comments(change, "Mine")
    one = f"{M}/notes/{note.id}"
    statuses = [
        (await caller(forge, client, who)(f"PUT {one}", {"body": who.login})).status_code
        for who in (shop.carla, mia, shop.ana)
    ]
    assert statuses == [403, 200, 200]
    assert (await caller(forge, client, shop.carla)(f"DELETE {one}")).status_code == 403
    await forge.idle()
    assert [each["user"]["username"] for each in receiver.told("note", "update")] == ["mia", "ana"]


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        ({"body": " "}, 400, "can't be blank"),
        ({}, 400, "body is missing"),
        ({"body": "x" * 1_000_001}, 400, "too long"),
        ({"body": "x" * 65_537}, 201, ""),
    ],
)
async def test_what_can_be_said(
    bot: Caller, shop: SimpleNamespace, body: dict[str, str], status: int, part: str
) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    answer = await bot(f"POST {M}/notes", body)
    assert answer.status_code == status
    assert part in answer.text


async def test_a_note_of_quick_actions_alone_exists_nowhere(
    forge: GitLabSandbox, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    """They are carried out with the sender's rights, and what GitLab does not know stays in the text."""
    change = shop.ana.opens(shop.api, "docs/a.md", title="Words", draft=True)
    answer = await bot(f"POST {M}/notes", {"body": '/ready\n/assign_reviewer @ben\n/label ~bug ~"two words"'})
    assert (answer.status_code, "id" in answer.json()) == (202, False)
    assert (change.title, change.asked, change.label_names) == ("Words", {"ben"}, {"bug", "two words"})
    assert change.remarks == []
    mixed = await bot(f"POST {M}/notes", {"body": "Thanks!\n/assign @carla\n/usher ack"})
    assert mixed.json()["body"] == "Thanks!\n/usher ack"
    assert [each.login for each in change.assignees] == ["carla"]
    await forge.idle()
    assert len(receiver.told("note")) == 1


async def test_in_code_and_quotes_nothing_is_an_action(bot: Caller, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    for body in ("```\n/close\n```", "> /close", "`/close`", "Say /close", "    /close"):
        answer = await bot(f"POST {M}/notes", {"body": body})
        assert (answer.status_code, answer.json()["body"]) == (201, body)
    assert change.open


async def test_actions_that_fail_say_so(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md")
    ana = caller(forge, client, shop.ana)
    answer = await ana(f"POST {M}/notes", {"body": "/merge"})
    assert (answer.status_code, change.merged) == (400, False)
    assert "Could not apply merge command" in answer.text


async def test_every_quick_action_does_what_it_says(bot: Caller, shop: SimpleNamespace) -> None:
    shop.ben.branches(shop.api, "release")
    change = shop.ana.opens(shop.api, "docs/a.md", title="Words")

    async def does(*lines: str) -> None:
        answer = await bot(f"POST {M}/notes", {"body": "\n".join(lines)})
        assert answer.status_code == 202, answer.text

    await does("/draft", "/title Draft: Better", "/target_branch release", "/assign me")
    assert (change.title, change.draft, change.base) == ("Draft: Better", True, "release")
    assert [each.login for each in change.assignees] == ["usher-bot"]
    await does("/unassign", "/reviewer @ben @carla", "/unassign_reviewer @ben", "/label ~a ~b", "/unlabel ~a")
    assert (change.assignees, change.asked, change.label_names) == ([], {"carla"}, {"b"})
    await does("/approve")
    await does("/request_changes")
    assert (change.approvals, bool(change.objections)) == ({}, True) or change.approvals
    await does("/approve") if not change.approvals else None
    await does("/unapprove")
    assert change.approvals == {}
    await does("/close")
    assert not change.open
    await does("/reopen", "/ready", "/approve", "/merge")
    assert change.merged


async def test_an_emoji_is_given_once(bot: Caller, shop: SimpleNamespace) -> None:
    """A second time is 404, as is one that GitLab does not know."""
    change = shop.ana.opens(shop.api, "docs/a.md")
    note = shop.ben.comments(change, "/usher pass")
    award = f"{M}/notes/{note.id}/award_emoji"
    statuses = [
        (await bot(f"POST {award}", {"name": name})).status_code for name in ("eyes", "eyes", "hooray", "+1")
    ]
    statuses.append((await bot(f"POST {award}?name=thumbsup")).status_code)
    assert statuses == [201, 404, 404, 201, 404]
    first, _ = (await bot(f"GET {award}")).json()
    assert (await bot(f"DELETE {award}/{first['id']}")).status_code == 204
    assert (await bot(f"DELETE {award}/{first['id']}")).status_code == 404
    assert [each["name"] for each in (await bot(f"GET {award}")).json()] == ["thumbsup"]


async def test_what_happened_is_among_the_notes(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    """The newest first unless told; system notes apart where asked."""
    change = shop.ana.opens(shop.api, "docs/a.md", title="Old")
    for act in (
        lambda: shop.ana.edits(change, title="New"),
        lambda: shop.ben.asks(change, "carla"),
        lambda: shop.carla.reviews(change, "approve"),
        lambda: shop.ben.comments(change, "Nice."),
        lambda: shop.ben.remarks_on(change, "docs/a.md", "Here"),
        lambda: shop.ben.merges(change),
    ):
        forge.later("1m")
        act()

    async def said(query: str) -> list[str]:
        return [each["body"] for each in (await bot(f"GET {M}/notes?{query}")).json()]

    system = [
        "changed title from **Old** to **New**",
        "requested review from @carla",
        "approved this merge request",
        "merged",
    ]
    assert await said("sort=asc&activity_filter=only_activity") == system
    assert await said("activity_filter=only_comments") == ["Here", "Nice."]
    assert await said("sort=asc") == [*system[:3], "Nice.", "Here", "merged"]
    assert (await bot(f"GET {M}/notes?sort=newest")).status_code == 400
    notes = (await bot(f"GET {M}/notes?sort=asc")).json()
    assert [each["system"] for each in notes] == [True, True, True, False, False, True]


# --- Issues ---------------------------------------------------------------------------------------------


async def test_issues_are_opened_labelled_closed_and_searched(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    issues = f"{P}/issues"
    body = {"title": "It is slow", "description": "Very.", "labels": "bug,one", "assignee_ids": [9999]}
    made = (await bot(f"POST {issues}", body)).json()
    assert (made["author"]["username"], made["labels"], made["assignees"]) == (
        "usher-bot",
        ["bug", "one"],
        [],
    )
    one = f"{issues}/{made['iid']}"
    edited = await bot(f"PUT {one}", {"add_labels": "two", "remove_labels": "one", "title": "Slower"})
    assert (edited.json()["labels"], edited.json()["title"]) == (["bug", "two"], "Slower")
    assert (await bot(f"PUT {one}", {"labels": ["only"]})).json()["labels"] == ["only"]
    assert (await bot(f"PUT {one}", {"state_event": "close"})).json()["state"] == "closed"
    shop.ana.reports(shop.api, "Another")

    async def listed(query: str) -> list[str]:
        return [each["title"] for each in (await bot(f"GET {issues}?{query}")).json()]

    assert await listed("state=opened") == ["Another"]
    assert await listed("") == ["Another", "Slower"]
    assert await listed("search=Slow") == ["Slower"]
    assert await listed("labels=only") == ["Slower"]
    assert (await bot(f"POST {issues}", {"title": " "})).status_code == 400
    assert (await bot(f"PUT {one}", {})).status_code == 400
    assert (await bot(f"GET {issues}/99")).status_code == 404
    shop.api.has_issues = False
    assert (await bot(f"POST {issues}", {"title": "More"})).status_code == 403


async def test_only_incidents_have_a_severity(bot: Caller, shop: SimpleNamespace) -> None:
    for sort, severity in (("incident", "CRITICAL"), ("issue", "UNKNOWN")):
        made = (await bot(f"POST {P}/issues", {"title": "Down", "issue_type": sort})).json()
        told = (await bot(f"PUT {P}/issues/{made['iid']}", {"severity": "critical"})).json()
        assert (told["issue_type"], told["severity"]) == (sort, severity)


async def test_confidential_issues_are_hidden_from_guests_except_their_own(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    gil = forge.person("gil", member_of="shop")
    forge.role("shop", gil.account, "guest")
    guest, ana = caller(forge, client, gil), caller(forge, client, shop.ana)
    for who, title in ((ana, "Theirs"), (guest, "Mine")):
        await who(f"POST {P}/issues", {"title": title, "confidential": True})
    assert [each["title"] for each in (await guest(f"GET {P}/issues")).json()] == ["Mine"]
    assert (await guest(f"GET {P}/issues/1")).status_code == 404
    assert [each["title"] for each in (await ana(f"GET {P}/issues")).json()] == ["Mine", "Theirs"]


# --- Statuses and labels -----------------------------------------------------------------------------------


async def test_a_status_makes_a_pipeline_and_moves_on(bot: Caller, shop: SimpleNamespace) -> None:
    """The same state twice is 400 while it is not finished; a finished one is followed by another."""
    change = shop.ben.opens(shop.api, "docs/a.md")
    post = f"POST {P}/statuses/{change.head}"

    async def sets(state: str, **more: str) -> int:
        return (await bot(post, {"state": state, "name": "usher", **more})).status_code

    assert [await sets(state) for state in ("pending", "pending", "running", "running")] == [
        201,
        400,
        201,
        400,
    ]
    assert (await bot(f"GET {M}")).json()["head_pipeline"]["status"] == "running"
    assert [await sets(state) for state in ("success", "success", "failed")] == [201, 201, 201]
    statuses = f"GET {P}/repository/commits/{change.head}/statuses"
    assert [each["status"] for each in (await bot(statuses)).json()] == ["failed"]
    assert [each["status"] for each in (await bot(f"{statuses}?all=true")).json()] == [
        "success",
        "success",
        "failed",
    ]
    assert (await bot(f"GET {M}/pipelines")).json()[0]["status"] == "failed"
    assert len((await bot(f"GET {P}/pipelines?sha={change.head}&status=failed")).json()) == 1
    assert (await bot(f"GET {P}/pipelines?status=success")).json() == []
    assert await sets("good") == 400
    assert (await bot(f"POST {P}/statuses/{'0' * 40}", {"state": "success"})).status_code == 404


async def test_labels_are_made_once(
    forge: GitLabSandbox, client: httpx2.AsyncClient, bot: Caller, shop: SimpleNamespace
) -> None:
    label = {"name": "needs: answer", "color": "#aa0000"}
    assert [(await bot(f"POST {P}/labels", label)).status_code for _ in range(2)] == [201, 409]
    assert "needs: answer" in [each["name"] for each in (await bot(f"GET {P}/labels?per_page=100")).json()]
    shop.ben.opens(shop.api, "docs/a.md")
    quiet = await caller(forge, client, shop.ben)(f"PUT {M}", {"add_labels": "brand new"})
    assert quiet.json()["labels"] == ["brand new"]
    assert "brand new" in shop.api.labels
