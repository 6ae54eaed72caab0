"""Stories: people act on the sandbox forge, a whole Usher answers over HTTP, and we look at what became of it.

Told on GitHub, unless a test says otherwise by its fixture `kind`; those of `tests/handlers/` are told on both forges.

`world` is the organisation `shop` with its people; `bot` is an Usher with server, worker and a database
of its own. `await bot.settled()` returns once nothing waits any more; it never sleeps a fixed time.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from app import main, serving
from app.forges.sandbox import Forge, GitLabSandbox, Sandbox
from app.forges.sandbox.edition import Tier
from app.forges.sandbox.gitlab import story as colleagues
from app.forges.sandbox.ledger import Exchange
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import Change, Comment, Issue, Kind, LineRemark, Permission, Repository
from app.settings import Settings, read_settings
from app.store.tables import effect, fact, kept, obligation
from policies.words.sticky import how_to_answer, how_to_give_back
from tests.contract.checker import Contract
from tests.contract.gitlab import GitLabContract

SECRET = "a-webhook-secret-of-a-story"
MONDAY_NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden" / "remarks"

GUIDE = """\
# Contributing

- bugs, fixes and better words

## Set up

```sh
make install
```

## Test

```sh
make test
```

## Propose

Work on a branch or a fork; open an issue first for anything larger.

## Review

One approval of an owner is enough. We answer within one business day.

## Owners

@dora looks after this, and @shop/payments after `pay/`.

## Help

Ask in #shop-api.
"""

OWNERS = """\
# Everything has somebody; payments have their team.
*          @dora
pay/       @shop/payments
docs/      @erin
"""


@dataclass
class Shop:
    """An organisation in which something is about to happen."""

    forge: Forge
    ana: Person  # works in another team
    ben: Person  # payments
    carla: Person  # payments
    dora: Person  # owns the rest
    erin: Person  # owns the documentation
    api: Repository

    def later(self, length: str | timedelta) -> datetime:
        return self.forge.later(length)


@pytest.fixture(scope="session")
def contract() -> Contract:
    """GitHub's own description of its API."""
    return Contract()


@pytest.fixture(scope="session")
def gitlab_contract() -> GitLabContract:
    """What we know of GitLab's API, by hand."""
    return GitLabContract()


@pytest.fixture
def kind() -> Kind:
    """On which forge the story is played."""
    return "github"


@pytest.fixture
def tier() -> Tier:
    """Which GitLab it is; a story may override it."""
    return "premium"


class Colleague(colleagues.Colleague):
    """Somebody on GitLab. Stories name files as GitHub has them; GitLab's own folder has another name."""

    def _edits(self, place, branch, touching, renaming):  # type: ignore[no-untyped-def]
        if isinstance(touching, Mapping):
            touching = {in_its_place(path): text for path, text in touching.items()}
        elif not isinstance(touching, str):
            touching = [in_its_place(path) for path in touching]
        return super()._edits(place, branch, touching, renaming)


class GitLab(GitLabSandbox):
    person_of = Colleague

    def repository(self, name, *, files=None, **more):  # type: ignore[no-untyped-def]
        if files is not None:
            files = {in_its_place(path): text for path, text in files.items()}
        return super().repository(name, files=files, **more)


def in_its_place(path: str) -> str:
    """The path of a forge's own file on GitLab."""
    if path == ".github/pull_request_template.md":
        return ".gitlab/merge_request_templates/Default.md"
    return path.replace(".github/", ".gitlab/", 1) if path.startswith(".github/") else path


@pytest.fixture
async def forge(
    contract: Contract, gitlab_contract: GitLabContract, kind: Kind, tier: Tier
) -> AsyncIterator[Forge]:
    """The forge. A request that the forge's description does not know fails the story that sent it."""
    Golden.kind = kind
    described = gitlab_contract if kind == "gitlab" else contract
    wrong: list[str] = []

    def hold(exchange: Exchange) -> None:
        wrong.extend(described.check_request(exchange.method, exchange.path, exchange.query, exchange.body))

    sandbox: Sandbox | GitLab = (
        GitLab(webhook_secret=SECRET, start=MONDAY_NINE, tier=tier)
        if kind == "gitlab"
        else Sandbox(webhook_secret=SECRET, start=MONDAY_NINE)
    )
    async with sandbox:
        sandbox.on_exchange.append(hold)
        yield sandbox
    assert wrong == []


@pytest.fixture
async def world(forge: Forge) -> Shop:
    forge.organisation("shop")
    ana, ben, carla, dora, erin = (
        forge.person(login, member_of="shop") for login in ("ana", "ben", "carla", "dora", "erin")
    )
    forge.team("shop/payments", members=[ben, carla])
    files = {
        ".github/CODEOWNERS": OWNERS,
        "pay/refund.py": "def refund(): ...\n",
        "docs/guide.md": "# Guide\n",
        "CONTRIBUTING.md": GUIDE,
        "Makefile": "install:\n\ttrue\ntest:\n\ttrue\n",
        "app.py": "print('shop')\n",
    }
    access: dict[str, Permission] = {"ana": "write", "dora": "admin", "erin": "write"}
    api = forge.repository("shop/api", files=files, teams={"shop/payments": "write"}, collaborators=access)
    return Shop(forge, ana, ben, carla, dora, erin, api)


@dataclass
class Bot:
    """A running Usher, as its operator sees it."""

    forge: Forge
    usher: main.Usher
    url: str
    errors: list[str] = field(default_factory=list)

    async def settled(self) -> None:
        """Wait until every webhook was answered, every delivery read, and every subject that is due settled."""
        async with asyncio.timeout(20):
            while True:
                await self.forge.idle()
                if await self._is_idle():
                    await self.forge.idle()  # what Usher did last may have sent webhooks of its own
                    if await self._is_idle():
                        return
                self.usher.work.wake()
                await asyncio.sleep(0.01)

    async def _is_idle(self) -> bool:
        """Nothing waits in the database, nor on disk because the database was slow for a moment."""
        return not self.usher.intake.spool.files and await self.usher.work.idle()

    @asynccontextmanager
    async def visited_by(self, who: Person | str) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser in which this person has signed in, through the forge's own page."""
        async with httpx2.AsyncClient(base_url=self.url, follow_redirects=True) as client:
            arrived = await client.get(f"/login/{self.forge.kind}?who={who}")
            assert arrived.status_code == 200, arrived.text
            yield client

    async def rows(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[sa.Row]:  # type: ignore[type-arg]
        async with self.usher.database.begin() as connection:
            return list(await connection.execute(sa.select(table).where(*where).order_by(sa.text("1"))))

    async def obligations(self, change: Change) -> list[sa.Row]:  # type: ignore[type-arg]
        return await self.rows(obligation, obligation.c.subject == subject_of(change))

    async def effects(self, change: Change) -> list[sa.Row]:  # type: ignore[type-arg]
        return await self.rows(effect, effect.c.subject == subject_of(change))

    async def facts(self, change: Change) -> list[sa.Row]:  # type: ignore[type-arg]
        return await self.rows(fact, fact.c.subject == subject_of(change))


def subject_of(change: Change) -> str:
    return f"change:{change.repository.id}:{change.number}"


def settings_for(forge: Forge, folder: Path, **changes: object) -> Settings:
    return read_settings(
        **{
            "data_dir": folder,
            "port": 0,
            **(of_gitlab(forge) if isinstance(forge, GitLabSandbox) else of_github(forge)),  # type: ignore[arg-type]
            "operators": "dora",
            "inside_hosts": "127.0.0.1",
            "gather_seconds": 0.03,
            "sweep_seconds": 0.05,
            "uncertain_seconds": 0.3,
            "new_installations": "live",
            **changes,
        }
    )


def of_github(forge: Sandbox) -> dict[str, object]:
    return {
        "github_api_url": forge.url,
        "github_app_id": forge.app_id,
        "github_private_key": forge.private_key,
        "github_webhook_secrets": SECRET,
        "github_web_url": forge.url,
        "github_client_id": forge.client_id,
        "github_client_secret": forge.client_secret,
        "github_write_seconds": 0,
        "github_reads_per_minute": 100_000,
        "github_writes_per_hour": 10_000,
    }


def of_gitlab(forge: GitLabSandbox) -> dict[str, object]:
    return {
        "gitlab_url": forge.url,
        "gitlab_token": forge.token,
        "gitlab_webhook_secrets": SECRET,
        "gitlab_signing_tokens": forge.signing_token,
        "gitlab_client_id": forge.client_id,
        "gitlab_client_secret": forge.client_secret,
        "gitlab_defaults_project": "shop/defaults",
        "gitlab_write_seconds": 0,
        "gitlab_reads_per_minute": 100_000,
        "gitlab_writes_per_hour": 100_000,
    }


@pytest.fixture
def mode() -> str:
    """How new installations begin; a story may override it."""
    return "live"


@pytest.fixture
def gather() -> float:
    """How many seconds events of one change gather; a story may override it."""
    return 0.03


@pytest.fixture
def public() -> bool:
    """Whether Usher was told under which address people reach it; a story may override it."""
    return False


@pytest.fixture
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No story may leave an error in the log."""
    yield
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert errors == []


@pytest.fixture
async def bot(
    world: Shop, address: str, tmp_path: Path, mode: str, gather: float, public: bool, _quiet: None
) -> AsyncIterator[Bot]:
    forge = world.forge
    listener = serving.listen("127.0.0.1", 0)
    url = serving.address_of(listener)
    told = {"public_url": url} if public else {}
    settings = settings_for(forge, tmp_path, new_installations=mode, gather_seconds=gather, **told)
    async with main.opened(settings, address, clock=forge.clock) as usher:
        stop = asyncio.Event()
        forge.webhook_url = f"{url}/webhooks/{forge.kind}"
        parts = [
            asyncio.create_task(serving.run_web(usher, stop, listener)),
            asyncio.create_task(usher.work.run(stop, concurrency=4)),
        ]
        yield Bot(forge, usher, url)
        stop.set()
        await asyncio.gather(*parts)


@dataclass(frozen=True)
class Judgement:
    """What a check says, as people see it: a check run, or a commit status with its part of the comment.

    A commit status knows no `neutral`, which is a success there, and has no annotations: the table names lines.
    """

    conclusion: str
    title: str
    summary: str
    annotations: tuple[tuple[int, str, str], ...] = ()  # line, level, title


def check_on(change: Change, name: str) -> Judgement | None:
    """The newest verdict of this name on the change's newest commit."""
    if Golden.kind == "gitlab":
        return _status_on(change, name)
    runs = [run for run in change.repository.checks.values() if (run.name, run.sha) == (name, change.head)]
    if not runs:
        return None
    output = runs[-1].output
    notes = tuple(
        (each["start_line"], each["annotation_level"], each["title"])
        for each in output.get("annotations", ())
    )
    return Judgement(str(runs[-1].conclusion), output["title"], output["summary"], notes)


def _status_on(change: Change, name: str) -> Judgement | None:
    found = [each for each in change.repository.statuses if (each.context, each.sha) == (name, change.head)]
    if not found:
        return None
    _, _, part = "\n".join(said(change)).partition(f"**Check `{name}`: ")
    title, _, rest = part.partition("**\n\n")
    assert title == found[-1].description
    state = {"failed": "failure"}.get(found[-1].state, found[-1].state)
    return Judgement(state, title, re.split(r"\n\n(?:<sub>|\*\*Check )", rest)[0])


async def a_day_later(bot: Bot, world: Shop, length: str = "25h") -> None:
    """Both clocks move: that of promises, and the age of what was read."""
    world.later(length)
    async with bot.usher.database.begin() as connection:
        old = sa.func.now() - sa.text("interval '2 hours'")
        await connection.execute(sa.update(kept).values(read_at=old))
    await bot.settled()


def defaults_of(forge: Forge) -> str:
    """The name of the organisation's repository of defaults: GitLab's is whichever the operator named."""
    return "shop/defaults" if forge.kind == "gitlab" else "shop/.github"


def names_its_guides(forge: Forge) -> dict[str, str]:
    """What makes the repository of defaults one from which guides are inherited: GitLab wants to be told by rules."""
    if forge.kind == "github":
        return {}
    return {".github/usher.yml": f"inherit: {{repository: {defaults_of(forge)}}}\n"}


def neutral() -> str:
    """How a check ends that says something and fails nothing."""
    return "success" if Golden.kind == "gitlab" else "neutral"


def reference(change: Change) -> str:
    """How people name a change in their words: `#7`, on GitLab `!7`."""
    return f"{'!' if Golden.kind == 'gitlab' else '#'}{change.number}"


SELVES = ("usher[bot]", "usher-bot")
"""Usher's own accounts."""


def said(issue: Issue) -> list[str]:
    """What Usher said on a change or an issue, without the hidden markers."""
    bodies = [remark.body for remark in issue.remarks if remark.author in SELVES]
    return [body.partition("<!--")[0].rstrip() for body in bodies]


def nods(comment: Comment | LineRemark) -> list[str]:
    """The reactions of Usher to a comment, in GitHub's words."""
    words = {"thumbsup": "+1", "thumbsdown": "-1"}
    own = [each.content for each in comment.reactions if each.by.login in SELVES]
    return [words.get(each, each) for each in own]


class Golden:
    """Of which forge the story is that is being played."""

    kind: Kind = "github"


def golden(name: str, text: str) -> None:
    """The text is what the golden file holds. A new file is written, and its test fails once to be looked at.

    Where GitLab's words differ by more than its folder's name, `!7`, and boxes that its people cannot tick, they
    have a file of their own beside the other.
    """
    own = GOLDEN / f"{name}.gitlab.md"
    path = own if Golden.kind == "gitlab" and own.exists() else GOLDEN / f"{name}.md"
    if path is not own and Golden.kind == "gitlab":
        text = text.replace(".gitlab/merge_request_templates/Default.md", ".github/pull_request_template.md")
        text = text.replace(how_to_answer("/usher", boxes=False), how_to_answer("/usher", boxes=True))
        text = text.replace(
            *(how_to_give_back("/usher", presumed=False, boxes=each) for each in (False, True))
        )
        text = re.sub(r"(?<![\w/])!(?=\d)", "#", text.replace("`.gitlab/", "`.github/"))
    if not path.exists():
        path.write_text(text + "\n", encoding="utf-8")
        pytest.fail(f"{path.name} was written; read it aloud, then run again")
    assert text == path.read_text(encoding="utf-8").rstrip("\n")
