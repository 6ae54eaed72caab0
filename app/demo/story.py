"""`usher demo`: the main story, played on a sandbox forge by a whole Usher, and told in the terminal."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel

from app import main, serving
from app.demo import organisation as demo_organisation
from app.forges.sandbox import Forge, GitLabSandbox, Person, Sandbox
from app.forges.sandbox.world import Change, Kind, Repository
from app.rounds import quarters
from app.settings import read_settings
from app.store import embedded
from app.store.tables import obligation
from policies.words.times import instant

NO_LIMIT = 1_000_000
"""The sandbox is asked as fast as it answers: a whole quarter is played in a moment."""

SECRET = "the-secret-of-the-demo-webhook"  # noqa: S105 - of a forge that ends with the demo
FRIDAY_AFTERNOON = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ZONE = "Europe/Berlin"
FILES = {
    ".github/CODEOWNERS": "# Who answers for what\n*       @dora\npay/    @shop/payments\ndocs/   @erin\n",
    ".github/usher.yml": (
        "reviewers: {max_reviewers: 2, fallback: [dora]}\n"
        "calendars:\n"
        "  business:\n"
        f"    zone: {ZONE}\n"
        "    holidays: {country: DE}\n"
    ),
    "pay/refund.py": "def refund(order): ...\n",
    "pay/limits.py": "LIMIT = 100\n",
    "docs/refunds.md": "# Refunds\n",
}


CHANGES: dict[Kind, str] = {"github": "pull request", "gitlab": "merge request"}
US = ("usher[bot]", "usher-bot")


class Missed(Exception):
    """Something that the story promises did not happen."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the story plays on."""

    forge: Forge
    usher: main.Usher
    address: str
    say: Console
    people: dict[str, Person]
    api: Repository

    async def settle(self, what: str) -> None:
        """Wait, visibly, until Usher has nothing more to do."""
        with self.say.status(what):
            await self.quietly(what)

    async def quietly(self, _what: str) -> None:
        """The same, unseen."""
        await settled(self.forge, self.usher, 60)

    async def counted(self, what: str) -> None:
        """The same, and the quarter is counted anew, as it is at the end of every real day."""
        await self.quietly(what)
        await quarters.keep_now(self.usher.database, self.forge.clock)

    def told(self, at: datetime | None) -> str:
        return instant(at, ZONE) if at else "–"


async def play(*, once: bool, kind: Kind = "github", console: Console | None = None) -> None:
    """Play the story on a forge of this kind; `Missed` where a step did not happen.

    Unless `once`, keep the pages open until stopped.
    """
    say = console or Console(width=100)
    folder = Path(tempfile.mkdtemp(prefix="usher-demo-"))
    try:
        async with _stage(say, folder, kind) as stage:
            await _story(stage)
            say.print()
            if once:
                say.print("[bold]Every step happened.[/]")
            else:
                await _go_on(stage)
                door = f"{stage.address}/login/{kind}?who=ben"
                say.print(f"[bold]Look around:[/] {door}   (Ctrl-C ends the demo)")
                async with _weeks(stage):
                    await serving.stop_on_signals().wait()
    finally:
        await asyncio.to_thread(embedded.stop, folder, delete=True)
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _weeks(stage: Stage) -> AsyncIterator[None]:
    """Let an organisation work meanwhile, so that the pages fill up; the one on GitLab is small and stays so."""
    if not isinstance(stage.forge, Sandbox):
        yield
        return
    company = demo_organisation.found(stage.forge)
    stage.say.print(
        "   The organisation has five teams. Three weeks of their work are played while you look, "
        "so the pages fill up by themselves."
    )
    weeks = asyncio.create_task(
        demo_organisation.live(company, stage.forge, stage.counted, days=21), name="demo weeks"
    )
    yield
    weeks.cancel()
    await asyncio.gather(weeks, return_exceptions=True)


@asynccontextmanager
async def _stage(say: Console, folder: Path, kind: Kind) -> AsyncIterator[Stage]:
    """A forge with an organisation, and an Usher that is installed on it; both over loopback HTTP."""
    with say.status("Starting a PostgreSQL, a forge and an Usher …"):
        address = await asyncio.to_thread(embedded.start, folder)
    async with _forge(kind) as forge:
        settings = read_settings(
            data_dir=folder,
            database_url=None,
            **_connection(forge),
            operators="dora",
            gather_seconds=0.2,
            sweep_seconds=0.2,
            new_installations="live",
            runaway_writes=1_000_000,  # three weeks are over in minutes
        )
        people, api = _organisation(forge)
        async with main.opened(settings, address, clock=forge.clock, stand_ins=tuple(people)) as usher:
            stop = asyncio.Event()
            listener = serving.listen("127.0.0.1", 0)
            url = serving.address_of(listener)
            forge.webhook_url = f"{url}/webhooks/{kind}"
            parts = [
                asyncio.create_task(serving.run_web(usher, stop, listener)),
                asyncio.create_task(usher.work.run(stop, concurrency=4)),
            ]
            try:
                yield Stage(forge, usher, url, say, people, api)
            finally:
                stop.set()
                await asyncio.gather(*parts)


def _forge(kind: Kind) -> Sandbox | GitLabSandbox:
    made = GitLabSandbox if kind == "gitlab" else Sandbox
    return made(webhook_secret=SECRET, start=FRIDAY_AFTERNOON)


async def settled(forge: Forge, usher: main.Usher, seconds: float) -> None:
    """Wait until the forge has delivered everything and nothing of it waits; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while True:
            await forge.idle()
            if await usher.work.idle():
                await forge.idle()  # what Usher did last may have sent webhooks of its own
                if await usher.work.idle():
                    return
            await asyncio.sleep(0.02)


def _connection(forge: Sandbox | GitLabSandbox) -> dict[str, Any]:
    """The settings by which Usher knows the forge."""
    if isinstance(forge, GitLabSandbox):
        return {
            "gitlab_url": forge.url,
            "gitlab_token": forge.token,
            "gitlab_signing_tokens": forge.signing_token,
            "gitlab_client_id": forge.client_id,
            "gitlab_client_secret": forge.client_secret,
            "gitlab_write_seconds": 0,
            "gitlab_writes_per_hour": NO_LIMIT,
            "gitlab_reads_per_minute": NO_LIMIT,
        }
    return {
        "github_api_url": forge.url,
        "github_web_url": forge.url,
        "github_app_id": forge.app_id,
        "github_private_key": forge.private_key,
        "github_webhook_secrets": SECRET,
        "github_client_id": forge.client_id,
        "github_client_secret": forge.client_secret,
        "github_write_seconds": 0,
        "github_writes_per_hour": NO_LIMIT,
        "github_reads_per_minute": NO_LIMIT,
    }


def _files(kind: Kind) -> dict[str, str]:
    """What lies in the repository; each forge has a folder of its own for such files."""
    return {path.replace(".github/", f".{kind}/"): content for path, content in FILES.items()}


def _organisation(forge: Sandbox | GitLabSandbox) -> tuple[dict[str, Person], Repository]:
    forge.organisation("shop")
    # Some people more than the story needs: a team that is nearly everybody says nothing of where people belong.
    logins = ("ana", "ben", "carla", "dora", "erin", "frida", "gil", "hana")
    people = {login: forge.person(login, member_of="shop") for login in logins}
    forge.team("shop/payments", members=[people["ben"], people["carla"]])
    forge.team("shop/writers", members=[people["erin"]])
    forge.team("shop/storefront", members=[people["ana"]])
    api = forge.repository(
        "shop/api",
        files=_files(forge.kind),
        teams={"shop/payments": "write", "shop/storefront": "read"},
        collaborators={"dora": "admin", "erin": "write"},
    )
    return people, api


# --- The story --------------------------------------------------------------------------------------------


async def _story(stage: Stage) -> None:
    say, forge, people = stage.say, stage.forge, stage.people
    say.print(
        "\n[bold]Usher[/] watches [bold]shop/api[/]. Its CODEOWNERS file says that "
        "[cyan]pay/[/] belongs to the team shop/payments (ben and carla) and [cyan]docs/[/] to erin.\n"
    )

    _step(say, 1, f"{stage.told(forge.now())}: ana, of another team, opens a {CHANGES[forge.kind]}")
    change = people["ana"].opens(
        stage.api,
        touching=["pay/refund.py", "pay/limits.py", "docs/refunds.md"],
        title="Refund in the customer's currency",
    )
    name = f"shop/api{'!' if forge.kind == 'gitlab' else '#'}{change.number}"
    say.print(f"   {name} touches {', '.join(change.paths)}; ana works in a fork, as guests do.")
    await stage.settle("Usher receives the webhook and looks at the change …")

    _step(say, 2, "Usher asks the people who own these files, and says why")
    _must(change.asked, "nobody was asked to review")
    _must("erin" in change.asked, "the owner of docs/ was not asked")
    _must(len(change.asked & {"ben", "carla"}) == 1, "not one of the owners of pay/ was asked")
    say.print(f"   Review requested on the forge: [bold]{', '.join(sorted(change.asked))}[/]")
    [first] = change.asked & {"ben", "carla"}
    if not _said(change):  # whoever is a guest gets one comment, once the change has come to rest
        forge.later("6m")
        await stage.settle("Six minutes pass …")
    _must(_said(change), "there is no comment")
    _must("Thank you, " in _said(change)[0], "the guest was not welcomed")
    _show(say, _said(change)[0], "Usher commented")

    _step(say, 3, "A clock runs, in working hours")
    due = await _open_promises(stage, change)
    _must(due, "no clock runs")
    say.print(
        f"   A row in PostgreSQL: the first answer is due {stage.told(min(due))}. "
        "The weekend does not count, nor do German holidays."
    )

    _step(say, 4, "Erin answers; the weekend passes; nobody from payments does")
    people["erin"].reviews(change, "approve", "The guide reads well.")
    await stage.settle("Usher hears of the review …")
    say.print("   Erin approved the guide. Her part of the promise is kept.")
    asked = len(_said(change))
    forge.later("2d")
    await stage.settle("It is Sunday; Usher looks, and keeps quiet …")
    _must(len(_said(change)) == asked, "somebody was reminded on a Sunday")
    say.print(f"   {stage.told(forge.now())}: nobody is disturbed.")
    forge.later("27h")
    await stage.settle("It is Monday evening …")
    _must(len(_said(change)) == asked, "somebody was reminded in the evening")
    say.print(f"   {stage.told(forge.now())}: the time is up, but the working day is over; still quiet.")
    forge.later("15h")
    await stage.settle("Working hours begin …")

    _step(say, 5, f"{stage.told(forge.now())}: one reminder, to the person whose turn it is")
    reminders = _said(change)[asked:]
    _must(reminders, "no reminder came")
    _must(len(reminders) == 1, "more than one reminder came")
    _must("@erin" not in reminders[0], "erin had answered and was reminded")
    _show(say, reminders[0], "Usher commented")

    forge.later("3h")
    await stage.settle("Half as much time again passes …")
    _step(say, 6, f"{stage.told(forge.now())}: still silent, so another owner is asked as well")
    [second] = {"ben", "carla"} - {first}
    _must(second in change.asked, "no other owner was asked")
    say.print(f"   {second} is asked too; {first} is not taken off, and nobody is scolded.")

    _step(say, 7, f"{first} says no, in one line")
    people[first].comments(change, "/usher decline")
    await stage.settle("Usher reads the command …")
    _must(change.asked - {"erin"} == {second}, "the request was not taken back")
    say.print(f"   “/usher decline”: {first} is off the list, and is not asked here again.")

    forge.later("21h")
    await stage.settle("Twice the promised time has passed …")
    _step(say, 8, f"{stage.told(forge.now())}: the lead hears of it, once")
    leads = [body for body in _said(change) if "@dora" in body]
    _must(len(leads) == 1, "the lead was not told, or more than once")
    _show(say, leads[0], "Usher commented")

    _step(say, 9, f"{second} answers, and the clock stops")
    people[second].reviews(change, "approve", "Thank you, ana. Good to have this.")
    await stage.settle("Usher hears of the review …")
    _must(not await _open_promises(stage, change), "the clock still runs")
    _show(say, _said(change)[0], "the first comment, edited in place")
    say.print(f"   {stage.told(forge.now())}: nothing is awaited any more, and nobody is reminded again.")

    _step(say, 10, "dora merges it; the comment says so, and nobody is told twice")
    people["dora"].merges(change)
    await stage.settle("Usher hears of the merge …")
    _show(say, _said(change)[0], "the first comment, edited in place")


async def _go_on(stage: Stage) -> None:
    """A few more changes in different states, so that the pages are worth a look."""
    people, api = stage.people, stage.api
    people["ben"].opens(api, touching=["docs/refunds.md"], title="Say when a refund arrives")
    people["ana"].opens(api, touching=["pay/limits.py"], title="Raise the limit", draft=True)
    asked = people["ana"].opens(api, touching=["pay/refund.py"], title="Round refunds to the cent")
    people["dora"].opens(api, touching={"README.md": "# Shop\n"}, title="Begin a README")
    await stage.settle("People go on working …")
    reviewer = people[min(asked.asked)]
    reviewer.reviews(asked, "request_changes", "What about currencies without cents?")
    await stage.settle("People go on working …")
    await stage.counted("The quarter is counted …")


def _step(say: Console, number: int, title: str) -> None:
    say.print(f"\n[bold]{number}. {title}[/]")


def _show(say: Console, body: str, title: str) -> None:
    say.print(Panel(Markdown(body), title=title, title_align="left", width=96, border_style="dim"))


def _said(change: Change) -> list[str]:
    """Usher's comments as a reader sees them: hidden markers and small print tags do not show."""
    bodies = (remark.body for remark in change.remarks if remark.author in US)
    return [re.sub(r"<!--.*?-->|</?sub>", "", body).strip() for body in bodies]


async def _open_promises(stage: Stage, change: Change) -> list[datetime]:
    query = sa.select(obligation.c.due_at).where(
        obligation.c.subject == f"change:{change.repository.id}:{change.number}",
        obligation.c.kind == "first_response",
        obligation.c.due_at.is_not(None),
        obligation.c.verdict.is_(None),
    )
    async with stage.usher.database.begin() as connection:
        return list((await connection.execute(query)).scalars())


def _must(happened: object, otherwise: str) -> None:
    if not happened:
        raise Missed(otherwise)
