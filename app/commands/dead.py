"""`usher dead`: work that was given up. Look at it, try it again, or drop it."""

from __future__ import annotations

import dataclasses
import getpass
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.errors import ForPeople
from app.terminal import visible

if TYPE_CHECKING:
    from app.store.database import Database
    from app.store.dead import DeadLetter

dead = typer.Typer(help="Work that was given up: look at it, try it again, or drop it.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="Id as `usher dead list` shows it: 4711, or 3:change:7:12.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids as `usher dead list` shows them.")]
Everything = Annotated[bool, typer.Option("--all", help="Every dead letter there is.")]
AsJson = Annotated[bool, typer.Option("--json", help="Say it in JSON.")]


@dead.command("list")
def list_all(as_json: AsJson = False) -> None:
    """What was given up, the newest first."""
    from app.store import dead as store

    async def body(database: Database) -> None:
        async with database.begin() as connection:
            letters = await store.every(connection)
        if as_json:
            typer.echo(json.dumps([_record(each) for each in letters], indent=2))
        elif not letters:
            typer.echo("Nothing was given up.")
        for each in letters if not as_json else ():
            whose = each.account or "nobody we know"
            typer.echo(
                visible(f"{each.id}  {each.since:%Y-%m-%d %H:%M}Z  {each.what} of {whose}: {each.reason}")
            )

    _with_database(body)


@dead.command()
def show(letter_id: Id, as_json: AsJson = False) -> None:
    """Everything that is known about one, with the body as it came."""
    from app.store import dead as store

    async def body(database: Database) -> None:
        async with database.begin() as connection:
            letter = await _found(connection, letter_id)
            content = await store.body(connection, letter)
        said = None if content is None else content.decode("utf-8", "replace")
        if as_json:
            typer.echo(json.dumps({**_record(letter), "body": said}, indent=2))
            return
        for name, value in _record(letter).items():
            typer.echo(visible(f"{name}: {value}"))
        if said is not None:
            typer.echo(f"\n{visible(said)}")

    _with_database(body)


@dead.command()
def replay(letter_ids: Ids = None, everything: Everything = False, as_json: AsJson = False) -> None:
    """Try again from the first attempt. What was done already is not done twice."""
    _each(letter_ids, everything, as_json, "replay")


@dead.command()
def drop(letter_ids: Ids = None, everything: Everything = False, as_json: AsJson = False) -> None:
    """Give up for good. A new event revives a subject."""
    _each(letter_ids, everything, as_json, "drop")


def _each(letter_ids: list[str] | None, everything: bool, as_json: bool, action: str) -> None:
    from app.store import dead as store

    if bool(letter_ids) == everything:
        raise ForPeople(f"Name the ids, or say `usher dead {action} --all`.")
    act = {"replay": store.replay, "drop": store.drop}[action]
    actor = f"cli:{getpass.getuser()}"

    async def body(database: Database) -> None:
        async with database.begin() as connection:
            letters = (
                await store.every(connection, limit=100_000)
                if everything
                else [await _found(connection, each) for each in letter_ids or ()]
            )
            done = [each.id for each in letters if await act(connection, each, actor)]
        if as_json:
            typer.echo(json.dumps({action: done}))
        else:
            said = {"replay": "will be tried again", "drop": "dropped"}[action]
            typer.echo(f"{len(done)} {said}{': ' + ', '.join(done[:20]) if done else ''}.")

    _with_database(body)


async def _found(connection: Any, letter_id: str) -> DeadLetter:
    from app.store import dead as store

    letter = await store.find(connection, letter_id)
    if letter is None:
        raise ForPeople(f"There is no dead letter {letter_id!r}; `usher dead list` shows them.")
    return letter


def _record(letter: DeadLetter) -> dict[str, Any]:
    return {**dataclasses.asdict(letter), "since": letter.since.isoformat()}


def _with_database(body: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    from app.cli import with_database
    from app.store import schema

    async def on_our_schema(database: Database) -> None:
        await schema.require(database)
        await body(database)

    with_database(on_our_schema)
