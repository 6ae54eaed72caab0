"""`usher owners`: who owns these files, by which line, and what is wrong with the owners file."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer
from rich.console import Console
from rich.progress import track

from app.commands import owners_report
from app.commands.owners_report import Live, Report
from app.commands.owners_source import (
    OwnersContent,
    Source,
    SourceError,
    dialect_of,
    find,
    head,
    origin,
    source,
)
from app.terminal import visible
from policies.owners import Dialect, Explanation, Match, OwnersFile, Problem, parse
from policies.owners.coverage import coverage, matches_nothing
from policies.owners.differences import differs
from policies.owners.problems import merged
from policies.owners.shadows import shadowed

STEPS = 100_000_000
"""Steps for a portion of paths, twenty times what a webhook may cost, because somebody waits for the answer."""
_PORTION = 5_000
Item = TypeVar("Item")
_MANY = 20_000
_REPOSITORY: dict[Dialect, Callable[[str], object]] = {
    "github": re.compile(r"[\w.-]+/[\w.-]+", re.ASCII).fullmatch,
    "gitlab": re.compile(r"[\w.-]+(?:/[\w.-]+)+", re.ASCII).fullmatch,
}


class Exit(IntEnum):
    """The command's exit codes."""

    ANSWERED = 0
    FOUND_WANTING = 1
    USAGE = 2
    MISSING = 3
    REFUSED = 4
    NOT_LIVE = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be said besides the owners."""

    explain: bool
    check: bool
    unowned: bool
    stats: bool
    steps: int


def owners(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Paths from the root of the repository; one with a slash at its end is all files below it. "
            "Without any: every file.",
            show_default=False,
        ),
    ] = None,
    dialect: Annotated[
        Literal["github", "gitlab"] | None,
        typer.Option(help="Whose rules to follow; without it, those of the checkout's origin."),
    ] = None,
    file: Annotated[
        str | None, typer.Option(help="The owners file; without it, where the forge looks.")
    ] = None,
    ref: Annotated[str | None, typer.Option(help="Read file and tree at this commit, branch or tag.")] = None,
    directory: Annotated[Path, typer.Option("--directory", "-C", help="The repository.")] = Path(),
    stdin0: Annotated[
        bool, typer.Option("--stdin0", help="Read paths from standard input, NUL between.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why: every line that matches a path.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Look for doubtful lines too; errors exit with 1.")
    ] = False,
    require_owner: Annotated[
        bool, typer.Option("--require-owner", help="Exit with 1 if a path has no owner.")
    ] = False,
    unowned: Annotated[bool, typer.Option("--unowned", help="List only paths without an owner.")] = False,
    stats: Annotated[bool, typer.Option("--stats", help="Count the files of each owner.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the forge too: its own errors, and owners who cannot review.")
    ] = False,
    repository: Annotated[
        str | None,
        typer.Option(
            help="What --live asks about: OWNER/NAME, GROUP/PROJECT; without it, the checkout's origin."
        ),
    ] = None,
    steps: Annotated[int, typer.Option(help="Work that a lookup may cost before it is given up.")] = STEPS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say who owns files, by CODEOWNERS as GitHub or GitLab reads it.

    Exit codes: 0 answered; 1 --check found errors or --require-owner a path without owner; 2 usage; 3 no owners
    file; 4 the file is too large, binary, or costs too much; 5 --live failed, so the answer is the offline one.
    """
    wanted = Wanted(explain, check, unowned, stats, steps)
    try:
        read_from = source(directory, ref)
        spoken = dialect or dialect_of(directory) or _dialect_by_place(read_from)
        _check_usage(live, repository, spoken)
        found = _owners_file(read_from, spoken, directory, file, ref)
        asked = _asked(read_from, paths or [], stdin0=stdin0)
        report = _report(read_from, spoken, found, asked, wanted)
        if live:
            report = _with_live(report, found, directory, repository)
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.USAGE) from None
    _print(report, as_json=as_json)
    raise typer.Exit(_exit(report, check=check, require_owner=require_owner))


def _check_usage(live: bool, repository: str | None, dialect: Dialect) -> None:
    if repository is not None and not live:
        raise SourceError("--repository is for --live alone.")
    if repository is not None and not _REPOSITORY[dialect](repository):
        wanted = "OWNER/NAME" if dialect == "github" else "GROUP/PROJECT, with every group around it"
        raise SourceError(f"{repository} is not {wanted}.")


# --- What is asked ----------------------------------------------------------------------------------------


def _dialect_by_place(read_from: Source) -> Dialect:
    for dialect, folder in (("github", ".github"), ("gitlab", ".gitlab")):
        if read_from.read(f"{folder}/CODEOWNERS") is not None:
            return "github" if dialect == "github" else "gitlab"
    raise SourceError("Nothing here shows whose rules to follow: say --dialect github or --dialect gitlab.")


def _owners_file(
    read_from: Source, dialect: Dialect, directory: Path, named: str | None, ref: str | None
) -> OwnersContent | None:
    """The owners file; a named one is sought from the directory, or at a commit from the root."""
    if named is None:
        return find(read_from, dialect)
    if ref is not None:
        content = read_from.read(named)
    else:
        path = directory / named
        content = path.read_bytes() if path.is_file() else None
    return None if content is None else OwnersContent(named, content)


def _asked(read_from: Source, named: Sequence[str], *, stdin0: bool) -> list[str]:
    """The paths to look up, each once."""
    if stdin0:
        given = [os.fsdecode(path) for path in sys.stdin.buffer.read().split(b"\0") if path]
        named = [*named, *given]
    elif not named:
        return read_from.files()
    return list(dict.fromkeys(path for name in named for path in _expanded(read_from, name)))


def _expanded(read_from: Source, name: str) -> Iterator[str]:
    while name.startswith(("./", "/")):
        name = name.partition("/")[2]
    if name in ("", "."):
        yield from read_from.files()
    elif name.endswith("/"):
        yield from (path for path in read_from.files() if path.startswith(name))
    else:
        yield name


# --- What is found ----------------------------------------------------------------------------------------


def _report(
    read_from: Source, dialect: Dialect, found: OwnersContent | None, asked: list[str], wanted: Wanted
) -> Report:
    if found is None:
        answers = [(path, Match()) for path in asked]
        return Report(dialect, None, read_from.ref, None, "missing", answers, [])
    file = parse(found.content, dialect)
    matches = _matched(file, asked, wanted.steps)
    refused = next((match.refused for match in matches if match.refused), None)
    problems = [*file.problems, *(_doubts(file, read_from) if wanted.check else [])]
    if refused == "too_costly":
        problems.append(Problem(1, 1, "too_costly", "error", "Looking up these paths takes too many steps."))
    answers = list(zip(asked, matches, strict=True))
    if wanted.unowned:
        answers = [(path, match) for path, match in answers if not match.owners]
    return Report(
        *(dialect, found.path, read_from.ref, found.blob),
        "refused" if refused == "too_costly" else file.status,
        answers,
        sorted(problems, key=lambda problem: (problem.line, problem.column)),
        _explained(file, answers, wanted.steps) if wanted.explain else [],
        wanted.stats and not wanted.unowned,
        coverage(file, asked, steps=wanted.steps) if wanted.stats else None,
    )


def _matched(file: OwnersFile, paths: list[str], steps: int) -> list[Match]:
    """The answers, in portions; if one is refused all are, because half an answer names the wrong people."""
    portions = [paths[start : start + _PORTION] for start in range(0, len(paths), _PORTION)]
    matches: list[Match] = []
    for portion in _shown(portions, "Looking up owners", len(paths) >= _MANY):
        matches += file.match_all(portion, steps=steps)
        if matches[-1].refused:
            return [matches[-1]] * len(paths)
    return matches


def _explained(file: OwnersFile, answers: Sequence[tuple[str, Match]], steps: int) -> list[Explanation]:
    long = len(answers) * len(file.rules) >= _MANY
    return [file.explain(path, steps=steps) for path, _ in _shown(answers, "Explaining", long)]


def _shown(items: Sequence[Item], what: str, long: bool) -> Iterable[Item]:
    """The same items, with a progress bar for whoever waits at a terminal."""
    console = Console(stderr=True)
    return track(items, what, console=console, disable=not (long and console.is_terminal), transient=True)


def _doubts(file: OwnersFile, read_from: Source) -> list[Problem]:
    tree = read_from.files()
    return [*shadowed(file), *matches_nothing(file, tree), *differs(file, tree)]


def _with_live(
    report: Report, found: OwnersContent | None, directory: Path, repository: str | None
) -> Report:
    """The report with what only the forge knows, or with the reason why it does not tell."""
    from app.commands import owners_live  # offline, nobody waits for what only a client of a forge needs

    commit = report.ref or head(directory)
    try:
        told = owners_live.ask(report.dialect, repository, origin(directory), found, commit)
    except owners_live.NotAnswered as error:
        return replace(report, live=Live(None, failure=str(error)))
    problems = merged([*report.problems, *told.findings], told.errors)
    return replace(
        report, problems=problems, live=Live(told.repository, notes=told.notes), demand=told.demand
    )


# --- What is said -----------------------------------------------------------------------------------------


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(owners_report.as_json(report), ensure_ascii=False))
    else:
        typer.echo("".join(f"{visible(line)}\n" for line in owners_report.lines(report)), nl=False)
    if report.live is not None:
        for note in report.live.notes:
            typer.echo(note, err=True)
        if report.live.failure is not None:
            typer.echo(f"This is the offline answer alone. {report.live.failure}", err=True)


def _exit(report: Report, *, check: bool, require_owner: bool) -> Exit:
    if report.live is not None and report.live.failure is not None:
        return Exit.NOT_LIVE
    if report.status == "missing":
        return Exit.MISSING
    if report.status != "ok":
        return Exit.REFUSED
    wrong = check and any(problem.severity == "error" for problem in report.problems)
    lacking = require_owner and any(not match.owners for _, match in report.answers)
    return Exit.FOUND_WANTING if wrong or lacking else Exit.ANSWERED


def main() -> None:
    """Run this command alone."""
    typer.run(owners)


if __name__ == "__main__":
    main()
