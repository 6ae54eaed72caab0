"""Make or mend the hooks of a GitLab group, and find out exactly what is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import track

from app import keys
from app.errors import ForPeople
from app.forges.gitlab.client import GitLabClient
from app.forges.gitlab.setup import Connected, GitLabSetup, Place, token_problems
from app.forges.limits import Pace
from app.redaction import redact
from app.settings import Settings
from handlers.ports import Forbidden, ForgeError, Gone, Locked

AT_ONCE = Pace(pause=0)
"""A person waits, and hooks are few."""

_MARKS = {"made": "hook made", "repaired": "hook mended", "well": "hook as it should be"}


@dataclass(slots=True)
class Outcome:
    """What was done, and what is missing."""

    hooks: list[Connected] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def connect(
    settings: Settings, group: str | None, project: str | None, token_file: Path | None
) -> Outcome:
    """Connect a group or a project; `ForPeople` where nothing could be tried."""
    if settings.gitlab_token is None:
        raise ForPeople(
            "Set USHER_GITLAB_TOKEN: the token of Usher's own account on GitLab, with scope `api`."
        )
    if settings.public_url is None:
        raise ForPeople("Set USHER_PUBLIC_URL: the address under which GitLab reaches Usher.")
    own = settings.gitlab_token.get_secret_value()
    outcome = Outcome()
    async with GitLabClient(url=settings.gitlab_url, token=own, pace=AT_ONCE) as client:
        await _look_at_own(client, outcome)
    async with GitLabClient(url=settings.gitlab_url, token=_token(token_file) or own, pace=AT_ONCE) as client:
        setup = GitLabSetup(client)
        address, key = settings.public_url, keys.master_keys(settings)[0]
        try:
            place = await (setup.group(group) if group else setup.project(project or ""))
        except Gone:
            outcome.missing.append(
                f"{settings.gitlab_url} shows no {'group' if group else 'project'} {group or project!r} to this "
                "token. Compare the path, and make Usher's account a member with the role Developer."
            )
            return outcome
        except ForgeError as error:
            outcome.missing.append(_reason(error))
            return outcome
        async for each in _hooks(setup, place, outcome):
            try:
                outcome.hooks.append(await setup.ensure(each, address, key))
            except (Forbidden, Gone, Locked) as error:
                outcome.missing.append(_lacks_rights(each, error))
            except ForgeError as error:
                outcome.missing.append(f"{each.path}: {_reason(error)}")
    return outcome


async def _look_at_own(client: GitLabClient, outcome: Outcome) -> None:
    """Whether Usher's own token works, and will go on to."""
    try:
        us = await client.who_am_i()
        token = await client.token_state()
    except Locked:
        outcome.missing.append(
            "GitLab does not accept USHER_GITLAB_TOKEN. Make a new token with scope `api`."
        )
        return
    except ForgeError as error:
        outcome.missing.append(_reason(error))
        return
    outcome.notes.append(f"Usher is @{us.username} on {client.url}.")
    for problem in token_problems(token, datetime.now(UTC).date()):
        broken = "needs `api`" in problem or "has ended" in problem
        (outcome.missing if broken else outcome.notes).append(problem)


async def _hooks(setup: GitLabSetup, place: Place, outcome: Outcome) -> AsyncIterator[Place]:
    """Where hooks are to stand: at the group, or at each of its projects where groups cannot have any."""
    if place.kind == "projects":
        yield place
        return
    try:
        await setup.hooks(place)
    except Gone:
        outcome.notes.append(
            "This GitLab has no hooks for groups (they come with Premium), so each project gets one. "
            "Run this again when there are new projects."
        )
        console = Console(stderr=True)
        projects = await setup.projects(place)
        hidden = not console.is_terminal
        for each in track(projects, "Connecting projects", console=console, disable=hidden, transient=True):
            yield each
        return
    except ForgeError as error:
        outcome.missing.append(_lacks_rights(place, error))
        return
    yield place


def _lacks_rights(place: Place, error: ForgeError) -> str:
    role = "an Owner of the group" if place.kind == "groups" else "a Maintainer of the project"
    return (
        f"{place.path}: hooks can be made by {role} only ({_reason(error)}). Let such a person run this with "
        "`--token-file` and a token of theirs, or give Usher's account that role while you connect."
    )


def _token(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ForPeople(f"{path}: cannot be read: {error.strerror}") from None


def _reason(error: ForgeError) -> str:
    return redact(" ".join(str(error).split())).rstrip(".")


def as_plain(outcome: Outcome) -> dict[str, object]:
    """The outcome as JSON values."""
    hooks = [
        {
            "place": each.place.path,
            "kind": each.place.kind.removesuffix("s"),
            "url": each.url,
            "outcome": each.outcome,
            "mended": list(each.mended),
            "signed": each.signed,
        }
        for each in outcome.hooks
    ]
    return {"hooks": hooks, "missing": outcome.missing, "notes": outcome.notes}


def tell(outcome: Outcome) -> None:
    """The outcome in sentences, on standard output."""
    for note in outcome.notes:
        typer.echo(note)
    for each in outcome.hooks:
        how = "signed" if each.signed else "plain token: this GitLab does not sign yet, which is weaker"
        mended = f"; mended: {', '.join(each.mended)}" if each.mended else ""
        typer.echo(f"{each.place.path}: {_MARKS[each.outcome]} ({how}){mended}.")
    for problem in outcome.missing:
        typer.echo(f"Missing: {problem}")
    if outcome.hooks and not outcome.missing:
        typer.echo(
            "Connected. Usher is in a dry run, and only shows what it would do, until `usher live GROUP`."
        )
