"""Owners kept healthy: a change that edits the owners file hears which problems it brings, and which it mends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from handlers.diagnosis import Diagnosis, diagnose
from handlers.situation import Reads, Situation
from policies.actions import Action, Annotation, SetCheck
from policies.findings import Finding, at_least, conclusion, new
from policies.rules import Guidelines
from policies.words import owners as words

CHECK = "usher/owners"
FILE_NAME = "CODEOWNERS"

LOOK_AGAIN = timedelta(hours=1)
"""How long the verdict on a commit stands; what was learned of its owners is kept as long."""


async def owner_check(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Where an open change touches the owners file that the forge uses, set a check on its newest commit."""
    change, rules = situation.change, situation.rulebook.rules.guidelines
    touched = {path for path in situation.touched.paths if path.rpartition("/")[2] == FILE_NAME}
    if not (touched and rules.check and situation.is_open) or _judged_lately(situation):
        return ()
    commits = (change.head_sha, change.base_sha)
    head, base = await diagnose(change.repository, commits, rules, reads, situation.now)
    if not touched & {each.path for each in (head, base) if each}:
        return ()
    if head is None:
        return (SetCheck(CHECK, change.head_sha, "neutral", "No owners file", words.OWNERS_FILE_REMOVED),)
    return (_verdict(change.head_sha, head, base.findings if base else (), rules),)


def rows(findings: Iterable[Finding]) -> tuple[words.Ailment, ...]:
    """Findings as the rows of a table."""
    return tuple(words.Ailment(each.line, each.message, each.fix) for each in findings)


def _judged_lately(situation: Situation) -> bool:
    key = f"{situation.change.subject}|check|{CHECK}|{situation.change.head_sha}"
    said = [each for each in situation.effects if each.key == key and each.state in ("done", "skipped")]
    return any(situation.now - datetime.fromisoformat(each.payload["at"]) < LOOK_AGAIN for each in said)


def _verdict(head_sha: str, head: Diagnosis, at_base: Sequence[Finding], rules: Guidelines) -> SetCheck:
    brought = at_least(new(head.findings, at_base), "low")
    mended = at_least(new(at_base, head.findings), "low")
    before = len(at_least(head.findings, "low")) - len(brought)
    return SetCheck(
        name=CHECK,
        head=head_sha,
        conclusion=conclusion(brought, rules.fail_on),
        title=words.owners_check_title(len(brought), len(mended)),
        summary=words.owners_check(head.path, rows(brought), rows(mended), before, head.notes),
        annotations=tuple(_annotation(each, rules) for each in brought),
    )


def _annotation(finding: Finding, rules: Guidelines) -> Annotation:
    level: Literal["notice", "warning", "failure"] = "notice" if finding.severity == "low" else "warning"
    if conclusion((finding,), rules.fail_on) == "failure":
        level = "failure"
    title = finding.kind.replace("_", " ").capitalize()
    return Annotation(finding.path, finding.line, level, title, f"{finding.message} {finding.fix}")
