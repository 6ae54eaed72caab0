"""`usher config check FILE`: what is wrong with an usher.yml, by line, before it is pushed."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.working_hours import calendars_of
from policies import rules

config = typer.Typer(help="Look at the rules of a repository.", no_args_is_help=True)


@config.callback()
def _group() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@config.command()
def check(
    file: Annotated[Path, typer.Argument(help="The usher.yml to look at; - reads standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what in the file cannot be used: line, key, what is wrong, what to write.

    Exit code 0: all is well; 1: problems; 2: the file cannot be read.
    """
    try:
        content = typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        typer.echo(f"cannot read {file}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    read = rules.read(content)
    _, unknown = calendars_of(read.rules, datetime.now(UTC).year)
    problems = [*read.problems, *unknown]
    if as_json:
        typer.echo(
            json.dumps({"schema": 1, "file": str(file), "problems": [asdict(each) for each in problems]})
        )
    else:
        for each in problems:
            key = f"{each.key}: " if each.key else ""
            typer.echo(f"{file}:{each.line}:{each.column}: {key}{each.message}. {each.fix}".rstrip())
        if not problems:
            typer.echo(f"{file}: all is well.")
    raise typer.Exit(1 if problems else 0)
