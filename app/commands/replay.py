"""`usher replay`: choose reviewers once more from the records of choices, offline, and see whether it is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.errors import ForPeople
from app.terminal import visible
from policies.reviewers import Choice, replay
from policies.reviewers.telling import is_reproduced, told


def replay_command(
    file: Annotated[
        Path,
        typer.Argument(
            help="Records of choices, as `usher preview --json` writes them; - reads standard input."
        ),
    ],
    why: Annotated[str, typer.Option(help="Say why this person was asked, or was not.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make recorded choices of reviewers again and compare; needs no forge, no database and no network.

    Exit codes: 0 every choice came out the same; 1 one did not; 2 the file cannot be read.
    """
    records = _records(file)
    try:
        made = [(record, replay(dict(record)), is_reproduced(record)) for record in records]
        answer = told(tuple(records), why.lstrip("@"), "", full=True) if why and records else ""
    except (KeyError, TypeError, ValueError) as error:
        raise ForPeople(f"{file}: this is no record of a choice ({type(error).__name__}: {error}).") from None
    if as_json:
        shown = [_as_data(record, choice, same=same) for record, choice, same in made]
        typer.echo(json.dumps({"schema": 1, "decisions": shown, "why": answer or None}))
    else:
        for record, choice, same in made:
            typer.echo(visible("\n".join(_lines(record, choice, same=same))))
        typer.echo(answer or f"{len(made)} choices made again.")
    raise typer.Exit(0 if all(same for _, _, same in made) else 1)


def _records(file: Path) -> list[Mapping[str, Any]]:
    """One record, a list of them, or what `usher preview --json` prints."""
    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError) as error:
        raise ForPeople(f"{file} cannot be read as JSON: {error}.") from None
    if isinstance(found, dict):
        found = found.get("decisions", [found])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ForPeople(f"{file}: this is no record of a choice, nor a list of them.")
    return found


def _as_data(record: Mapping[str, Any], choice: Choice, *, same: bool) -> dict[str, Any]:
    return {
        "same": same,
        "picks": [
            {"person": pick.person, "slots": list(pick.slots), "because": list(pick.because)}
            for pick in choice.picks
        ],
        "not_asked": {each.person: each.reason for each in choice.excluded},
        "queued": list(choice.queued),
    }


def _lines(record: Mapping[str, Any], choice: Choice, *, same: bool) -> list[str]:
    head = "the same choice" if same else "ANOTHER choice than was recorded"
    picks = [
        f"  asks {pick.person} for {', '.join(pick.slots)}: {', '.join(pick.because)}"
        for pick in choice.picks
    ]
    left_out = [f"  not {each.person}: {each.reason.replace('_', ' ')}" for each in choice.excluded]
    return [f"{head}:", *(picks or ["  asks nobody"]), *left_out]
