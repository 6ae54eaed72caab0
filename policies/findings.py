"""Something to mend in a repository: what it is, where, how grave, and what makes it the same one elsewhere.

A finding is the same finding wherever its line moves, so that a change can be told which problems are new and
which it mends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.facts import same

Severity = Literal["info", "low", "medium", "high"]
Limit = Literal["low", "medium", "high", "never"]
Conclusion = Literal["success", "neutral", "failure"]

_ORDER: tuple[Severity, ...] = ("info", "low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `subject` is what of the file it is about (an owner, a pattern, a section, a link).

    Lines and columns count from 1.
    """

    kind: str
    severity: Severity
    path: str
    subject: str
    line: int
    column: int
    message: str
    fix: str

    @property
    def fingerprint(self) -> str:
        """What makes it the same finding elsewhere in the file, and in another version of it: not the line."""
        said = "\0".join((self.kind, self.path, same(self.subject)))
        return hashlib.sha256(said.encode(errors="surrogateescape")).hexdigest()

    @property
    def id(self) -> str:
        """What people call it by, as in `/usher ignore 1f0c9a2e`."""
        return self.fingerprint[:SHORT]


SHORT = 8
"""Digits of a fingerprint that tell the findings of one repository apart."""


def each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Every finding once, at its first place, in the order of the files' lines."""
    first: dict[str, Finding] = {}
    for each in sorted(findings, key=lambda finding: (finding.line, finding.column)):
        first.setdefault(each.fingerprint, each)
    return tuple(first.values())


def new(at_head: Sequence[Finding], at_base: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that a change brings; with the two exchanged, those that it mends."""
    before = {each.fingerprint for each in at_base}
    return tuple(each for each in at_head if each.fingerprint not in before)


def at_least(findings: Iterable[Finding], severity: Severity) -> tuple[Finding, ...]:
    """Those of this severity and above, the gravest first."""
    floor = _ORDER.index(severity)
    grave = [each for each in findings if _ORDER.index(each.severity) >= floor]
    return tuple(sorted(grave, key=lambda each: -_ORDER.index(each.severity)))


def conclusion(brought: Sequence[Finding], fail_on: Limit) -> Conclusion:
    """What a change that brings these findings comes to: old problems never count."""
    if fail_on != "never" and at_least(brought, fail_on):
        return "failure"
    return "neutral" if at_least(brought, "low") else "success"
