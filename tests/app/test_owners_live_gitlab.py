"""`usher owners --live` against a sandbox GitLab below a path; every request is one that GitLab describes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.forges.sandbox import GitLabSandbox
from app.forges.sandbox.edition import Tier
from app.forges.sandbox.faults import Fault
from app.forges.sandbox.world import Protection
from tests.app.test_owners_live import SCHEMA, app
from tests.contract.gitlab import GitLabContract

OWNERS = """\
[Pay][2]
/pay/ @dora @ben
^[Docs]
/docs/ @erin
[Gone]
/gone/ @hugo
[Roles]
/roles/ @@maintainers
"""


@pytest.fixture
def tier() -> Tier:
    return "premium"


@pytest.fixture
async def forge(tier: Tier) -> AsyncIterator[GitLabSandbox]:
    async with GitLabSandbox(tier=tier, prefix="/gitlab") as sandbox:
        yield sandbox
        await sandbox.idle()
    contract, sent = GitLabContract(), sandbox.ledger.exchanges
    problems = [
        contract.check_request(each.method, each.path.removeprefix("/gitlab"), each.query, each.body)
        for each in sent
    ]
    assert [problem for found in problems for problem in found] == []


class Shop:
    """`shop/api` on GitLab and a checkout of it. dora and ben may write, erin may read, hugo is a stranger."""

    def __init__(self, forge: GitLabSandbox, folder: Path) -> None:
        self.forge, self.folder = forge, folder
        forge.organisation("shop")
        self.dora, _, _ = (forge.person(login, member_of="shop") for login in ("dora", "ben", "erin"))
        self.olga = forge.person("olga", member_of="shop", owner=True)
        forge.person("hugo")
        forge.team("shop/empty")
        forge.team("shop/core", members=[forge.person("carla")], parent=forge.team("shop/pay"))
        self.environment: dict[str, str | None] = {
            **{name: None for name in os.environ if name.startswith("USHER_")},
            "USHER_GITLAB_URL": forge.url,
            "USHER_GITLAB_TOKEN": forge.token,
        }
        subprocess.run(["git", "-C", folder, "init", "-q", "-b", "main"], check=True)
        self.origin("https://oauth2:a-secret-token@127.0.0.1:443/gitlab/shop/api.git")

    def origin(self, url: str) -> None:
        subprocess.run(["git", "-C", self.folder, "config", "remote.origin.url", url], check=True)

    def with_owners(self, content: str) -> Shop:
        """The same file on the forge and in the checkout."""
        files = {"CODEOWNERS": content, **{f"{place}/a": "x\n" for place in ("pay", "docs", "gone", "roles")}}
        self.api = self.forge.repository(
            "shop/api",
            files=files,
            teams={"shop/empty": "write"},
            collaborators={"dora": "write", "ben": "write", "erin": "triage"},
        )
        (self.folder / "CODEOWNERS").write_text(content)
        return self

    async def usher(self, *words: str) -> Result:
        call = ["-C", str(self.folder), "--dialect", "gitlab", "--live", *words]
        result = await asyncio.to_thread(CliRunner().invoke, app, call, env=self.environment)
        for secret in (self.forge.token, "a-secret-token"):
            assert secret not in result.output
        return result

    async def told(self, *words: str, code: int = 0) -> dict[str, Any]:
        result = await self.usher(*words, "--json")
        assert result.exit_code == code, result.output
        told: dict[str, Any] = json.loads(result.stdout)
        SCHEMA.validate(told)
        return told

    async def effective(self) -> dict[str, int | None]:
        """The approvals that GitLab waits for, by section."""
        told = await self.told("pay/a", "docs/a", "gone/a", "roles/a")
        sections = [section for path in told["paths"] for section in path["sections"]]
        return {each["name"]: each["effective"] for each in sections}


@pytest.fixture
def shop(forge: GitLabSandbox, tmp_path: Path) -> Shop:
    return Shop(forge, tmp_path)


@pytest.mark.parametrize(
    ("owner", "kind", "said"),
    [
        ("@dora", None, ""),
        ("@DORA", None, ""),
        ("@shop", None, ""),
        ("@@developers", None, ""),
        ("@nobody", "owner_unknown", "Nobody on the forge"),
        ("@hugo", "owner_left", "is not in"),
        ("@erin", "owner_no_write", "cannot write here"),
        ("@carla", "owner_no_write", "cannot write here"),
        ("@shop/gone", "team_unusable", "no team"),
        ("@shop/empty", "team_unusable", "Nobody is in"),
    ],
)
async def test_an_owner_who_cannot_approve_is_told_with_the_reason(
    shop: Shop, owner: str, kind: str | None, said: str
) -> None:
    shop.with_owners(f"* @ben {owner}\n")
    told = await shop.told()
    ours = [each for each in told["errors"] if each["source"] == "usher"]
    assert [each["kind"] for each in ours] == ([kind] if kind else [])
    assert said in "".join(each["message"] for each in ours)
    assert told["live"]["repository"] == "shop/api"


async def test_how_many_approvals_gitlab_waits_for(shop: Shop) -> None:
    """None in an optional section, none where nobody may approve, and none at all on a branch that asks for none."""
    shop.with_owners(OWNERS)
    assert set((await shop.effective()).values()) == {0}
    told = await shop.usher("pay/a")
    assert told.stdout.startswith("pay/a: [Pay] @dora @ben (2 to approve, but GitLab waits for none)\n")
    assert "The branch main does not need the approval of code owners" in told.stderr
    shop.api.protections["mai*"] = Protection(owners_approve=True)
    assert await shop.effective() == {"Pay": 2, "Docs": 0, "Gone": 0, "Roles": 0}
    told = await shop.usher("pay/a", "gone/a")
    assert told.stdout.startswith(
        "pay/a: [Pay] @dora @ben (2 to approve)\n"
        "gone/a: [Gone] @hugo (1 to approve, but GitLab waits for none)\n"
    )
    assert told.stderr == ""
    shop.olga.gives(shop.api, shop.dora, "maintain")
    assert (await shop.effective())["Roles"] == 1


async def test_where_the_protection_cannot_be_read_the_number_stays_unknown(shop: Shop) -> None:
    shop.with_owners(OWNERS)
    shop.forge.faults.next(Fault(status=403), path="/protected_branches", times=5)
    assert await shop.effective() == {"Pay": None, "Docs": 0, "Gone": 0, "Roles": 0}


@pytest.mark.parametrize("tier", ["free"])
async def test_on_free_owners_are_looked_up_and_no_approval_is_waited_for(shop: Shop) -> None:
    shop.with_owners(OWNERS)
    told = await shop.told()
    assert {each["kind"] for each in told["errors"]} == {
        "owner_left",
        "owner_no_write",
        "rule_without_owners",
    }
    assert set((await shop.effective()).values()) == {0}


@pytest.mark.parametrize(
    "remote",
    [
        "git@127.0.0.1:shop/api.git",
        "https://127.0.0.1/gitlab/shop/api",
        "ssh://git@127.0.0.1:22/shop/api.git",
    ],
)
async def test_the_project_is_that_of_the_origin(shop: Shop, remote: str) -> None:
    shop.with_owners("* @ben\n")
    shop.origin(remote)
    assert (await shop.told())["live"]["repository"] == "shop/api"


async def test_a_project_of_a_subgroup_can_be_named(shop: Shop) -> None:
    shop.with_owners("* @ben\n")
    shop.forge.repository("shop/pay/core/lib", files={"CODEOWNERS": "* @ben\n"})
    told = await shop.told("--repository", "shop/pay/core/lib")
    assert told["live"]["repository"] == "shop/pay/core/lib"
    assert (await shop.usher("--repository", "api")).exit_code == 2


async def failed(shop: Shop, *words: str) -> str:
    result = await shop.usher("pay/a", *words)
    assert result.exit_code == 5, result.output
    assert result.stdout.startswith("pay/a: ")
    return result.stderr


async def test_why_gitlab_does_not_tell(shop: Shop) -> None:
    """No token, another host, a project that is hidden, a token that is not known."""
    shop.with_owners("* @ben @hugo\n")
    assert "shows this token no project shop/none" in await failed(shop, "--repository", "shop/none")
    shop.origin("https://gitlab.example.com/shop/api.git")
    assert "from gitlab.example.com, not from 127.0.0.1 (USHER_GITLAB_URL)" in await failed(shop)
    shop.environment["USHER_GITLAB_TOKEN"] = "not-a-token"
    assert "401" in await failed(shop, "--repository", "shop/api")
    del shop.environment["USHER_GITLAB_TOKEN"]
    assert "set USHER_GITLAB_TOKEN" in await failed(shop)
