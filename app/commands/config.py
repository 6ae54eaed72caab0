"""`usher config`: what is wrong with an usher.yml, by line, before it is pushed; and its schema for editors."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.settling.working_hours import calendars_of
from app.terminal import visible
from policies import rules
from policies.rules import schema

config = typer.Typer(help="Look at the rules of a repository.", no_args_is_help=True)


@config.command()
def check(
    file: Annotated[Path, typer.Argument(help="The usher.yml to look at; - reads standard input.")],
    organisation: Annotated[
        Path | None, typer.Option(help="The organisation's usher.yml, over which this one is laid.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what in the file cannot be used: line, key, what is wrong, what to write.

    Exit code 0: all is well; 1: problems; 2: the file cannot be read.
    """
    content = typer.get_binary_stream("stdin").read() if str(file) == "-" else _bytes(file)
    above = None if organisation is None else rules.read(_bytes(organisation)).rules
    read = rules.read(content) if above is None else rules.merge(above, content)
    _, unknown = calendars_of(read.rules, datetime.now(UTC).year)
    problems = [*read.problems, *unknown]
    if as_json:
        typer.echo(
            json.dumps({"schema": 1, "file": str(file), "problems": [asdict(each) for each in problems]})
        )
    else:
        for each in problems:
            key = f"{each.key}: " if each.key else ""
            typer.echo(visible(f"{file}:{each.line}:{each.column}: {key}{each.message}. {each.fix}".rstrip()))
        if not problems:
            typer.echo(f"{file}: all is well.")
    raise typer.Exit(1 if problems else 0)


@config.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of usher.yml, for editors: it knows every key, its values and defaults."""
    typer.echo(json.dumps(schema.schema(), indent=2, ensure_ascii=False))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        typer.echo(f"cannot read {file}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
