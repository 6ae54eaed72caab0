"""`usher live` and `usher dry-run`: let Usher act in an organisation or a repository, or show what it would do."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from app.errors import ForPeople

if TYPE_CHECKING:
    from app.store.database import Database
    from app.store.modes import Mode

Where = Annotated[
    str, typer.Argument(help="An organisation, `shop`, or one repository, `shop/api`.", show_default=False)
]


def live(where: Where) -> None:
    """End the dry run: Usher acts, and does what it noted and what is still wanted."""
    _switch(where, "live")


def dry_run(where: Where) -> None:
    """Begin a dry run: Usher goes on listening, writes nothing, and shows what it would do."""
    _switch(where, "preview")


def _switch(where: str, mode: Mode) -> None:
    from app.cli import with_database
    from app.store import schema

    async def body(database: Database) -> None:
        await schema.require(database)
        for line in await switched(database, where, mode, f"cli:{getpass.getuser()}"):
            typer.echo(line)

    with_database(body)


async def switched(database: Database, where: str, mode: Mode, by: str) -> list[str]:
    """Throw the switch of whatever bears this name; returns what to tell. ForPeople where nothing does."""
    from app.store import modes, tenants

    done = "is live" if mode == "live" else "is in a dry run"
    async with database.begin() as connection:
        every = [each for each in await tenants.every(connection) if each.state != "left"]
        accounts = [each for each in every if each.account.casefold() == where.casefold()]
        told = []
        for each in accounts:
            otherwise = await modes.switch_account(connection, each, mode, by)
            told.append(
                f"Usher {done} for {each.account}, on every repository there{' but:' if otherwise else '.'}"
            )
            told += [f"  {name} stays in a dry run; `usher live {name}` ends it" for name in otherwise]
        if accounts:
            return told
        found = await tenants.named(connection, where)
        if found is None:
            names = ", ".join(sorted({each.account for each in every if each.account})) or "none yet"
            raise ForPeople(
                f"Usher knows no organisation and no repository {where!r}. Known organisations: {names}. "
                "A repository is known once something happened there."
            )
        await modes.switch_repository(connection, *found, mode, by)
        return [f"Usher {done} for {found[1].name}."]
