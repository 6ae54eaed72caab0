"""`usher pause` and `usher resume`: keep Usher from writing, at once and in every process, and let it again."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from app.errors import ForPeople

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.store.database import Database

Account = Annotated[str, typer.Option("--tenant", help="Login of one organisation; else all of them.")]
Feature = Annotated[str, typer.Option("--feature", help="One feature, as `assign` or `remind`; else all.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever looks later.")]


def pause(account: Account = "", feature: Feature = "", why: Why = "") -> None:
    """Keep Usher from writing; it goes on listening. What it would have done waits for `usher resume`."""
    from app.store import switches

    async def thrown(connection: AsyncConnection, tenant_id: int | None) -> bool:
        said = why or "no reason was given"
        return await switches.pause(connection, tenant_id=tenant_id, feature=feature, by=_actor(), why=said)

    _on_each(account, feature, thrown, "Paused", "was paused already")


def resume(account: Account = "", feature: Feature = "") -> None:
    """Let Usher write again. Name the same tenant and feature as for `usher pause`."""
    from app.store import switches

    async def lifted(connection: AsyncConnection, tenant_id: int | None) -> bool:
        return await switches.resume(connection, tenant_id=tenant_id, feature=feature, by=_actor())

    _on_each(account, feature, lifted, "Resumed", "was not paused")


def _on_each(account: str, feature: str, do: object, done: str, else_: str) -> None:
    from app.cli import with_database
    from app.store import schema, switches, tenants

    _known(feature)

    async def body(database: Database) -> None:
        await schema.require(database)
        async with database.begin() as connection:
            ids: list[int | None] = [None]
            if account:
                every = await tenants.every(connection)
                ids = [each.id for each in every if each.account.casefold() == account.casefold()]
                if not ids:
                    names = ", ".join(sorted({each.account for each in every if each.account})) or "none yet"
                    raise ForPeople(f"No installation on {account!r} is known. Known accounts: {names}.")
            changed = [await do(connection, each) for each in ids]  # type: ignore[operator]
            what = f"{feature or 'everything'} for {account or 'all accounts'}"
            typer.echo(f"{done}: {what}." if any(changed) else f"{what[0].upper()}{what[1:]} {else_}.")
            for each in await switches.thrown(connection):
                where = "all accounts" if each.tenant_id is None else f"tenant {each.tenant_id}"
                typer.echo(f"  paused: {each.feature or 'everything'}, {where}, by {each.by}: {each.why}")

    with_database(body)


def _known(feature: str) -> None:
    from handlers import FEATURES
    from handlers.dry_run import FEATURE as SHOWING
    from handlers.settle_issue import ISSUE_FEATURES
    from handlers.settle_repository import FEATURE

    names = sorted({*(each.__name__ for each in (*FEATURES, *ISSUE_FEATURES)), FEATURE, SHOWING})
    if feature and feature not in names:
        raise ForPeople(f"No feature is called {feature!r}. Features: {', '.join(names)}.")


def _actor() -> str:
    return f"cli:{getpass.getuser()}"
