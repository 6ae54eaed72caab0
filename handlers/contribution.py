"""One check for all that keeps others from contributing: a change hears what it brings and what it mends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from handlers.guidelines import Look, look_at
from handlers.situation import Reads, Situation
from policies.actions import Action, Annotation, SetCheck
from policies.exceptions import Accepted
from policies.facts import CommandGiven
from policies.findings import Conclusion, Finding, at_least, conclusion, new
from policies.guidelines import builds, docs_hints, places
from policies.rules import Guidelines
from policies.text import checked
from policies.words import contribution as words
from policies.words.owners import OWNERS_FILE_REMOVED

CHECK = "usher/contribution"

LOOK_AGAIN = timedelta(hours=1)
"""How long the verdict on a commit stands; what was learned of its owners is kept as long."""


async def contribution_check(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Where an open change touches guides, owners or how things are built, set a check on its newest commit."""
    change, rules = situation.change, situation.rulebook.rules.guidelines
    touched, dialect = situation.touched.paths, reads.forge.dialect
    built = any(builds.is_build_file(path) for path in touched)
    concerned = built or any(places.concerns(path, dialect) for path in touched)
    hints = docs_hints(touched, situation.rulebook.rules.docs_map)
    if not (situation.is_open and rules.check and (concerned or hints)) or _is_judged(situation):
        return ()
    head, base = await look_at(
        change.repository,
        (change.head_sha, change.base_sha),
        situation.rulebook,
        reads,
        situation.now,
        accepted=await reads.findings.exceptions(),
    )
    count = {*head.inspection.files, *base.inspection.files}
    if not (built or hints or count & set(touched)):
        return ()  # a file of such a name that the forge does not use
    return (_verdict(situation, head, base, hints),)


def rows(findings: Iterable[Finding]) -> tuple[words.Ailment, ...]:
    """Findings as the rows of a table."""
    return tuple(words.Ailment(each.path, each.line, each.message, each.fix, each.id) for each in findings)


def excused(accepted: Iterable[Accepted]) -> tuple[words.Excused, ...]:
    """Accepted findings as they are shown."""
    return tuple(
        words.Excused(each.finding.message, each.exception.owner, each.exception.reason, each.exception.until)
        for each in accepted
    )


def branch_verdict(tip: str, look: Look) -> SetCheck:
    """The check on the default branch: it says what is there, and never fails."""
    found = at_least(look.findings, "low")
    return SetCheck(
        name=CHECK,
        head=tip,
        conclusion="neutral" if at_least(found, "medium") else "success",
        title=words.branch_title(len(found)),
        summary=checked(words.branch_summary(rows(found), excused(look.accepted), look.notes)),
    )


def _is_judged(situation: Situation) -> bool:
    """Whether this commit has a verdict that still stands: nobody accepted anything since."""
    key = f"{situation.change.subject}|check|{CHECK}|{situation.change.head_sha}"
    said = [
        datetime.fromisoformat(each.payload["at"])
        for each in situation.effects
        if each.key == key and each.state in ("done", "skipped")
    ]
    accepted = [fact.at for fact in situation.facts(CommandGiven) if fact.verb == "ignore"]
    since = max(accepted, default=None)
    return any(situation.now - at < LOOK_AGAIN and (since is None or at > since) for at in said)


def _verdict(situation: Situation, head: Look, base: Look, hints: Sequence[Finding]) -> SetCheck:
    rules = situation.rulebook.rules
    brought = at_least(new(head.findings, base.findings), "low")
    mended = at_least(new(_everything(base), _everything(head)), "low")
    removed = head.owners is None and base.owners is not None
    notes = (*head.notes, *((OWNERS_FILE_REMOVED,) if removed else ()))
    shown = (*brought, *hints)
    said = words.Compared(
        brought=rows(shown),
        mended=rows(mended),
        before=len(at_least(head.findings, "low")) - len(brought),
        excused=excused(head.accepted),
        notes=notes,
        command=rules.commands.prefix,
    )
    found: Conclusion = conclusion(brought, rules.guidelines.fail_on)
    if found == "success" and (hints or removed):
        found = "neutral"
    return SetCheck(
        name=CHECK,
        head=situation.change.head_sha,
        conclusion=found,
        title=words.check_title(len(shown), len(mended)),
        summary=checked(words.check_summary(said)),
        annotations=tuple(_annotation(each, rules.guidelines) for each in shown),
    )


def _everything(look: Look) -> tuple[Finding, ...]:
    """What is accepted too: to accept something is not to mend it."""
    return (*look.findings, *(each.finding for each in look.accepted))


def _annotation(finding: Finding, rules: Guidelines) -> Annotation:
    level: Literal["notice", "warning", "failure"] = "notice" if finding.severity == "low" else "warning"
    if finding.kind != "docs_hint" and conclusion((finding,), rules.fail_on) == "failure":
        level = "failure"
    title = finding.kind.replace("_", " ").capitalize()
    return Annotation(finding.path, finding.line, level, title, f"{finding.message} {finding.fix}")
