"""What a change touches is listed as GitHub lists it."""

from __future__ import annotations

import base64
from types import SimpleNamespace

from app.forges.sandbox import Sandbox
from app.forges.sandbox.git import Blob
from tests.sandbox.conftest import Bot

LONG = "".join(f"line {number}\n" for number in range(20))


async def test_additions_edits_removals_and_renames_are_told_apart(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    api = forge.repository(
        "shop/web", files={"edit.txt": "one\ntwo\n", "gone.txt": "x\n", "old.txt": LONG, "same": ""}
    )
    change = shop.ana.opens(
        api,
        {"edit.txt": "one\n2\n", "gone.txt": None, "new.txt": "fresh\n"},
        renaming={"old.txt": "moved/new name.txt"},
    )
    shop.ana.pushes(change, {"moved/new name.txt": LONG.replace("line 7", "line seven")})
    files = (await bot(f"GET /repos/shop/web/pulls/{change.number}/files")).json()
    found = {each["filename"]: (each["status"], each["additions"], each["deletions"]) for each in files}
    assert found == {
        "edit.txt": ("modified", 1, 1),
        "gone.txt": ("removed", 0, 1),
        "moved/new name.txt": ("renamed", 1, 1),
        "new.txt": ("added", 1, 0),
    }
    renamed = next(each for each in files if each["status"] == "renamed")
    assert renamed["previous_filename"] == "old.txt"
    assert "@@" in renamed["patch"]
    assert [each["filename"] for each in files] == sorted(found)


async def test_the_counts_of_a_change_agree_with_its_files(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(
        shop.api, {f"f/{number}.txt": "a\nb\n" for number in range(7)} | {"pay/a.py": "one\n"}
    )
    pull = (await bot(f"GET /repos/shop/api/pulls/{change.number}")).json()
    files = (await bot(f"GET /repos/shop/api/pulls/{change.number}/files")).json()
    assert pull["changed_files"] == len(files) == 8
    assert pull["additions"] == sum(each["additions"] for each in files) == 14
    assert pull["deletions"] == sum(each["deletions"] for each in files) == 1
    assert pull["commits"] == 1


async def test_long_lists_come_in_pages_that_link_to_each_other(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, {f"f/{number:03}.txt": "x\n" for number in range(205)})
    answer = await bot(f"GET /repos/shop/api/pulls/{change.number}/files?per_page=100")
    assert set(answer.links) == {"next", "last"}
    names = [each["filename"] for each in answer.json()]
    while "next" in answer.links:
        answer = await bot(f"GET {answer.links['next']['url'].removeprefix(forge.url)}")
        names += [each["filename"] for each in answer.json()]
    assert names == sorted(names)
    assert len(names) == 205
    assert set(answer.links) == {"prev", "first"}


async def test_no_more_than_three_thousand_files_are_listed(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, {f"f/{number:04}.txt": "x\n" for number in range(3_100)})
    listed = 0
    for page in range(1, 33):
        answer = await bot(f"GET /repos/shop/api/pulls/{change.number}/files?per_page=100&page={page}")
        listed += len(answer.json())
    assert listed == 3_000
    assert (await bot(f"GET /repos/shop/api/pulls/{change.number}")).json()["changed_files"] == 3_100


async def test_a_page_holds_thirty_unless_asked_and_never_more_than_a_hundred(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, {f"f/{number:03}.txt": "x\n" for number in range(120)})
    path = f"/repos/shop/api/pulls/{change.number}/files"
    sizes = [len((await bot(f"GET {path}{query}")).json()) for query in ("", "?per_page=500", "?page=99")]
    assert sizes == [30, 100, 0]


async def test_a_binary_file_has_no_patch(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, {"logo.png": b"\x89PNG\0\0data"})
    (file,) = (await bot(f"GET /repos/shop/api/pulls/{change.number}/files")).json()
    assert "patch" not in file
    assert file["sha"] == Blob(b"\x89PNG\0\0data").sha


async def test_what_the_base_branch_gained_meanwhile_is_not_in_the_change(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.commits(shop.api, {"pay/b.py": "new\n"})
    files = (await bot(f"GET /repos/shop/api/pulls/{change.number}/files")).json()
    assert [each["filename"] for each in files] == ["docs/a.md"]


async def test_a_change_from_a_fork_says_where_it_comes_from(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    """Whoever may only read works in a fork; the base repository lists the files all the same."""
    change = shop.ana.opens(shop.api, "pay/a.py")
    pull = (await bot(f"GET /repos/shop/api/pulls/{change.number}")).json()
    assert (pull["head"]["repo"]["full_name"], pull["head"]["repo"]["fork"]) == ("ana/api", True)
    assert pull["head"]["label"].startswith("ana:")
    assert pull["base"]["repo"]["full_name"] == "shop/api"
    shop.ana.deletes("ana/api")
    assert (await bot(f"GET /repos/shop/api/pulls/{change.number}")).json()["head"]["repo"] is None
    assert (await bot(f"GET /repos/shop/api/pulls/{change.number}/files")).json()[0]["filename"] == "pay/a.py"


async def test_files_folders_and_what_is_missing_are_read_at_a_commit(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    before = shop.api.head.sha
    shop.ben.commits(
        shop.api, {"pay/a.py": "three\n", "pay/deep/b.py": "b\n", "link": Blob(b"pay/a.py", "120000")}
    )
    old = (await bot(f"GET /repos/shop/api/contents/pay/a.py?ref={before}")).json()
    new = (await bot("GET /repos/shop/api/contents/pay/a.py")).json()
    assert base64.b64decode(old["content"]) == b"one\ntwo\n"
    assert base64.b64decode(new["content"]) == b"three\n"
    assert new["sha"] == Blob(b"three\n").sha
    folder = (await bot("GET /repos/shop/api/contents/pay")).json()
    assert [(each["name"], each["type"]) for each in folder] == [("a.py", "file"), ("deep", "dir")]
    root = (await bot("GET /repos/shop/api/contents")).json()
    assert [each["name"] for each in root] == [".github", "docs", "link", "pay"]
    assert (await bot("GET /repos/shop/api/contents/link")).json()["type"] == "symlink"
    assert (await bot("GET /repos/shop/api/contents/nothing")).status_code == 404
    assert (await bot("GET /repos/shop/api/contents/pay/a.py?ref=nowhere")).status_code == 404


async def test_trees_and_blobs_have_gits_own_names(forge: Sandbox, bot: Bot, shop: SimpleNamespace) -> None:
    """The names are the ones that `git` computes for the same files."""
    web = forge.repository("shop/web", files={"a.txt": "hello\n", "d/b.txt": "world\n"})
    tree = (await bot(f"GET /repos/shop/web/git/trees/{web.head.sha}?recursive=1")).json()
    names = {each["path"]: each["sha"] for each in tree["tree"]}
    assert names == {
        "a.txt": "ce013625030ba8dba906f756967f9e9ca394464a",
        "d": "721eea743f274b162a059c0032155c36a62cd740",
        "d/b.txt": "cc628ccd10742baea8241c5924df992b5c019f71",
    }
    assert (tree["sha"], tree["truncated"]) == ("5b0cbd7da55124c8853654833fd9905a8836616d", False)
    flat = (await bot("GET /repos/shop/web/git/trees/main")).json()
    assert [(each["path"], each["type"]) for each in flat["tree"]] == [("a.txt", "blob"), ("d", "tree")]
    inner = (await bot(f"GET /repos/shop/web/git/trees/{names['d']}")).json()
    assert [each["path"] for each in inner["tree"]] == ["b.txt"]
    blob = (await bot(f"GET /repos/shop/web/git/blobs/{names['a.txt']}")).json()
    assert base64.b64decode(blob["content"]) == b"hello\n"


async def test_the_codeowners_file_that_counts_is_checked(
    forge: Sandbox, bot: Bot, shop: SimpleNamespace
) -> None:
    text = "pay/ @shop/pay\n!docs/ @ben\n* @nobody @ana shop/pay\n"
    shop.ben.commits(shop.api, {".github/CODEOWNERS": text, "CODEOWNERS": "* @nobody\n"})
    errors = (await bot("GET /repos/shop/api/codeowners/errors")).json()["errors"]
    assert [(each["line"], each["column"], each["kind"]) for each in errors] == [
        (2, 1, "Invalid pattern"),
        (3, 3, "Unknown owner"),
        (3, 11, "Unknown owner"),
        (3, 16, "Invalid owner"),
    ]
    assert {each["path"] for each in errors} == {".github/CODEOWNERS"}
    bare = forge.repository("shop/bare")
    assert (await bot(f"GET /repos/{bare.full_name}/codeowners/errors")).status_code == 404
