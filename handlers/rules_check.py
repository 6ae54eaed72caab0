"""Rules are tried before they hold: whoever edits `usher.yml` hears what cannot be used, and what would change."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.records import Rulebook
from handlers.situation import Reads, Situation
from policies.actions import Action, Annotation, SetCheck
from policies.rules import telling
from policies.text import checked
from policies.words import rules as words

CHECK = "usher/rules"


async def rules_check(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Where an open change touches the rules file, set a check on its newest commit."""
    change, path = situation.change, situation.rulebook.rules_path
    if not situation.is_open or path not in situation.touched.paths or _is_judged(situation):
        return ()
    head, base = [
        await reads.rulebooks.reading(change.repository, file.content if file else b"")
        for file in [
            await reads.forge.file(change.repository, path, at) for at in (change.head_sha, change.base_sha)
        ]
    ]
    return (_verdict(change.head_sha, path, head, base),)


def _is_judged(situation: Situation) -> bool:
    """Whether this commit has its verdict: a file at a commit never changes."""
    key = f"{situation.change.subject}|check|{CHECK}|{situation.change.head_sha}"
    return any(each.key == key and each.state in ("done", "skipped") for each in situation.effects)


def _verdict(head_sha: str, path: str, head: Rulebook, base: Rulebook) -> SetCheck:
    rows = tuple(
        words.Value(each.key, each.before, each.after) for each in telling.differences(base.rules, head.rules)
    )
    annotations = tuple(
        Annotation(
            path, each.line, "failure", each.key or "usher.yml", f"{each.message}. {each.fix}".rstrip()
        )
        for each in head.problems
    )
    return SetCheck(
        name=CHECK,
        head=head_sha,
        conclusion="failure" if head.problems else "success",
        title=words.rules_title(len(head.problems), len(rows)),
        summary=checked(words.rules_summary(path, head.problems, rows, for_all=head.for_all)),
        annotations=annotations,
    )
