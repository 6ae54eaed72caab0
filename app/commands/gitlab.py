"""`usher gitlab connect`: make or mend the hooks of a group, and say exactly what is missing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from app.errors import ForPeople

gitlab = typer.Typer(help="Connect a GitLab group or project.", no_args_is_help=True)


@gitlab.callback()
def about() -> None:
    """Usher on GitLab."""


@gitlab.command()
def connect(
    group: Annotated[str | None, typer.Option(help="Full path of the group: `shop`, `shop/backend`.")] = None,
    project: Annotated[str | None, typer.Option(help="Full path of one project: `shop/api`.")] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="A file with the token of an owner, to make hooks with; else USHER_GITLAB_TOKEN."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make or mend the hook of a group (without group hooks: of each of its projects) or of one project.

    It also looks whether Usher's own token can do its work, and until when. Run it as often as you like.
    Exit code 0: connected; 1: something is missing; 2: nothing could be tried.
    """
    if (group is None) == (project is None):
        raise ForPeople("Say which: --group PATH, or --project PATH.")
    from app import gitlab_connect
    from app.settings import read_settings

    outcome = asyncio.run(gitlab_connect.connect(read_settings(), group, project, token_file))
    if as_json:
        typer.echo(json.dumps({"schema": 1, **gitlab_connect.as_plain(outcome)}))
    else:
        gitlab_connect.tell(outcome)
    raise typer.Exit(1 if outcome.missing else 0)
