"""How `usher check` says what it found: for people, for programs, and for the forges' own ways to show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from policies.findings import Finding, Severity
from policies.guidelines import Inspection
from policies.guidelines.sections import Judged
from policies.owners import Dialect
from policies.words import guidelines as words

SCHEMA = 1

Format = Literal["text", "json", "annotations", "codequality", "sarif"]

_LEVEL: dict[Severity, str] = {"high": "error", "medium": "warning", "low": "notice", "info": "notice"}
_SARIF: dict[Severity, str] = {"high": "error", "medium": "warning", "low": "note", "info": "note"}
_QUALITY: dict[Severity, str] = {"high": "critical", "medium": "major", "low": "minor", "info": "info"}
_STATE = {"pass": "said", "weak": "half said", "fail": "missing"}


@dataclass(frozen=True, slots=True)
class Exempted:
    """A finding that somebody accepted, in their words."""

    finding: Finding
    owner: str
    reason: str
    until: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that one call of the command found; `failing` are the findings that make it fail."""

    directory: str
    dialect: Dialect
    inspection: Inspection
    findings: Sequence[Finding]
    failing: Sequence[Finding]
    exempted: Sequence[Exempted] = ()
    notes: Sequence[str] = ()
    required: Sequence[str] = ()


# --- For people -----------------------------------------------------------------------------------------


def lines(report: Report) -> Iterator[str]:
    """The report as it is read in a terminal: each problem with how to mend it, then a summary."""
    for each in report.findings:
        yield f"{each.path}:{each.line}: {each.severity}: {_plain(each.message)} [{each.kind} {each.id}]"
        yield f"    {_plain(each.fix)}"
    for exempt in report.exempted:
        yield (
            f"{exempt.finding.path}: accepted until {exempt.until} by {exempt.owner}: "
            f"{_plain(exempt.finding.message)} ({exempt.reason})"
        )
    yield from _guide(report)
    yield from report.notes
    count = len(report.findings)
    if not count:
        yield "All is well."
    else:
        failing = (
            f", {len(report.failing)} of them to be mended" if report.failing else ", none of them grave"
        )
        yield f"{count} {'thing' if count == 1 else 'things'} to mend{failing}."


def _guide(report: Report) -> Iterator[str]:
    guide = report.inspection.guide
    if guide.provenance == "absent":
        return
    whence = {
        "own": guide.path,
        "linked": f"{guide.path} (linked from the guideline)",
        "inherited": f"{guide.repository}/{guide.path} (inherited{' by Usher' if guide.by_usher else ''})",
    }[guide.provenance]
    yield f"Guideline: {whence}, {report.inspection.quality:.0%} of what a newcomer needs."
    for each in report.inspection.judged:
        if each.section in report.required or each.state != "fail":
            where = f" (line {each.line})" if each.state != "fail" else ""
            yield f"  {_STATE[each.state]:>9}  {words.section_name(each.section)}{where}"


def _plain(text: str) -> str:
    """Without the backticks that mark code in Markdown."""
    return text.replace("`", "'")


# --- For programs ---------------------------------------------------------------------------------------


def as_json(report: Report) -> dict[str, Any]:
    """The report by its published schema (`docs/schemas/check.schema.json`)."""
    guide = report.inspection.guide
    promise = report.inspection.promise
    failing = {each.fingerprint for each in report.failing}
    return {
        "schema": SCHEMA,
        "directory": report.directory,
        "dialect": report.dialect,
        "guide": {
            "provenance": guide.provenance,
            "path": guide.path or None,
            "repository": guide.repository or None,
            "by_usher": guide.by_usher,
        },
        "quality": round(report.inspection.quality, 4),
        "promise": promise
        and {
            "working_hours": None if promise.hours is None else round(float(promise.hours), 2),
            "line": promise.line,
            "text": promise.text,
        },
        "sections": [_section(each, report) for each in report.inspection.judged],
        "findings": [{**_finding(each), "fails": each.fingerprint in failing} for each in report.findings],
        "exempted": [
            {**_finding(each.finding), "owner": each.owner, "reason": each.reason, "until": each.until}
            for each in report.exempted
        ],
        "notes": list(report.notes),
        "failed": bool(report.failing),
    }


def _section(judged: Judged, report: Report) -> dict[str, Any]:
    return {
        "section": judged.section,
        "required": judged.section in report.required,
        "state": judged.state,
        "line": judged.line if judged.state != "fail" else None,
        "text": judged.text,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "fingerprint": finding.fingerprint,
        "kind": finding.kind,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "subject": finding.subject,
        "message": finding.message,
        "fix": finding.fix,
    }


# --- For the forges -------------------------------------------------------------------------------------


def workflow_commands(report: Report) -> Iterator[str]:
    """One workflow command for each finding, which GitHub shows at its line ("Workflow commands")."""
    for each in report.findings:
        level = "error" if each in report.failing else _LEVEL[each.severity].replace("error", "warning")
        title = _property(f"{each.kind} {each.id}")
        where = f"file={_property(each.path)},line={each.line},title={title}"
        yield f"::{level} {where}::{_data(f'{each.message} {each.fix}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def code_quality(report: Report) -> list[dict[str, Any]]:
    """A report that GitLab shows on a merge request ("Code Quality report format")."""
    return [
        {
            "description": f"{_plain(each.message)} {_plain(each.fix)}",
            "check_name": each.kind,
            "fingerprint": each.fingerprint,
            "severity": _QUALITY[each.severity],
            "location": {"path": each.path, "lines": {"begin": each.line}},
        }
        for each in report.findings
    ]


def sarif(report: Report) -> dict[str, Any]:
    """The findings in SARIF 2.1.0, which code scanning takes."""
    kinds = sorted({each.kind for each in report.findings})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "usher check", "rules": [{"id": kind} for kind in kinds]}},
                "results": [
                    {
                        "ruleId": each.kind,
                        "level": _SARIF[each.severity],
                        "message": {"text": f"{_plain(each.message)} {_plain(each.fix)}"},
                        "partialFingerprints": {"usher/v1": each.fingerprint},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": each.path},
                                    "region": {"startLine": each.line},
                                }
                            }
                        ],
                    }
                    for each in report.findings
                ],
            }
        ],
    }
