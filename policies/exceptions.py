"""Findings that somebody accepted for a time, with a reason: always shown, and back when the time is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from policies.facts import RepositoryAsked
from policies.findings import SHORT, Finding
from policies.rules import Exempt

LONGEST = timedelta(days=180)
"""Nothing is accepted for longer: whoever still wants it then says so again."""

UNDONE = "undone"
"""What is asked of a repository where somebody takes back what they asked before."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding and the exception that holds for it."""

    finding: Finding
    exception: Exempt


def apart(
    findings: Iterable[Finding], exceptions: Sequence[Exempt], today: date
) -> tuple[tuple[Finding, ...], tuple[Accepted, ...]]:
    """The findings that count, and those that are accepted today."""
    counting: list[Finding] = []
    accepted: list[Accepted] = []
    for finding in findings:
        holds = [each for each in exceptions if names(each.id, finding) and is_valid(each, today)]
        if holds:
            accepted.append(Accepted(finding, max(holds, key=lambda each: each.until)))
        else:
            counting.append(finding)
    return tuple(counting), tuple(accepted)


def undone(source: str) -> str:
    """What is taken back is known by what asked for it."""
    return f"{source}|{UNDONE}"


def given(asked: Iterable[RepositoryAsked]) -> tuple[Exempt, ...]:
    """The exceptions that people gave by `ignore ID until DATE because REASON`, in their order.

    One that its author took back holds no more.
    """
    asked = tuple(asked)
    taken_back = {each.source for each in asked if each.verb == UNDONE}
    return tuple(
        Exempt(each.words[0], each.by, " ".join(each.words[2:]), date.fromisoformat(each.words[1]))
        for each in asked
        if each.verb == "ignore" and undone(each.source) not in taken_back
    )


def names(id_: str, finding: Finding) -> bool:
    """Whether an exception is about this finding: by the first digits of its fingerprint, or by its kind.

    A kind alone accepts all of its findings; `kind:subject` one of them.
    """
    said = id_.casefold()
    if len(said) >= SHORT and finding.fingerprint.startswith(said):
        return True
    return said in (finding.kind.casefold(), f"{finding.kind}:{finding.subject}".casefold())


def is_valid(exception: Exempt, today: date) -> bool:
    """Whether it holds today. One that would hold for longer than `LONGEST` does not hold yet."""
    return today <= exception.until <= today + LONGEST
