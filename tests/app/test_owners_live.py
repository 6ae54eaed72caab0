"""`usher owners --live` against a sandbox forge over real HTTP; every request is one that GitHub describes."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import typer
from typer.testing import CliRunner, Result

from app.commands.owners import owners
from app.forges.sandbox import Sandbox
from app.forges.sandbox.faults import Fault
from app.forges.sandbox.world import Permission
from tests.contract.checker import Contract

ROOT = Path(__file__).parents[2]
SCHEMA = jsonschema_rs.validator_for(json.loads((ROOT / "docs/schemas/owners.schema.json").read_text()))

app = typer.Typer()
app.command("owners")(owners)


@cache
def contract() -> Contract:
    return Contract()


@pytest.fixture
async def forge() -> AsyncIterator[Sandbox]:
    """An empty forge. At the end every request that was sent must be one that GitHub's description allows."""
    async with Sandbox() as sandbox:
        yield sandbox
        await sandbox.idle()
    sent = sandbox.ledger.exchanges
    problems = [contract().check_request(each.method, each.path, each.query, each.body) for each in sent]
    assert [problem for found in problems for problem in found] == []
    assert not sandbox.ledger.writes


class Shop:
    """`shop/api` on the forge and a checkout of it. dora may write, erin may read, hugo is a stranger."""

    def __init__(self, forge: Sandbox, folder: Path) -> None:
        self.forge, self.folder = forge, folder
        forge.organisation("shop")
        self.dora, self.erin = (forge.person(login, member_of="shop") for login in ("dora", "erin"))
        self.hugo = forge.person("hugo")
        forge.team("shop/pay", members=[self.dora])
        forge.team("shop/empty")
        forge.team("shop/hidden", members=[self.dora], secret=True)
        forge.team("shop/readers", members=[self.dora])
        self.environment: dict[str, str | None] = {
            **{name: None for name in os.environ if name.startswith("USHER_")},
            "USHER_GITHUB_API_URL": forge.url,
            "USHER_GITHUB_APP_ID": str(forge.app_id),
            "USHER_GITHUB_PRIVATE_KEY": forge.private_key,
        }
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", "https://somebody:a-secret-token@github.com/shop/api.git")

    def with_owners(self, content: str, collaborators: Mapping[str, Permission] | None = None) -> Shop:
        """The same file on the forge and in the checkout."""
        self.forge.repository(
            "shop/api",
            files={".github/CODEOWNERS": content, "pay/a.py": "one\n"},
            teams={
                "shop/pay": "write",
                "shop/empty": "write",
                "shop/readers": "read",
                "shop/hidden": "write",
            },
            collaborators={"dora": "write", **(collaborators or {})},
        )
        self.edit(content)
        return self

    def edit(self, content: str) -> None:
        """The file in the checkout alone."""
        (self.folder / ".github").mkdir(exist_ok=True)
        (self.folder / ".github/CODEOWNERS").write_text(content)

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        return subprocess.run(
            ["git", "-C", self.folder, *identity, *words], check=True, capture_output=True, text=True
        ).stdout

    async def usher(self, *words: str) -> Result:
        """The command, in a thread of its own beside the forge."""
        call = ["-C", str(self.folder), *words]
        result = await asyncio.to_thread(CliRunner().invoke, app, call, env=self.environment)
        for secret in (self.forge.private_key, "a-secret-token", "BEGIN RSA"):
            assert secret not in result.output
        return result

    async def told(self, *words: str, code: int = 0) -> dict[str, Any]:
        result = await self.usher(*words, "--json")
        assert result.exit_code == code, result.output
        told: dict[str, Any] = json.loads(result.stdout)
        SCHEMA.validate(told)
        return told

    async def errors(self, *words: str, code: int = 0) -> list[tuple[int, int, str, str, str]]:
        """Line, column, kind, severity and source of each error."""
        told = await self.told("--live", *words, code=code)
        names = ("line", "column", "kind", "severity", "source")
        return [tuple(each[name] for name in names) for each in told["errors"]]  # type: ignore[misc]


@pytest.fixture
def shop(forge: Sandbox, tmp_path: Path) -> Shop:
    return Shop(forge, tmp_path)


# --- What the forge knows -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "kinds", "said"),
    [
        ("@dora", [], ""),
        ("@DORA", [], ""),
        ("@shop/pay", [], ""),
        ("@nobody", ["owner_unknown", "Unknown owner"], "Nobody on the forge"),
        ("@shop", ["owner_unknown", "Unknown owner"], "is an organisation"),
        ("@hugo", ["owner_left", "Unknown owner"], "is not in"),
        ("@erin", ["owner_no_write", "Unknown owner"], "cannot write here"),
        ("@shop/gone", ["team_unusable", "Unknown owner"], "no team"),
        ("@other/team", ["team_unusable", "Unknown owner"], "no team"),
        ("@shop/readers", ["team_unusable", "Unknown owner"], "cannot write here"),
        ("@shop/hidden", ["team_unusable", "Unknown owner"], "secret team"),
        ("@shop/empty", ["team_unusable"], "Nobody is in the team"),
        ("who@example.com", ["owner_email", "Unknown owner"], "No account"),
    ],
)
async def test_an_owner_who_cannot_review_is_told_with_the_reason(
    shop: Shop, owner: str, kinds: list[str], said: str
) -> None:
    """People and teams that are missing, left, hidden, empty or may not write; GitHub's verdict beside it."""
    shop.with_owners(f"* @dora {owner}\n")
    told = await shop.told("--live")
    assert sorted(each["kind"] for each in told["errors"]) == sorted(kinds)
    assert all((each["line"], each["column"]) == (1, 9) for each in told["errors"])
    assert said in "".join(each["message"] for each in told["errors"])
    assert told["live"] == {"repository": "shop/api", "failure": None, "notes": []}


async def test_a_line_whose_owners_are_all_gone_is_a_dead_rule(shop: Shop) -> None:
    """Also where each of them is told of at another line already."""
    shop.with_owners("* @dora\n/pay/ @hugo @shop/gone\n/docs/ @hugo\n")
    assert await shop.errors() == [
        (2, 1, "dead_rule", "error", "usher"),
        (2, 7, "Unknown owner", "error", "forge"),
        (2, 7, "owner_left", "error", "usher"),
        (2, 13, "Unknown owner", "error", "forge"),
        (2, 13, "team_unusable", "error", "usher"),
        (3, 1, "dead_rule", "error", "usher"),
        (3, 8, "Unknown owner", "error", "forge"),
    ]


async def test_somebody_who_leaves_is_noticed(shop: Shop) -> None:
    """The file stays the same, and the answer changes."""
    shop.with_owners("* @dora @erin\n")
    before = await shop.errors()
    shop.erin.leaves_organisation("shop")
    assert [kind for _, _, kind, _, _ in before] == ["Unknown owner", "owner_no_write"]
    assert [kind for _, _, kind, _, _ in await shop.errors()] == ["Unknown owner", "owner_left"]


async def test_what_both_find_is_told_once_and_is_the_forges(shop: Shop) -> None:
    """The same line and kind, with the suggestion that only Usher has."""
    shop.with_owners("* @dora\n*.py @dora dev\n")
    (error,) = (await shop.told("--live"))["errors"]
    assert (error["line"], error["kind"], error["source"]) == (2, "Invalid owner", "forge")
    assert error["suggestion"] == "@dev"


async def test_the_owners_of_paths_are_those_of_the_offline_answer(shop: Shop) -> None:
    """--live adds problems and takes no answer away."""
    shop.with_owners("* @dora @hugo\n")
    offline, live = await shop.told("pay/a.py"), await shop.told("pay/a.py", "--live")
    assert live["paths"] == offline["paths"]
    assert "live" not in offline


async def test_checking_fails_on_what_only_the_forge_knows(shop: Shop) -> None:
    """--check exits with 1; without it the problems are listed and the exit code is 0."""
    shop.with_owners("* @dora @hugo\n")
    assert (await shop.usher("--live")).exit_code == 0
    assert (await shop.usher("--check")).exit_code == 0
    result = await shop.usher("--live", "--check")
    assert result.exit_code == 1
    assert ".github/CODEOWNERS:1:9: error: owner_left: `@hugo` is not in `shop`" in result.stdout


# --- Which file and which repository --------------------------------------------------------------------


async def test_a_file_that_was_edited_keeps_the_verdicts_on_its_old_lines(shop: Shop) -> None:
    """The forge's errors move with their lines; owners of new lines are looked up all the same."""
    shop.with_owners("* @dora\n/a/ @hugo\n/b/ @nobody\n")
    shop.edit("* @dora\n/new/ @erin @dora\n\n/a/ @hugo\n")
    told = await shop.told("--live")
    assert [(each["line"], each["kind"]) for each in told["errors"]] == [
        (2, "owner_no_write"),
        (4, "dead_rule"),
        (4, "Unknown owner"),
        (4, "owner_left"),
    ]
    (note,) = told["live"]["notes"]
    assert "another CODEOWNERS file at main" in note
    assert note in (await shop.usher("--live")).stderr


async def test_the_forge_is_asked_about_the_commit_that_is_read(shop: Shop, forge: Sandbox) -> None:
    """Where it has that commit; else about its default branch."""
    shop.with_owners("* @dora\n")
    shop.git("add", "-A")
    shop.git("commit", "-qm", "x")
    commit = shop.git("rev-parse", "HEAD").strip()
    assert await shop.errors("--ref", "HEAD") == []
    asked = [each.query["ref"] for each in forge.ledger.exchanges if "CODEOWNERS" in each.path]
    assert (asked[0], asked[-1]) == (commit, "main")
    (errors,) = forge.ledger.calls("GET", "/codeowners/errors")
    assert errors.query["ref"] == "main"


async def test_the_repository_can_be_named(shop: Shop) -> None:
    """--repository goes before the origin, and needs none."""
    shop.with_owners("* @dora @hugo\n")
    shop.git("remote", "set-url", "origin", "https://github.com/shop/elsewhere")
    kinds = {
        kind for _, _, kind, _, _ in await shop.errors("--repository", "Shop/API", "--dialect", "github")
    }
    assert kinds == {"owner_left", "Unknown owner"}
    shop.git("remote", "remove", "origin")
    assert (await shop.told("--live", "--repository", "shop/api"))["live"]["repository"] == "shop/api"


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/shop/api",
        "https://x:y@GitHub.com/shop/api.git/",
        "git@github.com:shop/api.git",
        "github.com:shop/api",
        "ssh://git@ssh.github.com:443/shop/api.git",
    ],
)
async def test_the_repository_is_that_of_the_origin(shop: Shop, remote: str) -> None:
    """However the address is written."""
    shop.with_owners("* @dora\n")
    shop.git("remote", "set-url", "origin", remote)
    assert (await shop.told("--live"))["live"]["repository"] == "shop/api"


async def test_every_owner_of_many_is_looked_up(shop: Shop, forge: Sandbox) -> None:
    """Once each, however often they are named."""
    people = [forge.person(f"p{number}", member_of="shop") for number in range(30)]
    lines = [f"/{number}/ @dora @{each.account.login}\n" for number, each in enumerate(people)] * 2
    shop.with_owners("".join(lines))
    kinds = [kind for _, _, kind, _, _ in await shop.errors()]
    assert kinds.count("owner_no_write") == 30
    assert len(forge.ledger.calls("GET", "/permission")) == 31


@pytest.mark.slow
async def test_of_very_many_owners_a_thousand_are_looked_up(shop: Shop, forge: Sandbox) -> None:
    """Those whom the forge refuses first; how many were left out is said."""
    people: dict[str, Permission] = {f"p{number:04}": "write" for number in range(1_001)}
    shop.with_owners("".join(f"/{login}/ @{login}\n" for login in people) + "/z/ @zoe\n", people)
    result = await shop.usher("pay/a.py", "--live")
    assert "2 owners were not looked up one by one" in result.stderr
    assert "owner_unknown: Nobody on the forge is called `@zoe`" in result.stdout
    assert len(forge.ledger.calls("GET", "/permission")) == 1_000


# --- When it fails --------------------------------------------------------------------------------------


async def failed(shop: Shop, *words: str) -> str:
    """The sentence on standard error, after the offline answer came with code 5; the same stands in JSON."""
    result = await shop.usher("pay/a.py", "--live", *words)
    assert result.exit_code == 5, result.output
    assert result.stdout.startswith("pay/a.py: ")
    assert result.stderr.count("\n") == 1
    result = await shop.usher("pay/a.py", "--live", "--json", *words)
    assert result.exit_code == 5, result.output
    told = json.loads(result.stdout)
    SCHEMA.validate(told)
    assert told["paths"][0]["matched"] is True
    assert {each["source"] for each in told["errors"]} <= {"usher"}
    assert result.stderr == f"This is the offline answer alone. {told['live']['failure']}\n"
    return result.stderr


async def test_without_settings_the_offline_answer_comes(shop: Shop) -> None:
    shop.with_owners("* @dora @hugo\n")
    del shop.environment["USHER_GITHUB_APP_ID"]
    assert "set USHER_GITHUB_APP_ID and USHER_GITHUB_PRIVATE_KEY" in await failed(shop)


async def test_a_setting_that_is_wrong_is_named(shop: Shop) -> None:
    shop.with_owners("* @dora @hugo\n")
    shop.environment["USHER_GITHUB_API_URL"] = "http://user:hunter2@example.com"
    said = await failed(shop)
    assert "USHER_GITHUB_API_URL" in said
    assert "hunter2" not in said


async def test_a_key_that_is_none_is_not_shown(shop: Shop) -> None:
    shop.with_owners("* @dora @hugo\n")
    shop.environment["USHER_GITHUB_PRIVATE_KEY"] = "hunter2"
    said = await failed(shop)
    assert "USHER_GITHUB_PRIVATE_KEY" in said
    assert "hunter2" not in said


async def test_where_the_app_is_not_installed(shop: Shop, forge: Sandbox) -> None:
    shop.with_owners("* @dora @hugo\n")
    forge.uninstall("shop")
    assert "not installed on shop/api" in await failed(shop)


async def test_where_the_installation_is_suspended(shop: Shop, forge: Sandbox) -> None:
    shop.with_owners("* @dora @hugo\n")
    forge.suspend("shop")
    assert "suspended" in await failed(shop)


async def test_a_permission_that_is_missing_is_named(shop: Shop, forge: Sandbox) -> None:
    shop.with_owners("* @shop/pay\n")
    forge.permit("shop", {"metadata": "read", "contents": "read"})
    assert "members=read" in await failed(shop)


async def test_where_nobody_answers(shop: Shop) -> None:
    shop.with_owners("* @dora @hugo\n")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        shop.environment["USHER_GITHUB_API_URL"] = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert "no connection" in await failed(shop)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=502, html=True), "502"),
        (Fault(status=500), "500"),
        (Fault(status=403), "403"),
        (Fault(cut=True), "connection broke"),
    ],
    ids=["proxy's page", "500", "403", "cut"],
)
@pytest.mark.parametrize(
    "path", ["/installation", "/access_tokens", "/codeowners/errors", "/dora/permission"]
)
async def test_where_the_forge_fails_on_the_way(
    shop: Shop, forge: Sandbox, path: str, fault: Fault, said: str
) -> None:
    """Half of what it knows is not told: nobody could say which half."""
    shop.with_owners("* @dora @hugo\n")
    forge.faults.next(fault, times=50, path=path)
    assert said in await failed(shop)


async def test_where_the_forge_asks_to_wait(shop: Shop, forge: Sandbox) -> None:
    shop.with_owners("* @dora @hugo\n")
    forge.faults.exhaust(600)
    assert "wait until" in await failed(shop)


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("https://git.example.com/shop/api.git", "from git.example.com, not from github.com"),
        ("https://notgithub.com/shop/api.git", "from notgithub.com"),
        ("../api", "--repository OWNER/NAME"),
        ("https://github.com/shop", "--repository OWNER/NAME"),
        ("https://[github.com/shop/api", "--repository OWNER/NAME"),
    ],
)
async def test_where_the_origin_names_no_repository_of_this_forge(
    shop: Shop, forge: Sandbox, remote: str, said: str
) -> None:
    """Nothing is asked about a namesake."""
    shop.with_owners("* @dora @hugo\n")
    shop.git("remote", "set-url", "origin", remote)
    assert said in await failed(shop, "--dialect", "github")
    assert forge.ledger.exchanges == []


async def test_a_failure_is_told_where_there_is_no_file_too(shop: Shop) -> None:
    """5 where --live failed; 3 where the forge was reached and there is no file."""
    shop.with_owners("* @dora\n")
    (shop.folder / ".github/CODEOWNERS").unlink()
    assert (await shop.told("--live", code=3))["status"] == "missing"
    del shop.environment["USHER_GITHUB_APP_ID"]
    assert (await shop.told("--live", code=5))["status"] == "missing"


@pytest.mark.parametrize(
    "words",
    [["--repository", "shop/api"], ["--live", "--repository", "api"], ["--live", "--repository", "a/b/c"]],
)
async def test_a_call_that_makes_no_sense_is_refused(shop: Shop, words: list[str]) -> None:
    shop.with_owners("* @dora\n")
    result = await shop.usher(*words)
    assert (result.exit_code, result.stdout) == (2, "")


async def test_the_command_asks_as_a_process_of_its_own(shop: Shop) -> None:
    """With the environment of an operator and nothing else."""
    shop.with_owners("* @dora @hugo\n")
    known = {name: value for name, value in shop.environment.items() if value is not None}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli", "owners", "-C", str(shop.folder), "pay/a.py", "--live"),
        env={"PATH": os.environ["PATH"], **known},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert (process.returncode, complained) == (0, b"")
    assert said.startswith(b"pay/a.py: @dora @hugo\n")
    assert b"error: owner_left:" in said
