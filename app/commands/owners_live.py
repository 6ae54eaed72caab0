"""What `usher owners --live` asks the forge: its own errors, and which of the owners cannot review."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import jwt
from rich.console import Console
from rich.progress import track

from app.commands.owners_forges import NotAnswered, Reached, reach, why_not
from app.commands.owners_source import Origin, OwnersContent
from app.forges.gitlab.adapter import GitLab
from handlers.owners_seen import look_up, owners_by_name, told_apart
from handlers.ports import ForgeError
from policies import findings as finds
from policies import owner_health, owners
from policies.facts import File, Tree
from policies.findings import Finding
from policies.owner_health import Known, PersonSeen, TeamSeen
from policies.owners import Dialect, OwnersFile, Problem, Severity
from policies.owners.answers import NAMES
from policies.owners.approvals import Demand
from policies.owners.problems import carried_over
from policies.rules import Guidelines

__all__ = ["NotAnswered", "Told", "ask"]

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


@dataclass(frozen=True, slots=True)
class Told:
    """What the forge knows of an owners file.

    `errors` are those of the forge's own list, `findings` what Usher found by asking about each owner, and
    `notes` say in sentences what could not be found out. `demand`, on GitLab, says how many approvals it waits for.
    """

    repository: str
    errors: tuple[Problem, ...] = ()
    findings: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    demand: Demand | None = None


def ask(
    dialect: Dialect,
    named: str | None,
    origin: Origin | None,
    found: OwnersContent | None,
    commit: str | None,
) -> Told:
    """Ask the forge of the environment's settings about this owners file.

    The repository is `named`, as the forge names it, or that of `origin`. `commit` is where the file was read, or
    what the checkout started from; where the forge does not have it, its default branch stands in. Raises
    `NotAnswered`.
    """
    try:
        return asyncio.run(_ask(dialect, named, origin, found, commit))
    except ForgeError as error:
        raise why_not(error, dialect) from None
    except jwt.PyJWTError:
        raise NotAnswered("USHER_GITHUB_PRIVATE_KEY is not a private key in PEM.") from None


# --- Asking -----------------------------------------------------------------------------------------------


async def _ask(
    dialect: Dialect,
    named: str | None,
    origin: Origin | None,
    found: OwnersContent | None,
    commit: str | None,
) -> Told:
    async with reach(dialect, named, origin) as reached:
        if found is None:
            return Told(reached.repository.ref.name)
        return await _ask_about(reached, found, commit)


async def _ask_about(reached: Reached, found: OwnersContent, commit: str | None) -> Told:
    port, ref = reached.port, reached.repository.ref
    file = owners.parse(found.content, port.dialect)
    notes = []
    at, theirs = await _their_file(reached, commit)
    errors = await port.owner_errors(ref, at) if theirs else ()
    if theirs is None or theirs.content != found.content:
        forge = NAMES[port.dialect]
        notes.append(f"{forge} has another CODEOWNERS file at {at}; it judged only the lines that both have.")
    refused = owner_health.refused(theirs.content, errors) if theirs else frozenset()
    known, unread = await _learn(reached, file, refused)
    if unread:
        notes.append(f"{unread:,} owners were not looked up one by one, only the first {MOST_OWNERS:,}.")
    demand = await _demand(port, reached, file, known) if isinstance(port, GitLab) else None
    if demand is not None and demand.owners_approve is not True:
        notes.append(_why_no_approvals(demand, reached.repository.default_branch))
    findings = _findings(File(found.path, found.blob, found.content), file, known)
    return Told(
        ref.name,
        tuple(carried_over(errors, theirs.content, found.content)) if theirs else (),
        tuple(_problem(each) for each in findings),
        tuple(notes),
        demand,
    )


async def _their_file(reached: Reached, commit: str | None) -> tuple[str, File | None]:
    """The owners file that the forge uses at the commit, or on the default branch where it has no such commit."""
    port, repository = reached.port, reached.repository
    if commit is not None:
        there = await port.owners_file(repository.ref, commit)
        if there is not None:
            return commit, there
    return repository.default_branch, await port.owners_file(repository.ref, repository.default_branch)


async def _learn(reached: Reached, file: OwnersFile, refused: frozenset[str]) -> tuple[Known, int]:
    """What the forge knows of the owners, and how many were too many to ask about."""
    port, repository = reached.port, reached.repository.ref
    names = owners_by_name([file], refused)
    seen: dict[str, PersonSeen | TeamSeen] = {}

    async def learn(name: str) -> None:
        seen[name] = await look_up(name, repository, port, port.dialect)

    asked = names[:MOST_OWNERS]
    batches = [asked[start : start + _AT_ONCE] for start in range(0, len(asked), _AT_ONCE)]
    for batch in _shown(batches, NAMES[port.dialect]):
        await asyncio.gather(*map(learn, batch))
    return Known(repository.owner, *told_apart(seen), refused), max(len(names) - MOST_OWNERS, 0)


def _shown(batches: Sequence[list[str]], forge: str) -> Iterable[list[str]]:
    """The same batches, with a progress bar for whoever waits at a terminal."""
    console = Console(stderr=True)
    hidden = not console.is_terminal
    return track(batches, f"Asking {forge} about owners", console=console, disable=hidden, transient=True)


# --- Approvals that GitLab waits for ------------------------------------------------------------------------


async def _demand(port: GitLab, reached: Reached, file: OwnersFile, known: Known) -> Demand:
    """What the default branch demands of owners, and which of them may approve there."""
    ref, branch = reached.repository.ref, reached.repository.default_branch
    named = {owner.casefold() for rule in file.rules for owner in rule.owners}
    able: dict[str, bool] = {}
    for owner in sorted(named):
        if owner.startswith("@@"):
            able[owner] = bool(await port.having_role(ref, owner[2:].removesuffix("s")))
        elif (can := owner_health.can_approve(owner, known)) is not None:
            able[owner] = can
    return Demand(await port.owners_approve(ref, branch), able)


def _why_no_approvals(demand: Demand, branch: str) -> str:
    if demand.owners_approve is None:
        return f"Whether {branch} needs the approval of code owners could not be read; the token's role is too low."
    return f"The branch {branch} does not need the approval of code owners, so GitLab waits for none."


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
