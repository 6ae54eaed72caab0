"""The `usher` command.

The offline commands answer in a moment, so what only a server needs is imported by the commands that serve.
"""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.commands.check import check
from app.commands.config import config
from app.commands.dead import dead
from app.commands.due import due
from app.commands.gitlab import gitlab
from app.commands.modes import dry_run, live
from app.commands.owners import owners
from app.commands.preview import preview
from app.commands.replay import replay_command
from app.commands.switches import pause, resume
from app.errors import ForPeople

if TYPE_CHECKING:
    from app.settings import Settings
    from app.store.database import Database

cli = typer.Typer(
    name="usher",
    help="An inner source bot: every change finds its people, and gets its answer in time.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Migrate = Annotated[
    bool, typer.Option("--migrate", help="Bring the database to this version's schema first.")
]
NoWorker = Annotated[bool, typer.Option("--no-worker", help="Only answer requests; see `usher work`.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]
OnForge = Annotated[Literal["github", "gitlab"], typer.Option("--forge", help="Which kind of forge.")]
Once = Annotated[bool, typer.Option("--once", help="End after the story; fail if a step did not happen.")]


def run() -> None:
    """Entry point: what people can mend is said in a sentence, not in a traceback."""
    try:
        cli()
    except ForPeople as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"The answer cannot be written: {error.strerror}.", file=sys.stderr)  # noqa: T201
        sys.exit(2)


@cli.command()
def serve(no_worker: NoWorker = False, migrate: Migrate = False) -> None:
    """Receive webhooks, show pages, and work, until told to stop."""
    from app import main, serving

    settings = _settings()

    async def body() -> None:
        async with main.opened(settings, migrate=migrate) as usher:
            if not usher.github.is_ready and settings.gitlab_token is None and sys.stdout.isatty():
                # Printed to the person who started it, and never written to a log.
                typer.echo(
                    f"No forge is connected yet. Connect one: {await _setup_link(settings, usher.database)}"
                )
            await serving.serve(usher, worker=not no_worker)

    _run(body)


@cli.command()
def work(migrate: Migrate = False) -> None:
    """Work without answering requests; run as many of these as you like on one database."""
    from app import main, serving

    settings = _settings()

    async def body() -> None:
        async with main.opened(settings, migrate=migrate, receives=False) as usher:
            await serving.work_only(usher)

    _run(body)


@cli.command()
def sweep() -> None:
    """Read what waits and settle what is due, once, here and now; then stop."""
    from app import main

    settings = _settings()

    async def body() -> None:
        async with main.opened(settings, receives=False) as usher:
            runs = await usher.work.sweep_once()
            typer.echo(f"{runs} settled.")

    _run(body)


@cli.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    from app.store import schema

    async def body(database: Database) -> None:
        await schema.current(database)  # says in a sentence where the database does not answer
        before, after = await schema.migrate(database)
        if before == after:
            typer.echo(f"The database is at revision {after} already.")
        else:
            typer.echo(f"The database went from {before or 'empty'} to revision {after}.")

    with_database(body)


@cli.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")]) -> None:
    """Write the database to one file, while Usher goes on working."""
    from app.store import backup as backups

    async def body(database: Database) -> None:
        size = await backups.backup(database, file)
        typer.echo(
            f"{file}: {size / 1024 / 1024:.1f} MiB. Keep it apart from USHER_MASTER_KEYS, and keep both."
        )

    with_database(body)


@cli.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `usher backup` wrote.")]) -> None:
    """Fill an empty database from a backup. What was said since is looked for on the forge, not said again."""
    from app.store import backup as backups

    async def body(database: Database) -> None:
        await backups.restore(database, file)
        typer.echo(
            "Restored. Start Usher: it fetches what was delivered since, and looks at everything again."
        )

    with_database(body)


@cli.command()
def goodbye(
    account: Annotated[str, typer.Argument(help="Login of the organisation.")],
    labels: Annotated[
        list[str] | None, typer.Option("--label", help="A label to take off what was looked at; repeat it.")
    ] = None,
) -> None:
    """Leave an organisation: close what Usher opened there, then uninstall it and all its data is gone in a day."""
    from app import main
    from app.settling.goodbye import goodbye as leave

    settings = _settings()

    async def body() -> None:
        async with main.opened(settings, receives=False) as usher:
            left = await leave(usher.database, usher.forges, account, labels=tuple(labels or ()))
        typer.echo(
            f"Closed: {left.closed}. Labels taken off: {left.unlabelled}. Usher does nothing for {account} any more. "
            "Now uninstall it there; its data is erased within a day."
        )
        for reason in left.refused:
            typer.echo(f"Left as it is: {reason}", err=True)

    _run(body)


@cli.command()
def setup() -> None:
    """Print a link that lets whoever opens it connect Usher with a forge; it works once, within a day."""
    from app.store import schema

    settings = _settings()

    async def body(database: Database) -> None:
        await schema.require(database)
        typer.echo(await _setup_link(settings, database))

    with_database(body)


@cli.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything that Usher needs, and say what is wrong and what mends it."""
    from app.commands.doctor import examine, report

    settings = _settings()
    exits: list[int] = []

    async def body() -> None:
        exits.append(report([each async for each in examine(settings)], as_json=as_json))

    _run(body)
    raise typer.Exit(exits[0])


@cli.command()
def demo(once: Once = False, forge: OnForge = "github") -> None:
    """Play the main story on a sandbox forge, and leave the pages open."""
    from app import logs
    from app.demo import story

    logs.configure("warning")

    async def body() -> None:
        await story.play(once=once, kind=forge)

    try:
        _run(body)
    except story.Missed as missed:
        print(f"The story broke: {missed}.", file=sys.stderr)  # noqa: T201
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("")


cli.command("live")(live)
cli.command("dry-run")(dry_run)
cli.command("pause")(pause)
cli.command("resume")(resume)
cli.command("owners")(owners)
cli.command("due")(due)
cli.command("check")(check)
cli.command("preview")(preview)
cli.command("replay")(replay_command)
cli.add_typer(config, name="config")
cli.add_typer(gitlab, name="gitlab")
cli.add_typer(dead, name="dead")


async def _setup_link(settings: Settings, database: Database) -> str:
    from app.store import setup_passes

    async with database.begin() as connection:
        key = await setup_passes.issue(connection, "link")
    return f"{settings.public_url or f'http://{settings.host}:{settings.port}'}/setup?key={key}"


def _settings() -> Settings:
    from app import crash_points, logs
    from app.settings import misspelt, read_settings

    settings = read_settings()
    logs.configure(settings.log_level, settings.log_format)
    for variable, meant in misspelt():
        logs.get(__name__).warning("a variable is no setting", variable=variable, meant=meant)
    crash_points.arm(settings.crash_at)
    return settings


def _run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(body())


def with_database(body: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    """Do something with the database of the settings."""
    from app.store.database import connect, locate

    settings = _settings()

    async def connected() -> None:
        database = connect(await asyncio.to_thread(locate, settings))
        try:
            await body(database)
        finally:
            await database.close()

    _run(connected)


if __name__ == "__main__":
    run()
