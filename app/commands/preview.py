"""`usher preview`: what Usher would do about a change now, without doing it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.terminal import visible

if TYPE_CHECKING:
    from app.settling.preview import Planned, Preview


def preview(
    url: Annotated[str, typer.Argument(help="Address of a pull or merge request.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whose turn it is, when an answer is due, and what Usher would do now; do nothing.

    Reads the forge and the database with the settings of `usher serve`. Exit codes: 0 shown; 2 not found.
    """
    from app import main
    from app.settings import read_settings
    from app.settling.preview import preview as on_paper

    settings = read_settings()

    async def body() -> Preview:
        async with main.opened(settings) as usher:
            return await on_paper(usher.work.settling, url)

    found = asyncio.run(body())
    typer.echo(json.dumps(as_data(found), default=str) if as_json else visible("\n".join(lines(found))))


def as_data(found: Preview) -> dict[str, Any]:
    """The preview as JSON values; `decisions` are records that `usher replay` reads."""
    state = found.standing.state
    return {
        "schema": 1,
        "subject": found.subject,
        "state": state.turn.state,
        "turn": list(state.turn.parties),
        "because": state.turn.reason,
        "since": state.turn.since.isoformat(),
        "due": found.standing.projection.get("due"),
        "look_again": found.look_again and found.look_again.isoformat(),
        "would": [{"kind": each.kind, "new": each.anew, **each.payload} for each in found.planned],
        "decisions": list(found.decisions),
    }


def lines(found: Preview) -> list[str]:
    """The preview for people to read."""
    state, shown = found.standing.state, found.standing.projection
    parties = ", ".join(state.turn.parties) or "nobody"
    said = [f"{shown['repository']}#{shown['number']} {shown['title']}"]
    said.append(f"turn: {parties} ({state.turn.state.lower()}), because {state.turn.reason}")
    said.append(f"due:  {shown.get('due') or 'nothing is due'}")
    said += [f"would {_told(each)}" for each in found.planned] or ["would do nothing now"]
    if found.look_again:
        said.append(f"looks again by itself at {found.look_again.isoformat()}")
    return said


def _told(each: Planned) -> str:
    payload = each.payload
    people = ", ".join((*payload.get("people", ()), *payload.get("teams", ())))
    match each.kind:
        case "ask":
            return f"ask {people} to review"
        case "release":
            return f"take the request to {people} back"
        case "say" | "sticky":
            what = "comment" if each.anew else "edit its comment to read"
            return f"{what}:\n" + "\n".join(f"    {line}" for line in payload["body"].splitlines())
        case "digest":
            return f"put into {payload['to']}'s digest: {payload['said']}"
        case "check":
            return f"set the check {payload['name']} to {payload['conclusion']}: {payload['title']}"
        case "label":
            return f"put on {', '.join(payload['add']) or 'no label'}"
        case kind:
            return kind
