"""What a merge request touches, and the files of a project: counts are text, large things are cut, lists have pages."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.forges.sandbox import GitLabSandbox
from tests.sandbox.gitlab.conftest import Caller

P = "/projects/shop%2Fapi"
M = f"{P}/merge_requests/1"


async def diffs(bot: Caller) -> dict[str, Any]:
    return {each["new_path"]: each for each in (await bot(f"GET {M}/diffs?per_page=100")).json()}


async def test_added_removed_changed_and_renamed_files_are_told_apart(
    bot: Caller, shop: SimpleNamespace
) -> None:
    shop.ana.opens(
        shop.api, {"new.md": "hello\n", "pay/a.py": "one\n2\n"}, renaming={"docs/a.md": "docs/b.md"}
    )
    files = await diffs(bot)
    assert set(files) == {"new.md", "pay/a.py", "docs/b.md"}
    assert files["new.md"]["new_file"]
    assert files["new.md"]["a_mode"] == "0"
    assert files["pay/a.py"]["diff"] == "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    assert files["docs/b.md"]["renamed_file"]
    assert files["docs/b.md"]["old_path"] == "docs/a.md"
    assert (await bot(f"GET {M}")).json()["changes_count"] == "3"


async def test_a_removed_file_counts(bot: Caller, shop: SimpleNamespace) -> None:
    shop.ben.opens(shop.api, {"docs/a.md": None})
    (gone,) = (await diffs(bot)).values()
    assert (gone["deleted_file"], gone["b_mode"]) == (True, "0")


async def test_large_diffs_are_collapsed_and_larger_ones_left_out(bot: Caller, shop: SimpleNamespace) -> None:
    """Above a tenth of the limit `collapsed`, above it `too_large`; the text is empty in both."""
    shop.ana.opens(
        shop.api, {"small": "x\n" * 100, "middle": "x" * 40 + "\n" * 25_000, "large": "x\n" * 150_000}
    )
    files = await diffs(bot)
    marks = {name: (each["collapsed"], each["too_large"], bool(each["diff"])) for name, each in files.items()}
    assert marks == {
        "small": (False, False, True),
        "middle": (True, False, False),
        "large": (False, True, False),
    }


async def test_above_a_thousand_files_the_count_has_a_plus_and_the_list_ends(
    bot: Caller, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, {f"many/{number}": "x" for number in range(1_001)})
    assert (await bot(f"GET {M}")).json()["changes_count"] == "1000+"
    last = await bot(f"GET {M}/diffs?per_page=100&page=10")
    assert (len(last.json()), last.headers["x-next-page"], last.headers["x-total"]) == (100, "", "1000")
    old = (await bot(f"GET {M}/changes")).json()
    assert (len(old["changes"]), old["overflow"]) == (1_000, True)


async def test_a_merge_request_from_a_fork_names_both_projects(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    """A Reporter may not push, so ana's comes from her fork; owners and settings are the target's."""
    change = shop.ana.opens(shop.api, "pay/a.py")
    body = (await bot(f"GET {M}")).json()
    assert change.from_fork
    assert (body["source_project_id"], body["target_project_id"]) == (change.head_repository.id, shop.api.id)
    shop.ana.deletes(change.head_repository)
    assert (await bot(f"GET {M}")).json()["source_project_id"] is None
    assert list(await diffs(bot)) == ["pay/a.py"]


async def test_a_fresh_merge_request_is_being_prepared(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    forge.site.unprepared = 1
    shop.ana.opens(shop.api, "pay/a.py")
    first, second, third = [(await bot(f"GET {M}")).json() for _ in range(3)]
    told = ("prepared_at", "diff_refs", "changes_count", "detailed_merge_status")
    assert [first[name] for name in told] == [None, None, None, "preparing"]
    assert second["changes_count"] == third["changes_count"] == "1"
    assert third["detailed_merge_status"] == "mergeable"
    assert set(third["diff_refs"]) == {"base_sha", "head_sha", "start_sha"}


# --- Repository files -----------------------------------------------------------------------------------


async def test_a_file_is_read_whole_raw_and_by_its_blob(bot: Caller, shop: SimpleNamespace) -> None:
    path = f"{P}/repository/files/pay%2Fa.py"
    told = (await bot(f"GET {path}?ref=main")).json()
    assert base64.b64decode(told["content"]) == b"one\ntwo\n"
    assert told["blob_id"] == shop.api.head.tree["pay/a.py"].sha
    assert (await bot(f"GET {path}/raw?ref=main")).content == b"one\ntwo\n"
    assert (await bot(f"GET {P}/repository/blobs/{told['blob_id']}/raw")).content == b"one\ntwo\n"
    head = await bot(f"HEAD {path}?ref=main")
    assert (head.headers["x-gitlab-blob-id"], head.content) == (told["blob_id"], b"")
    assert (await bot(f"GET {path}?ref=nowhere")).json() == {"message": "404 Commit Not Found"}
    assert (await bot(f"GET {P}/repository/files/nothing?ref=main")).json() == {
        "message": "404 File Not Found"
    }


async def test_the_tree_is_paged_by_keyset(bot: Caller, shop: SimpleNamespace) -> None:
    """Only the next page is linked, and nothing is counted. Folders come before files."""
    found: list[str] = []
    path = f"{P}/repository/tree?recursive=true&per_page=2&pagination=keyset"
    for _ in range(10):
        answer = await bot(f"GET {path}")
        found += [each["path"] for each in answer.json()]
        assert "x-total" not in answer.headers
        if "link" not in answer.headers:
            break
        assert answer.headers["link"].endswith('rel="next"')
        parts = urlsplit(answer.headers["link"].split(">")[0][1:])
        path = parts.path.removeprefix("/api/v4") + "?" + parts.query
    assert found == ["docs", "pay", "CODEOWNERS", "docs/a.md", "pay/a.py"]
    (one,) = (await bot(f"GET {P}/repository/tree?path=pay")).json()
    assert (one["path"], one["type"]) == ("pay/a.py", "blob")
    assert (await bot(f"GET {P}/repository/tree?path=nowhere")).status_code == 404


async def test_a_bot_proposes_files_on_a_new_branch(bot: Caller, shop: SimpleNamespace) -> None:
    commit = {
        "branch": "usher/welcome",
        "start_branch": "main",
        "commit_message": "Say welcome",
        "actions": [{"action": "create", "file_path": "CONTRIBUTING.md", "content": "Welcome!\n"}],
    }
    made = await bot(f"POST {P}/repository/commits", commit)
    assert (made.status_code, made.json()["author_name"]) == (201, "usher-bot")
    assert (await bot(f"POST {P}/repository/commits", commit)).status_code == 400
    again = {**commit, "start_branch": None}
    assert (await bot(f"POST {P}/repository/commits", again)).json()["message"] == (
        "A file with this name already exists"
    )
    body = {"title": "Draft: Welcome", "source_branch": "usher/welcome", "target_branch": "main"}
    opened = (await bot(f"POST {P}/merge_requests", body)).json()
    assert (opened["draft"], opened["changes_count"]) == (True, "1")


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ({"action": "update", "file_path": "nothing", "content": ""}, "doesn't exist"),
        ({"action": "delete", "file_path": "nothing"}, "doesn't exist"),
        ({"action": "paint", "file_path": "pay/a.py"}, "does not have a valid value"),
        ({"action": "create"}, "file_path"),
    ],
)
async def test_actions_that_cannot_be(
    bot: Caller, shop: SimpleNamespace, action: dict[str, str], sentence: str
) -> None:
    body = {"branch": "main", "commit_message": "x", "actions": [action]}
    answer = await bot(f"POST {P}/repository/commits", body)
    assert answer.status_code == 400
    assert sentence in answer.text


async def test_files_are_moved_removed_and_made_executable(bot: Caller, shop: SimpleNamespace) -> None:
    actions = [
        {"action": "move", "previous_path": "docs/a.md", "file_path": "docs/b.md"},
        {"action": "delete", "file_path": "pay/a.py"},
        {"action": "create", "file_path": "run", "content": "Z28=", "encoding": "base64"},
        {"action": "chmod", "file_path": "CODEOWNERS", "execute_filemode": True},
    ]
    body = {"branch": "main", "commit_message": "Tidy", "actions": actions}
    assert (await bot(f"POST {P}/repository/commits", body)).status_code == 201
    tree = shop.api.head.tree
    assert set(tree) == {"CODEOWNERS", "docs/b.md", "run"}
    assert (tree["run"].content, tree["docs/b.md"].content, tree["CODEOWNERS"].mode) == (
        b"go",
        b"words\n",
        "100755",
    )
    listed = (await bot(f"GET {P}/repository/commits?path=run")).json()
    assert [each["title"] for each in listed] == ["Tidy"]
