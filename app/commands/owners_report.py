"""How `usher owners` says what it found: as JSON for programs, as lines for people."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from policies.owners import Dialect, Explanation, Match, Problem, SectionMatch, Status
from policies.owners.approvals import Demand
from policies.owners.coverage import Coverage

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Live:
    """What came of asking the forge: its name for the repository, or in one sentence why it does not tell."""

    repository: str | None
    failure: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that one call of the command found."""

    dialect: Dialect
    file: str | None
    ref: str | None
    blob: str | None
    status: Status | str  # "missing" besides the statuses of a file
    answers: Sequence[tuple[str, Match]]
    problems: Sequence[Problem]
    explanations: Sequence[Explanation] = ()
    summary: bool = False  # people want numbers, not a line for each path
    stats: Coverage | None = None
    live: Live | None = None
    demand: Demand | None = None  # of the branch, where the forge told


# --- JSON -------------------------------------------------------------------------------------------------


def as_json(report: Report) -> dict[str, Any]:
    """The report by its published schema; what --explain, --stats and --live add stands in keys of its own."""
    explained = {explanation.path: explanation for explanation in report.explanations}
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "dialect": report.dialect,
        "file": report.file and readable(report.file),
        "ref": report.ref,
        "blob": report.blob,
        "status": report.status,
        "truncated": False,
        "paths": [_path(path, match, explained.get(path), report.demand) for path, match in report.answers],
        "errors": [_problem(problem) for problem in report.problems],
    }
    if report.stats is not None:
        told["stats"] = _stats(report.stats)
    if report.live is not None:
        told["live"] = asdict(report.live)
    return told


def _path(path: str, match: Match, explained: Explanation | None, demand: Demand | None) -> dict[str, Any]:
    told: dict[str, Any] = {"path": readable(path), "role": "new", **_answer(match, demand)}
    if not _is_text(path):
        told["path_bytes"] = base64.b64encode(os.fsencode(path)).decode()
    if explained is not None:
        told["explanation"] = _explanation(explained)
    return told


def _answer(match: Match, demand: Demand | None) -> dict[str, Any]:
    return {
        "matched": match.matched,
        "owners": [readable(owner) for owner in match.owners],
        "line": match.line,
        "text": match.text and readable(match.text),
        "optional": match.optional,
        "approvals": match.approvals,
        "sections": [_section(section, demand) for section in match.sections],
    }


def _section(section: SectionMatch, demand: Demand | None) -> dict[str, Any]:
    return {
        "name": readable(section.name),
        "owners": [readable(owner) for owner in section.owners],
        "line": section.line,
        "text": readable(section.text),
        "pattern": readable(section.pattern),
        "optional": section.optional,
        "declared": section.declared,
        "approvals": section.approvals,
        "effective": None if demand is None else demand.effective(section),
        "excluded": section.excluded,
    }


def _explanation(explained: Explanation) -> dict[str, Any]:
    return {
        "considered": [
            {
                "line": line.line,
                "text": readable(line.text),
                "pattern": readable(line.pattern),
                "owners": [readable(owner) for owner in line.owners],
                "section": line.section and readable(line.section),
                "outcome": line.outcome,
                "by": line.by,
                "kind": line.kind,
            }
            for line in explained.considered
        ],
        "near_misses": [
            {"line": miss.line, "text": readable(miss.text), "why": miss.why, "message": miss.message}
            for miss in explained.near_misses
        ],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "line": problem.line,
        "column": problem.column,
        "kind": problem.kind,
        "severity": problem.severity,
        "message": readable(problem.message),
        "suggestion": problem.suggestion and readable(problem.suggestion),
        "source": problem.source,
    }


def _stats(stats: Coverage) -> dict[str, Any]:
    return {
        "files": stats.files,
        "owned": stats.owned,
        "share": round(stats.share, 6),
        "owners": {readable(owner): files for owner, files in stats.owners.items()},
    }


# --- Lines ------------------------------------------------------------------------------------------------


def lines(report: Report) -> Iterator[str]:
    """The report for people: one line a path, then what is wrong with the file."""
    if report.status != "ok":
        yield _STATUS.get(report.status, report.status)
    explained = {explanation.path: explanation for explanation in report.explanations}
    for path, match in () if report.summary else report.answers:
        yield f"{readable(path)}: {_owners(match, report.demand)}"
        if path in explained:
            yield from _why(explained[path])
    for problem in report.problems:
        mend = f" Write: {problem.suggestion}" if problem.suggestion else ""
        where = f"{report.file}:{problem.line}:{problem.column}"
        yield readable(f"{where}: {problem.severity}: {problem.kind}: {problem.message}{mend}")
    if report.stats is not None:
        yield from _shares(report.stats)


_STATUS = {
    "missing": "There is no CODEOWNERS file, so nothing has an owner.",
    "too_large": "The CODEOWNERS file is too large; the forge ignores it, so nothing has an owner.",
    "binary": "The CODEOWNERS file is binary, so nothing has an owner.",
    "refused": "The CODEOWNERS file asks for more work than it is worth, so nobody is named.",
}


def _owners(match: Match, demand: Demand | None) -> str:
    if not match.sections:
        return " ".join(map(readable, match.owners)) or ("nobody, on purpose" if match.matched else "nobody")
    return "; ".join(_section_line(section, demand) for section in match.sections)


def _section_line(section: SectionMatch, demand: Demand | None) -> str:
    name = readable(section.name)
    if section.excluded:
        return f"[{name}] excluded"
    need = "optional" if section.optional else f"{section.approvals} to approve"
    if demand is not None and not section.optional and demand.effective(section) == 0:
        need += ", but GitLab waits for none"
    return f"[{name}] {' '.join(map(readable, section.owners)) or 'nobody'} ({need})"


def _why(explained: Explanation) -> Iterator[str]:
    for line in explained.considered:
        section = f"[{readable(line.section)}] " if line.section is not None else ""
        outcome = line.outcome if line.by is None else f"{line.outcome} by line {line.by}"
        outcome = f"{outcome}: {line.kind}" if line.kind else outcome
        yield f"  line {line.line}: {section}{readable(line.text)} – {outcome}"
    for miss in explained.near_misses:
        yield f"  line {miss.line}: {readable(miss.text)} – not matched. {miss.message}"
    if not explained.considered:
        yield "  no line matches"


def _shares(stats: Coverage) -> Iterator[str]:
    yield f"{stats.owned:,} of {stats.files:,} files have an owner ({stats.share:.1%})."
    width = max((len(f"{files:,}") for files in stats.owners.values()), default=1)
    for owner, files in stats.owners.items():
        yield f"{files:>{width},} {files / stats.files:7.1%}  {readable(owner)}"


# --- Bytes ------------------------------------------------------------------------------------------------


def readable(text: str) -> str:
    """`text` with U+FFFD where a byte is no UTF-8."""
    return text if _is_text(text) else os.fsencode(text).decode(errors="replace")


def _is_text(text: str) -> bool:
    return (
        text.isascii()
        or text.isprintable()
        or not any("\udc80" <= character <= "\udcff" for character in text)
    )
