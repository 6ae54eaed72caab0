"""Each line of the doctor: one thing is broken, exactly its line says so, and names what mends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app import gitlab_connect, main, serving
from app.commands.doctor import examine
from app.doctor.checks import Check
from app.forges.sandbox import GitLabSandbox, Sandbox
from app.settings import read_settings
from app.store import schema
from app.store.tables import delivery, due, switch, tenant
from tests.stories import MONDAY_NINE, SECRET, settings_for

pytestmark = pytest.mark.slow

MASTER = "a-master-key-of-more-than-thirty-two-bytes"
OF_THE_TEST = "of-the-test"


@dataclass
class Patient:
    """An installation in which nothing is wrong until a test breaks something. It receives, and no worker runs."""

    forge: Any
    usher: main.Usher
    given: dict[str, Any]
    port: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    serving: asyncio.Task[None] | None = None

    async def looked(self) -> dict[str, Check]:
        return {each.name: each async for each in examine(read_settings(**self.given))}

    async def run(self, statement: Any) -> None:
        async with self.usher.database.begin() as connection:
            await connection.execute(statement)

    async def heard(self) -> None:
        """Everything that the forge has to say arrives and is read."""
        await self.forge.idle()
        await self.usher.work.sweep_once()

    def serve(self) -> None:
        listener = serving.listen("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        self.stop = asyncio.Event()
        self.serving = asyncio.create_task(serving.run_web(self.usher, self.stop, listener))

    async def stop_serving(self) -> None:
        self.stop.set()
        if self.serving is not None:
            await self.serving


async def opened(forge: Any, address: str, folder: Path, **changes: Any) -> AsyncIterator[Patient]:
    given = {"spool_dir": folder / "spool", "master_keys": MASTER, **changes}
    settings = settings_for(forge, folder, database_url=address, **given)
    async with main.opened(settings, address, clock=forge.clock) as usher:
        patient = Patient(forge, usher, {**settings.model_dump(exclude_unset=True), "database_url": address})
        patient.serve()
        patient.given["public_url"] = f"http://127.0.0.1:{patient.port}"
        try:
            yield patient
        finally:
            await patient.stop_serving()


Ailment = Callable[[Patient], AsyncIterator[None]]
Case = tuple[Ailment, dict[str, str], str, str]
"""What is broken; the status of each line that is not well then; what the first of them says; what mends it."""


async def examined(patient: Patient, cases: Sequence[Case]) -> None:
    """Break one thing after the other, each mended before the next."""
    assert await _not_well(patient) == {}
    for ailment, lines, said, mend in cases:
        given = dict(patient.given)
        async with asynccontextmanager(ailment)(patient):
            sick = await _not_well(patient)
        patient.given = given
        statuses = {name: each.status for name, each in sick.items()}
        assert (ailment.__name__, statuses) == (ailment.__name__, lines)
        first = sick[next(iter(lines))]
        assert said in first.found, ailment.__name__
        assert mend in first.mend, ailment.__name__
    assert await _not_well(patient) == {}


async def _not_well(patient: Patient) -> dict[str, Check]:
    return {name: each for name, each in (await patient.looked()).items() if each.status != "well"}


# --- On every forge -----------------------------------------------------------------------------------------


async def its_database_is_gone(it: Patient) -> AsyncIterator[None]:
    it.given["database_url"] = "postgresql://nobody@127.0.0.1:9/usher"
    yield


async def a_power_cut_would_lose_deliveries(it: Patient) -> AsyncIterator[None]:
    change = "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' {}'; END $$"
    await it.run(sa.text(change.format("SET synchronous_commit = off")))
    yield
    await it.run(sa.text(change.format("RESET synchronous_commit")))


async def its_schema_is_older(it: Patient) -> AsyncIterator[None]:
    change = sa.text("UPDATE alembic_version SET version_num = :revision")
    await it.run(change.bindparams(revision="0001"))
    yield
    await it.run(change.bindparams(revision=schema.newest()))


@asynccontextmanager
async def _another_delivery(it: Patient, state: str) -> AsyncIterator[None]:
    """One that came two hours ago, and is not to be read before tomorrow, so that nobody does."""
    await it.run(
        sa.insert(delivery).values(
            forge="github",
            delivery_id=OF_THE_TEST,
            event="push",
            headers={},
            body_sha256=b"",
            body_bytes=0,
            scheme="hmac-sha256",
            state=state,
            received_at=sa.func.now() - timedelta(hours=2),
            next_at=sa.func.now() + timedelta(days=1),
        )
    )
    yield
    await it.run(sa.delete(delivery).where(delivery.c.delivery_id == OF_THE_TEST))


async def nobody_reads_the_inbox(it: Patient) -> AsyncIterator[None]:
    async with _another_delivery(it, "new"):
        yield


async def a_delivery_was_given_up(it: Patient) -> AsyncIterator[None]:
    async with _another_delivery(it, "dead"):
        yield


async def work_piles_up(it: Patient) -> AsyncIterator[None]:
    late = sa.func.now() - timedelta(hours=1)
    subject = "change:1:1"
    await it.run(sa.insert(due).values(tenant_id=1, subject=subject, generation=1, not_before=late))
    yield
    await it.run(sa.delete(due).where(due.c.subject == subject))


async def it_is_in_a_dry_run(it: Patient) -> AsyncIterator[None]:
    await it.run(sa.update(tenant).values(mode="preview"))
    yield
    await it.run(sa.update(tenant).values(mode="live"))


async def somebody_paused_it(it: Patient) -> AsyncIterator[None]:
    await it.run(sa.insert(switch).values(by="cli:olga", why="a release"))
    yield
    await it.run(sa.delete(switch))


async def its_clock_is_slow(it: Patient) -> AsyncIterator[None]:
    before = it.forge.wall.shift
    it.forge.wall.later("50s")
    yield
    it.forge.wall.shift = before


async def nothing_answers_at_its_address(it: Patient) -> AsyncIterator[None]:
    await it.stop_serving()
    yield
    it.serve()


# --- GitHub -------------------------------------------------------------------------------------------------


@pytest.fixture
async def on_github(address: str, tmp_path: Path) -> AsyncIterator[Patient]:
    async with Sandbox(webhook_secret=SECRET, start=MONDAY_NINE) as forge:
        async for patient in opened(forge, address, tmp_path):
            forge.webhook_url = f"{patient.given['public_url']}/webhooks/github"
            forge.organisation("shop")
            await patient.heard()
            yield patient


async def nobody_knows_its_address(it: Patient) -> AsyncIterator[None]:
    it.given["public_url"] = None
    yield


@asynccontextmanager
async def _delivered_to(it: Patient, address: str) -> AsyncIterator[None]:
    before = it.forge.webhook_url
    it.forge.webhook_url = address
    yield
    it.forge.webhook_url = before


async def something_else_answers_at_its_address(it: Patient) -> AsyncIterator[None]:
    it.given["public_url"] = it.forge.url
    async with _delivered_to(it, f"{it.forge.url}/webhooks/github"):
        yield


async def github_delivers_elsewhere(it: Patient) -> AsyncIterator[None]:
    async with _delivered_to(it, "https://elsewhere.example/hook"):
        yield


async def no_forge_is_named(it: Patient) -> AsyncIterator[None]:
    it.given |= {"github_app_id": None, "github_private_key": None, "github_webhook_secrets": ""}
    yield


async def its_key_is_of_another_app(it: Patient) -> AsyncIterator[None]:
    it.given["github_app_id"] += 1
    yield


async def a_permission_is_missing(it: Patient) -> AsyncIterator[None]:
    permissions = it.forge.registration.permissions
    permissions["checks"] = "read"
    yield
    permissions["checks"] = "write"


async def an_event_is_missing(it: Patient) -> AsyncIterator[None]:
    every = it.forge.registration.events
    it.forge.registration.events = tuple(each for each in every if each != "push")
    yield
    it.forge.registration.events = every


async def its_secret_differs(it: Patient) -> AsyncIterator[None]:
    it.forge.registration.webhook_secret = "another secret than Usher has"
    it.forge.repository("shop/new", files={"a.py": "1\n"})
    await it.heard()
    yield
    it.forge.registration.webhook_secret = SECRET
    it.forge.repository("shop/newer", files={"a.py": "1\n"})
    await it.heard()


async def it_is_installed_nowhere(it: Patient) -> AsyncIterator[None]:
    it.forge.uninstall("shop")
    await it.heard()
    yield
    it.forge.install("shop")
    await it.heard()


async def its_organisation_suspended_it(it: Patient) -> AsyncIterator[None]:
    it.forge.suspend("shop")
    await it.heard()
    yield
    it.forge.suspend("shop", on=False)
    await it.heard()


async def nobody_accepted_a_new_permission(it: Patient) -> AsyncIterator[None]:
    granted = it.forge.installation("shop").permissions
    granted["issues"] = "read"
    yield
    granted["issues"] = "write"


async def its_requests_are_nearly_used_up(it: Patient) -> AsyncIterator[None]:
    limits = it.forge.github.limits
    before = limits.allowance.primary
    limits.allowance.primary = 1 + limits._used[it.forge.installation("shop").id].count
    yield
    limits.allowance.primary = before


async def test_on_github(on_github: Patient) -> None:
    of_shop = "github.installation.shop"
    await examined(
        on_github,
        [
            (its_database_is_gone, {"database": "failed", "forges": "skipped"}, "answer", "Start PostgreSQL"),
            (a_power_cut_would_lose_deliveries, {"durability": "failed"}, "synchronous_commit", ".conf"),
            (its_schema_is_older, {"schema": "failed", "forges": "skipped"}, "0001", "`usher migrate`"),
            (nobody_reads_the_inbox, {"inbox": "failed"}, "1 deliveries wait", "`usher work`"),
            (work_piles_up, {"queue": "failed"}, "the oldest for 60 min", "`usher work`"),
            (a_delivery_was_given_up, {"dead letters": "warning"}, "1 deliveries and 0", "`usher dead list`"),
            (it_is_in_a_dry_run, {"dry run": "warning"}, "a dry run for shop", "`usher live shop`"),
            (somebody_paused_it, {"switches": "warning"}, "cli:olga: a release", "`usher resume`"),
            (
                nobody_knows_its_address,
                {"public address": "failed", "github.webhook": "warning"},
                "USHER_PUBLIC_URL is not set",
                "Set it",
            ),
            (nothing_answers_at_its_address, {"webhook address": "warning"}, "Nothing", "`usher serve`"),
            (something_else_answers_at_its_address, {"webhook address": "warning"}, "answers 404", "proxy"),
            (no_forge_is_named, {"forges": "failed"}, "No forge is connected", "`usher setup`"),
            (its_key_is_of_another_app, {"github.app": "failed"}, "does not know this App", "APP_ID"),
            (its_clock_is_slow, {"clock": "warning"}, "50 s behind GitHub's", "NTP"),
            (a_permission_is_missing, {"github.permissions": "failed"}, "Checks: write", "/permissions"),
            (an_event_is_missing, {"github.events": "failed"}, "subscribe to push", "/permissions"),
            (github_delivers_elsewhere, {"github.webhook": "failed"}, "//elsewhere.example", "Correct it"),
            (its_secret_differs, {"github.deliveries": "failed"}, "was not accepted here", "secret differs"),
            (nobody_accepted_a_new_permission, {of_shop: "failed"}, "Issues: write", "An owner of shop"),
            (its_requests_are_nearly_used_up, {of_shop: "warning"}, "requests are left", "another user"),
            (its_organisation_suspended_it, {of_shop: "failed"}, "suspended", "Resume"),
            (it_is_installed_nowhere, {"github.installations": "failed"}, "nowhere", "/installations/new"),
        ],
    )


# --- GitLab -------------------------------------------------------------------------------------------------


@pytest.fixture
async def on_gitlab(address: str, tmp_path: Path) -> AsyncIterator[Patient]:
    """Connected by `usher gitlab connect`, with the token of an owner, which may see its hooks."""
    async with GitLabSandbox(tier="premium", version=(19, 2), start=MONDAY_NINE) as forge:
        forge.organisation("shop", hooked=False, bot="write")
        owner = forge.access_token(forge.person("olga", member_of="shop", owner=True).account)
        async for patient in opened(forge, address, tmp_path, gitlab_token=owner.value):
            settings = read_settings(**patient.given)
            assert (await gitlab_connect.connect(settings, "shop", None, None)).missing == []
            api = forge.repository("shop/api", files={"a.py": "1\n"}, hooked=False)
            forge.person("olga").commits(api, {"a.py": "2\n"})
            await patient.heard()
            yield patient


async def its_token_is_nobodys(it: Patient) -> AsyncIterator[None]:
    it.given["gitlab_token"] = "glpat-of-nobody-at-all-1234"
    yield


def _token_of_olga(it: Patient, **rights: Any) -> str:
    return str(it.forge.access_token(it.forge.person("olga").account, **rights).value)


async def its_token_ends_soon(it: Patient) -> AsyncIterator[None]:
    soon = (it.forge.wall.now() + timedelta(days=10)).date()
    it.given["gitlab_token"] = _token_of_olga(it, expires_at=soon)
    yield


async def its_token_may_read_only(it: Patient) -> AsyncIterator[None]:
    it.given["gitlab_token"] = _token_of_olga(it, scopes=("read_api",))
    yield


async def its_account_may_not_see_hooks(it: Patient) -> AsyncIterator[None]:
    it.given["gitlab_token"] = it.forge.token
    yield


async def it_was_never_connected(it: Patient) -> AsyncIterator[None]:
    await it.run(sa.update(tenant).values(state="left"))
    yield
    await it.run(sa.update(tenant).values(state="active"))


async def its_hook_is_gone(it: Patient) -> AsyncIterator[None]:
    known = it.forge.gitlab.hooks.known
    number, hook = known.popitem()
    yield
    known[number] = hook


async def gitlab_switched_its_hook_off(it: Patient) -> AsyncIterator[None]:
    [hook] = it.forge.gitlab.hooks.known.values()
    hook.disabled = True
    yield
    hook.disabled = False


async def its_hook_is_deaf_to_comments(it: Patient) -> AsyncIterator[None]:
    [hook] = it.forge.gitlab.hooks.known.values()
    hook.events["note_events"] = False
    yield
    hook.events["note_events"] = True


async def nothing_was_ever_delivered(it: Patient) -> AsyncIterator[None]:
    await it.run(sa.update(delivery).values(forge="github"))
    yield
    await it.run(sa.update(delivery).values(forge="gitlab"))


async def its_minute_is_nearly_used_up(it: Patient) -> AsyncIterator[None]:
    allowance = it.forge.gitlab.limits.allowance
    before, allowance.requests = allowance.requests, 10 + _used(it)
    yield
    allowance.requests = before


def _used(it: Patient) -> int:
    """The most that anybody asked of it within this minute."""
    return max(len(each.at["requests"]) for each in it.forge.gitlab.limits._used.values())


async def test_on_gitlab(on_gitlab: Patient) -> None:
    of_shop = "gitlab.hook.shop"
    again = "`usher gitlab connect --group shop`"
    await examined(
        on_gitlab,
        [
            (its_token_is_nobodys, {"gitlab.account": "failed"}, "does not accept the token", "scope `api`"),
            (its_clock_is_slow, {"gitlab.clock": "warning"}, "50 s behind GitLab's", "NTP"),
            (its_token_ends_soon, {"gitlab.token": "warning"}, "ends in 10 days", "USHER_GITLAB_TOKEN"),
            (its_token_may_read_only, {"gitlab.token": "failed"}, "needs `api`", "USHER_GITLAB_TOKEN"),
            (its_account_may_not_see_hooks, {of_shop: "warning"}, "may not see its hooks", "Owner"),
            (it_was_never_connected, {"gitlab.hooks": "failed"}, "No group", "`usher gitlab connect"),
            (its_hook_is_gone, {of_shop: "failed"}, "has no hook", again),
            (gitlab_switched_its_hook_off, {of_shop: "failed"}, "switched the hook off", again),
            (its_hook_is_deaf_to_comments, {of_shop: "failed"}, "note_events", again),
            (
                nothing_was_ever_delivered,
                {"gitlab.deliveries": "warning"},
                "Nothing was",
                "Outbound requests",
            ),
            (its_minute_is_nearly_used_up, {"gitlab.budget": "warning"}, "requests are left", "another user"),
        ],
    )
