"""`usher gitlab connect`: the hook is there, sends what it should, and whatever is missing is said exactly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import gitlab_connect, logs
from app.errors import ForPeople
from app.forges.gitlab.client import GitLabClient, TokenState
from app.forges.gitlab.hooks import HookName
from app.forges.gitlab.setup import OF_GROUPS, OF_PROJECTS, GitLabSetup, token_problems, warning_due
from app.forges.sandbox import GitLabSandbox
from app.forges.sandbox.edition import Tier
from app.forges.sandbox.faults import Fault
from app.gitlab_connect import AT_ONCE
from app.rounds.gitlab_hooks import watch_hooks
from app.settings import Settings, read_settings
from app.store import running, tenants
from app.store.chores import Chore

MASTER = "a-master-key-of-more-than-thirty-two-bytes"


@pytest.fixture
def tier() -> Tier:
    return "premium"


@pytest.fixture
def version() -> tuple[int, int]:
    return (19, 2)


@pytest.fixture
def prefix() -> str:
    return ""


@pytest.fixture
async def forge(tier: Tier, version: tuple[int, int], prefix: str) -> AsyncIterator[GitLabSandbox]:
    async with GitLabSandbox(tier=tier, version=version, prefix=prefix) as sandbox:
        sandbox.organisation("shop", hooked=False, bot="write")
        sandbox.person("olga", member_of="shop", owner=True)
        sandbox.repository("shop/api", hooked=False)
        sandbox.repository("shop/web", hooked=False)
        yield sandbox


def settings(forge: GitLabSandbox, **changes: object) -> Settings:
    return read_settings(
        **{
            "gitlab_url": forge.url,
            "gitlab_token": forge.token,
            "public_url": "https://usher.example",
            "master_keys": MASTER,
            **changes,
        }
    )


@pytest.fixture
def owners(forge: GitLabSandbox, tmp_path: Path) -> Path:
    """A file with the token of an owner."""
    path = tmp_path / "token"
    path.write_text(forge.access_token(forge.person("olga").account).value + "\n")
    return path


def as_owner(forge: GitLabSandbox) -> GitLabClient:
    token = forge.access_token(forge.person("olga").account).value
    return GitLabClient(url=forge.url, token=token, pace=AT_ONCE)


async def hooks(forge: GitLabSandbox, path: str = "groups/shop") -> list[dict[str, object]]:
    kind, _, name = path.partition("/")
    async with as_owner(forge) as client:
        return [dict(each) for each in await client.list(f"{kind}/{{name}}/hooks", name=name)]


@pytest.mark.parametrize("prefix", ["", "/gitlab"], ids=["at the root", "under a path"])
async def test_a_group_gets_one_signed_hook_with_every_event(forge, owners, prefix):
    outcome = await gitlab_connect.connect(settings(forge), "shop", None, owners)
    assert outcome.missing == []
    [made] = outcome.hooks
    assert (made.outcome, made.signed) == ("made", True)
    [hook] = await hooks(forge)
    name = HookName.parse(str(hook["url"]).removeprefix("https://usher.example/webhooks/gitlab/"))
    assert name is not None
    assert (name.scheme, name.group) == ("s", made.place.root)
    assert all(hook[event] for event in OF_GROUPS)
    assert hook["signing_token_present"]
    assert hook["enable_ssl_verification"]


async def test_running_it_again_changes_nothing(forge, owners):
    first = await gitlab_connect.connect(settings(forge), "shop", None, owners)
    again = await gitlab_connect.connect(settings(forge), "shop", None, owners)
    assert [each.outcome for each in again.hooks] == ["well"]
    assert again.hooks[0].url == first.hooks[0].url
    assert len(await hooks(forge)) == 1


async def test_a_hook_that_lacks_events_or_was_switched_off_is_mended(forge, owners):
    await gitlab_connect.connect(settings(forge), "shop", None, owners)
    [hook] = forge.gitlab.hooks.known.values()
    hook.events["note_events"] = False
    outcome = await gitlab_connect.connect(settings(forge), "shop", None, owners)
    assert outcome.hooks[0].mended == ("the event note_events",)
    assert hook.events["note_events"]


@pytest.mark.parametrize("tier", ["free"])
async def test_where_groups_have_no_hooks_each_project_gets_one(forge, owners, tier):
    outcome = await gitlab_connect.connect(settings(forge), "shop", None, owners)
    assert outcome.missing == []
    assert {each.place.path for each in outcome.hooks} == {"shop/api", "shop/web"}
    assert len({each.place.root for each in outcome.hooks}) == 1  # one group, however many hooks
    [hook] = await hooks(forge, "projects/shop/api")
    assert all(hook[event] for event in OF_PROJECTS)
    assert any("each project gets one" in note for note in outcome.notes)


@pytest.mark.parametrize("version", [(18, 9)])
async def test_a_gitlab_that_does_not_sign_gets_a_plain_token(forge, owners, version):
    outcome = await gitlab_connect.connect(settings(forge), "shop", None, owners)
    assert [each.signed for each in outcome.hooks] == [False]
    assert "/p-" in outcome.hooks[0].url


async def test_one_project_alone_can_be_connected(forge, owners):
    outcome = await gitlab_connect.connect(settings(forge), None, "shop/api", owners)
    assert [each.place.path for each in outcome.hooks] == ["shop/api"]
    assert await hooks(forge, "projects/shop/web") == []


async def test_without_the_rights_it_says_who_can_do_it(forge):
    outcome = await gitlab_connect.connect(settings(forge), "shop", None, None)
    assert outcome.hooks == []
    [missing] = outcome.missing
    assert "an Owner of the group only" in missing
    assert "--token-file" in missing


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gitlab_token": "glpat-that-nobody-ever-issued"}, "does not accept USHER_GITLAB_TOKEN"),
        ({}, "shows no group 'elsewhere'"),
    ],
    ids=["a wrong token", "a wrong group"],
)
async def test_what_is_wrong_is_said_with_what_mends_it(forge, owners, change, said):
    outcome = await gitlab_connect.connect(settings(forge, **change), "elsewhere", None, owners)
    assert any(said in each for each in outcome.missing)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"gitlab_token": None}, "USHER_GITLAB_TOKEN"), ({"public_url": None}, "USHER_PUBLIC_URL")],
)
async def test_nothing_is_tried_without_the_settings_that_it_needs(forge, change, said):
    with pytest.raises(ForPeople, match=said):
        await gitlab_connect.connect(settings(forge, **change), "shop", None, None)


TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("scopes", "days", "said"),
    [
        (("api",), None, ""),
        (("api",), 31, ""),
        (("api",), 30, "ends in 30 days, on 20 December 2026"),
        (("api",), 14, "ends in 14 days"),
        (("api",), 7, "ends in 7 days"),
        (("api",), 1, "ends in 1 day,"),
        (("api",), 0, "ends today"),
        (("api",), -1, "has ended"),
        (("read_api",), None, "Usher needs `api`"),
        ((), None, "has the scopes none"),
    ],
)
def test_a_token_that_ends_soon_or_may_too_little_is_told(scopes, days, said):
    ends = None if days is None else TODAY + timedelta(days=days)
    problems = token_problems(TokenState(scopes, ends), TODAY)
    assert (said in " ".join(problems)) if said else problems == ()


def test_the_log_hears_of_a_token_that_ends_four_times_and_once_more_when_it_has_ended():
    ends = TODAY + timedelta(days=40)
    heard = {}
    for day in range(45):
        due = warning_due(TokenState(("api",), ends), TODAY + timedelta(days=day))
        if due:
            heard.setdefault(due, 40 - day)  # days that are left when it is said
    assert list(heard.values()) == [30, 14, 7, 1, -1]
    assert warning_due(TokenState(("read_api",), ends), TODAY) != warning_due(TokenState((), ends), TODAY)
    assert warning_due(None, TODAY) == ""


async def test_the_round_logs_it_once_and_keeps_it_for_the_operations_page(forge, database, capsys):
    logs.configure("warning")
    forge.bot_token.expires_at = (datetime.now(UTC) + timedelta(days=7)).date()
    note: Mapping[str, Any] = {}
    async with GitLabClient(url=forge.url, token=forge.token, pace=AT_ONCE) as client:
        look = watch_hooks(database, lambda: client).do
        for _ in range(2):
            note = await look(Chore("gitlab hooks", datetime.now(UTC), None, None, note))
    assert capsys.readouterr().err.count("ends in 7 days") == 1
    [(where, well, problem)] = running.hooks({"gitlab hooks": note})
    assert (where, well) == ("Usher's GitLab token", False)
    assert "ends in 7 days" in problem


class Receiver:
    """Listens as Usher would, and gives each delivery the same answer."""

    def __init__(self, address: str) -> None:
        self.address, self.answer, self.taken = address, "202 Accepted", 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.taken += 1
        writer.write(f"HTTP/1.1 {self.answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver("")
    async with await asyncio.start_server(made, "127.0.0.1", 0) as server:
        made.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield made


async def test_what_could_not_be_delivered_is_sent_again_once_and_looked_for_no_further_back(
    forge, owners, receiver, database
):
    """Another Usher's hook at the same group fails too; that is its own to mend."""
    for address in (receiver.address, "http://127.0.0.1:1/other"):
        await gitlab_connect.connect(settings(forge, public_url=address), "shop", None, owners)
    async with database.begin() as connection:
        await tenants.by_group(connection, forge.url, 7, account="shop", mode="live")
    olga, note = forge.person("olga"), {}
    listed: list[str] = []
    forge.on_exchange.append(lambda each: listed.append(each.path) if each.path.endswith("/events") else None)

    async def looked() -> Mapping[str, Any]:
        listed.clear()
        async with as_owner(forge) as client:
            look = watch_hooks(database, lambda: client, receiver.address).do
            return await look(Chore("gitlab hooks", datetime.now(UTC), None, None, note))

    for number in range(30):
        receiver.answer = "503 Service Unavailable" if number in (3, 17) else "202 Accepted"
        olga.reports(forge.world.repository("shop/api"), f"Report {number}")
        await forge.idle()
    receiver.answer, receiver.taken = "202 Accepted", 0
    note = await looked()
    assert (note["resent"], receiver.taken, len(listed)) == (2, 2, 2)
    note = await looked()  # what was sent again has arrived
    assert (note["resent"], receiver.taken) == (0, 2)
    note = await looked()
    assert (note["resent"], len(listed)) == (0, 1)


async def test_a_group_that_cannot_be_looked_after_keeps_nobody_from_the_others(forge, owners, database):
    forge.organisation("lab")
    forge.person("olga", member_of="lab", owner=True)
    async with database.begin() as connection:
        for number, group in ((7, "shop"), (8, "lab")):
            await gitlab_connect.connect(settings(forge), group, None, owners)
            await tenants.by_group(connection, forge.url, number, account=group, mode="live")
    forge.faults.next(Fault(status=500), path="/events")
    async with as_owner(forge) as client:
        look = watch_hooks(database, lambda: client).do
        note = await look(Chore("gitlab hooks", datetime.now(UTC), None, None, {}))
    assert len(note["unseen"]) == 1
    assert {name.split()[0] for name in note["hooks"]} == {"shop", "lab"}
    assert len(note["marks"]) == 1  # of the other group


async def test_a_hook_that_was_switched_off_is_brought_back_by_a_test(forge, owners, receiver):
    """Nothing listened at the address, so GitLab put the hook aside; once something does, a test brings it back."""
    await gitlab_connect.connect(settings(forge, public_url=receiver.address), "shop", None, owners)
    [hook] = forge.gitlab.hooks.known.values()
    hook.failures, hook.disabled_until = 4, datetime.now(UTC) + timedelta(minutes=1)
    async with as_owner(forge) as client:
        setup = GitLabSetup(client)
        place = await setup.group("shop")
        [seen] = await setup.hooks(place)
        assert seen.alert == "temporarily_disabled"
        assert await setup.wake(place, seen)
    assert receiver.taken == 1
