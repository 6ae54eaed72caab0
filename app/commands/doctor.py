"""`usher doctor`: look at everything that Usher needs, and say of each what is wrong and what mends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict

import typer
from rich.console import Console
from rich.markup import escape

from app import keys
from app.connections import GitHubConnection
from app.doctor.address import check_address
from app.doctor.checks import Check, failed, skipped, warning
from app.doctor.database import check_database
from app.doctor.github import check_github
from app.doctor.gitlab import check_gitlab
from app.errors import ForPeople
from app.gitlab_connection import GitLabConnection
from app.settings import Settings, misspelt
from app.store.database import Database, connect, locate

_MARKS = {"well": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]", "skipped": "[dim]–[/]"}


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Every check of this installation, one after the other. It changes nothing."""
    for variable, meant in misspelt():
        yield warning(
            "settings", f"{variable} is set, and is no setting.", f"Write {meant}, if that is meant."
        )
    try:
        address = await asyncio.to_thread(locate, settings)
    except ForPeople as error:
        yield failed("database", str(error), "Correct the setting.")
        return
    database = connect(address)
    try:
        schema_is_ours = False
        async for each in check_database(database):
            schema_is_ours = schema_is_ours or (each.name == "schema" and each.status == "well")
            yield each
        for each in await check_address(settings.public_url):
            yield each
        if not schema_is_ours:
            yield skipped("forges", "Not looked at: what connects Usher may be stored in the database.")
            return
        async for each in _forges(settings, database):
            yield each
    except ForPeople as error:
        yield failed("keys", str(error), "See the message.")
    finally:
        await database.close()


async def _forges(settings: Settings, database: Database) -> AsyncIterator[Check]:
    github = GitHubConnection(settings, database, keys.Seal(keys.master_keys(settings)))
    async with github.open(), GitLabConnection(settings).open() as gitlab:
        if github.client is None and gitlab.client is None:
            yield failed(
                "forges",
                "No forge is connected.",
                "Run `usher setup` for a link that creates a GitHub App, or set USHER_GITLAB_TOKEN and run "
                "`usher gitlab connect`.",
            )
        if github.client is not None:
            async for each in check_github(github.client, settings.public_url):
                yield each
        if gitlab.client is not None:
            async for each in check_gitlab(gitlab.client, database):
                yield each


def report(checks: list[Check], *, as_json: bool) -> int:
    """Print what was found; returns the exit code: 1 where something failed."""
    bad = any(each.status == "failed" for each in checks)
    if as_json:
        shown = {"schema": 1, "well": not bad, "checks": [asdict(each) for each in checks]}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return int(bad)
    console = Console(soft_wrap=True, highlight=False)
    for each in checks:
        console.print(f" {_MARKS[each.status]} [bold]{escape(each.name)}[/]  {escape(each.found)}")
        if each.mend:
            console.print(f"     → {escape(each.mend)}")
    failures = sum(each.status == "failed" for each in checks)
    console.print(f"\n{failures} to mend." if failures else "\nNothing stands in the way.")
    return int(bad)
