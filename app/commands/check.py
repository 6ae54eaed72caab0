"""`usher check DIR`: how welcoming a repository is, told offline from any checkout, and how to mend the rest."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.commands import check_report
from app.commands.check_report import Exempted, Format, Report
from app.commands.owners_source import Source, SourceError, dialect_of, find, origin, source
from app.terminal import visible
from handlers import guideline_files
from policies import exceptions, owner_health, owners, rules
from policies.facts import File, Tree
from policies.findings import Finding, Limit, at_least, each_once
from policies.guidelines import Facts, Place, builds, inspect, sections, sla_hours
from policies.guidelines.markdown import MOST_BYTES
from policies.guidelines.places import Defaults
from policies.owner_health import Known
from policies.owners import Dialect
from policies.rules import Rules
from policies.typed_yaml import Problem

RULES_PATHS: dict[Dialect, str] = {"github": ".github/usher.yml", "gitlab": ".gitlab/usher.yml"}


class Exit(IntEnum):
    """The command's exit codes."""

    WELL = 0
    TO_MEND = 1
    USAGE = 2


def check(
    directory: Annotated[Path, typer.Argument(help="The checkout to look at.")] = Path(),
    dialect: Annotated[
        Literal["github", "gitlab"] | None,
        typer.Option(help="Whose rules to follow; without it, those of the checkout's origin."),
    ] = None,
    ref: Annotated[str | None, typer.Option(help="Look at this commit, branch or tag.")] = None,
    defaults: Annotated[
        Path | None,
        typer.Option(help="A checkout of the organisation's defaults (GitHub: its `.github` repository)."),
    ] = None,
    fail_on: Annotated[
        Literal["low", "medium", "high", "never"] | None,
        typer.Option(help="From which severity on to fail; without it, what the rules say (medium)."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to say it.")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Say what a newcomer would miss here, with line and remedy; asks no forge.

    Exit codes: 0 all is well, or nothing grave; 1 something from --fail-on on; 2 it cannot be read.
    """
    try:
        report = examine(
            directory, dialect, ref=ref, defaults=defaults, fail_on=fail_on, now=datetime.now(UTC)
        )
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.USAGE) from None
    _print(report, "json" if as_json else form)
    raise typer.Exit(Exit.TO_MEND if report.failing else Exit.WELL)


def examine(
    directory: Path,
    dialect: Dialect | None,
    *,
    ref: str | None = None,
    defaults: Path | None = None,
    fail_on: Limit | None = None,
    now: datetime,
) -> Report:
    """Everything that the files of a checkout show. Raises `SourceError` where it cannot be read."""
    if directory.is_file():
        raise SourceError(f"{directory} is a file; name the directory of the checkout.")
    read_from = source(directory, ref)
    tree = Tree(tuple(read_from.files()))
    spoken = dialect or dialect_of(directory) or _dialect_by_files(tree)
    organisation = None if defaults is None else source(defaults, None)
    held = _rules(organisation, read_from, spoken)
    read = held.rules.guidelines
    place = _place(directory, ref)
    inherited = [] if organisation is None else [_source(organisation, spoken, defaults)]
    files = asyncio.run(guideline_files.collect(_Checkout(read_from), spoken, tree, place, inherited))
    touched_at, builds_since = _age(directory, files.found["contributing"].path) if ref is None else (None, 0)
    facts = Facts(
        now=now,
        dialect=spoken,
        place=place,
        sla=sla_hours(held.rules.reviews.guest.first_response),
        touched_at=touched_at,
        builds_since=builds_since,
    )
    found = inspect(files, tree, facts, read)
    everything = [
        *found.findings,
        *_of_owners(read_from, spoken, tree, held.rules),
        *_of_rules(held.problems, spoken),
    ]
    counting, accepted = exceptions.apart(each_once(everything), read.exceptions, now.date())
    counting = at_least(counting, "low")
    limit: Limit = fail_on or read.fail_on
    return Report(
        directory=str(directory),
        dialect=spoken,
        inspection=found,
        findings=sorted(counting, key=lambda each: (each.path, each.line, each.kind)),
        failing=() if limit == "never" else at_least(counting, limit),
        exempted=[
            Exempted(
                each.finding, each.exception.owner, each.exception.reason, each.exception.until.isoformat()
            )
            for each in accepted
        ],
        notes=list(_notes(found.guide.provenance, defaults, read.exceptions, now.date())),
        required=sections.required(read),
    )


# --- What is read -----------------------------------------------------------------------------------------


class _Checkout:
    """A checkout as the check's reader; large files are cut, because no such file is a guideline."""

    def __init__(self, read_from: Source) -> None:
        self._source = read_from

    async def read(self, path: str) -> bytes | None:
        content = self._source.read(path)
        return None if content is None else content[: MOST_BYTES + 1]


def _dialect_by_files(tree: Tree) -> Dialect:
    """GitHub's, unless only GitLab's own files are there."""
    gitlab = any(path.startswith((".gitlab/", ".gitlab-ci.yml")) for path in tree.paths)
    github = any(path.startswith(".github/") for path in tree.paths)
    return "gitlab" if gitlab and not github else "github"


def _rules(organisation: Source | None, read_from: Source, dialect: Dialect) -> rules.RulesRead:
    text = read_from.read(RULES_PATHS[dialect]) or b""
    if organisation is None:
        return rules.read(text)
    above = next(
        (content for path in (RULES_PATHS[dialect], "usher.yml") if (content := organisation.read(path))), b""
    )
    return rules.merge(rules.read(above).rules, text)


def _source(organisation: Source, dialect: Dialect, directory: Path | None) -> guideline_files.Source:
    name = "" if directory is None else directory.resolve().name
    tree = Tree(tuple(organisation.files()))
    return guideline_files.Source(Defaults(name, tree, by_usher=dialect == "gitlab"), _Checkout(organisation))


def _place(directory: Path, ref: str | None) -> Place:
    cloned_from = origin(directory)
    if cloned_from is None:
        return Place()
    branch = ref or _git(directory, "rev-parse", "--abbrev-ref", "origin/HEAD").removeprefix("origin/")
    return Place(cloned_from.repository, branch, f"https://{cloned_from.host}")


def _age(directory: Path, path: str) -> tuple[datetime | None, int]:
    """When the guideline was last touched, and how often files that say how to build were since then."""
    if not path:
        return None, 0
    said = _git(directory, "log", "-1", "--format=%cI", "--", f":(top,literal){path}")
    if not said or _git(directory, "rev-parse", "--is-shallow-repository") == "true":
        return None, 0
    named = [f":(top,glob)**/{each}" for each in builds.MANIFESTS]
    since = _git(directory, "log", "--format=%H", f"--since={said}", "--", *named).split()
    touched = _git(directory, "log", "-1", "--format=%H", "--", f":(top,literal){path}")
    return datetime.fromisoformat(said), len([sha for sha in since if sha != touched])


def _git(directory: Path, *words: str) -> str:
    """What git answers; nothing where it cannot."""
    try:
        done = subprocess.run(["git", "-C", str(directory), *words], capture_output=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


# --- What is found besides --------------------------------------------------------------------------------


def _of_owners(read_from: Source, dialect: Dialect, tree: Tree, held: Rules) -> Sequence[Finding]:
    """What the owners file shows by itself."""
    there = find(read_from, dialect)
    if there is None:
        return ()
    file = owners.parse(there.content, dialect)
    return owner_health.examine(
        File(there.path, there.blob, there.content), file, tree, Known(""), held.guidelines
    )


def _of_rules(problems: Sequence[Problem], dialect: Dialect) -> Iterator[Finding]:
    """A line of `usher.yml` that cannot be used is as grave as a broken link: its default holds meanwhile."""
    for each in problems:
        message = f"{each.key}: {each.message}." if each.key else f"{each.message}."
        path = RULES_PATHS[dialect]
        yield Finding("rules_problem", "medium", path, each.key, each.line, each.column, message, each.fix)


def _notes(
    provenance: str, defaults: Path | None, accepted: Sequence[rules.Exempt], today: date
) -> Iterator[str]:
    if provenance == "absent" and defaults is None:
        yield "Inherited files are seen only with --defaults, a checkout of the organisation's defaults."
    for each in accepted:
        if each.until < today:
            yield f"The exception for {each.id} ended on {each.until}."
        elif not exceptions.is_valid(each, today):
            most = exceptions.LONGEST.days
            yield f"The exception for {each.id} lasts longer than {most} days, so it does not hold yet."


# --- What is said -----------------------------------------------------------------------------------------


def _print(report: Report, form: Format) -> None:
    match form:
        case "json":
            typer.echo(json.dumps(check_report.as_json(report), ensure_ascii=False))
        case "codequality":
            typer.echo(json.dumps(check_report.code_quality(report), ensure_ascii=False))
        case "sarif":
            typer.echo(json.dumps(check_report.sarif(report), ensure_ascii=False))
        case "annotations":
            for line in check_report.workflow_commands(report):
                typer.echo(visible(line))
        case _:
            for line in check_report.lines(report):
                typer.echo(visible(line))
