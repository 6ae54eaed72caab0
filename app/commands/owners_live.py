"""What `usher owners --live` asks the forge: its own errors, and which of the owners cannot review."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt
from rich.console import Console
from rich.progress import track

from app.commands.owners_source import Origin, OwnersContent
from app.errors import ForPeople
from app.forges.github import GitHub, GitHubClient
from app.forges.github_app import GitHubApp
from app.redaction import redact
from app.settings import Settings, read_settings
from handlers.ports import Forbidden, ForgeError, Gone, Throttled
from policies import findings as finds
from policies import owner_health, owners
from policies.facts import File, Repository, RepositoryRef, Tree, can_write, same
from policies.findings import Finding
from policies.owner_health import Known, PersonSeen, TeamSeen
from policies.owners import Dialect, OwnersFile, Problem, Severity
from policies.owners.problems import carried_over
from policies.rules import Guidelines

MOST_OWNERS = 1_000
"""So many owners are looked up one by one; of others only the forge's own list of errors tells."""

_AT_ONCE = 8
_NO_FILES = Tree((), complete=False)
_SEVERITY: dict[finds.Severity, Severity] = {
    "high": "error",
    "medium": "warning",
    "low": "warning",
    "info": "info",
}


class NotAnswered(ForPeople):
    """The forge does not tell; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the forge knows of an owners file.

    `errors` are those of the forge's own list, `findings` what Usher found by asking about each owner, and
    `notes` say in sentences what could not be found out.
    """

    repository: str
    errors: tuple[Problem, ...] = ()
    findings: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def ask(
    dialect: Dialect,
    named: str | None,
    origin: Origin | None,
    found: OwnersContent | None,
    commit: str | None,
) -> Told:
    """Ask the forge of the environment's settings about this owners file.

    The repository is `named`, "owner/name", or that of `origin`. `commit` is where the file was read, or what
    the checkout started from; where the forge does not have it, its default branch stands in. Raises
    `NotAnswered`.
    """
    if dialect == "gitlab":
        raise NotAnswered("--live can ask GitHub only; of GitLab it knows no way yet.")
    settings = _settings()
    name = named or _name(origin, settings)
    try:
        return asyncio.run(_ask(_client(settings), name, found, commit))
    except ForgeError as error:
        raise NotAnswered(_one_sentence(_reason(error))) from None
    except jwt.PyJWTError:
        raise NotAnswered("USHER_GITHUB_PRIVATE_KEY is not a private key in PEM.") from None


# --- Whom to ask ------------------------------------------------------------------------------------------


def _settings() -> Settings:
    try:
        return read_settings()
    except ForPeople as error:
        raise NotAnswered(_one_sentence(f"The settings cannot be used: {error}")) from None


def _client(settings: Settings) -> GitHubClient:
    if settings.github_app_id is None or settings.github_private_key is None:
        raise NotAnswered(
            "--live needs the GitHub App: set USHER_GITHUB_APP_ID and USHER_GITHUB_PRIVATE_KEY."
        )
    return GitHubClient(
        api_url=settings.github_api_url,
        app_id=settings.github_app_id,
        private_key=settings.github_private_key.get_secret_value(),
    )


def _name(origin: Origin | None, settings: Settings) -> str:
    """The repository that `origin` names, if it lies on the forge that the settings know."""
    if origin is None or origin.repository.count("/") != 1:
        raise NotAnswered("Nothing here says which repository this is: add --repository OWNER/NAME.")
    forge = [urlsplit(url).hostname for url in (settings.github_web_url, settings.github_api_url)]
    if not any(origin.host == host or origin.host.endswith(f".{host}") for host in forge):
        raise NotAnswered(
            f"This checkout is from {origin.host}, not from {forge[0]} (USHER_GITHUB_WEB_URL): "
            "add --repository OWNER/NAME."
        )
    return origin.repository


def _reason(error: ForgeError) -> str:
    match error:
        case Throttled():
            return f"GitHub asks to wait until {error.until:%H:%M} UTC."
        case Forbidden(permission=str(permission)):
            return f"{error}; the GitHub App needs the permission {permission}."
        case _:
            return f"GitHub did not tell: {error}."


def _one_sentence(text: str) -> str:
    return redact(" ".join(text.split()))


# --- Asking -----------------------------------------------------------------------------------------------


async def _ask(client: GitHubClient, name: str, found: OwnersContent | None, commit: str | None) -> Told:
    async with client:
        try:
            installation, repository = await GitHubApp(client).find(name)
        except Gone:
            raise NotAnswered(
                f"The GitHub App is not installed on {name}, or the repository has another name."
            ) from None
        return await _ask_about(GitHub(client, installation), repository, found, commit)


async def _ask_about(
    github: GitHub, repository: Repository, found: OwnersContent | None, commit: str | None
) -> Told:
    if found is None:
        return Told(repository.ref.name)
    file = owners.parse(found.content, "github")
    notes = []
    at, theirs = await _their_file(github, repository, commit)
    errors = await github.owner_errors(repository.ref, at) if theirs else ()
    if theirs is None or theirs.content != found.content:
        notes.append(f"GitHub has another CODEOWNERS file at {at}; it judged only the lines that both have.")
    refused = owner_health.refused(theirs.content, errors) if theirs else frozenset()
    known, unread = await _learn(github, repository.ref, file, refused)
    if unread:
        notes.append(f"{unread:,} owners were not looked up one by one, only the first {MOST_OWNERS:,}.")
    findings = _findings(File(found.path, found.blob, found.content), file, known)
    return Told(
        repository.ref.name,
        tuple(carried_over(errors, theirs.content, found.content)) if theirs else (),
        tuple(_problem(each) for each in findings),
        tuple(notes),
    )


async def _their_file(github: GitHub, repository: Repository, commit: str | None) -> tuple[str, File | None]:
    """The owners file that GitHub uses at the commit, or on the default branch where it has no such commit."""
    if commit is not None:
        there = await github.owners_file(repository.ref, commit)
        if there is not None:
            return commit, there
    return repository.default_branch, await github.owners_file(repository.ref, repository.default_branch)


async def _learn(
    github: GitHub, repository: RepositoryRef, file: OwnersFile, refused: frozenset[str]
) -> tuple[Known, int]:
    """What GitHub knows of the owners, and how many were too many to ask about.

    Those whom it refuses come first, to find out why, and then teams, of which it says not whether they are empty.
    """
    named = {same(owner[1:]) for rule in file.rules for owner in rule.owners if owner.startswith("@")}
    names = sorted(named, key=lambda name: (f"@{name}" not in refused, "/" not in name, name))
    people: dict[str, PersonSeen] = {}
    teams: dict[str, TeamSeen] = {}

    async def look_up(name: str) -> None:
        if "/" in name:
            teams[name] = await _team(github, repository, name)
        else:
            people[name] = await _person(github, repository, name)

    asked = names[:MOST_OWNERS]
    batches = [asked[start : start + _AT_ONCE] for start in range(0, len(asked), _AT_ONCE)]
    for batch in _shown(batches):
        await asyncio.gather(*map(look_up, batch))
    return Known(repository.owner, people, teams, refused), max(len(names) - MOST_OWNERS, 0)


def _shown(batches: Sequence[list[str]]) -> Iterable[list[str]]:
    """The same batches, with a progress bar for whoever waits at a terminal."""
    console = Console(stderr=True)
    hidden = not console.is_terminal
    return track(batches, "Asking GitHub about owners", console=console, disable=hidden, transient=True)


async def _person(github: GitHub, repository: RepositoryRef, login: str) -> PersonSeen:
    access = await github.access(repository, login)
    if can_write(access):
        return PersonSeen(access)
    return PersonSeen(access, await github.membership(repository.owner, login))


async def _team(github: GitHub, repository: RepositoryRef, name: str) -> TeamSeen:
    team = await github.team(name)
    if team is None or team.secret:
        return TeamSeen(team, "none")
    return TeamSeen(team, await github.team_access(repository, name))


# --- Findings ---------------------------------------------------------------------------------------------


def _findings(source: File, file: OwnersFile, known: Known) -> Sequence[Finding]:
    """The findings that come of knowing the owners; what the file shows by itself is told already."""
    nothing = Known(known.organisation)
    knowing, not_knowing = (
        owner_health.examine(source, file, _NO_FILES, each, Guidelines()) for each in (known, nothing)
    )
    return finds.new(knowing, not_knowing)


def _problem(finding: Finding) -> Problem:
    said = f"{finding.message} {finding.fix}"
    return Problem(finding.line, finding.column, finding.kind, _SEVERITY[finding.severity], said)
