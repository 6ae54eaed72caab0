"""Who could stand in for an owner who can review no more: whoever reviewed those files lately, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policies.facts import same
from policies.findings import Finding
from policies.owners import OwnersFile
from policies.words import drafts as words

STALE = ("owner_left", "owner_unknown", "owner_no_write", "team_unusable")
MOST = 2
"""So many successors are named for one who is gone; each is a person who will be asked."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What somebody reviewed in the last 180 days, one entry for each change: the files that it touched."""

    person: str
    changes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Succession:
    """One line of the owners file as it would be: who goes, who comes, and by how many reviews."""

    line: int
    before: str
    after: str
    said: str


def successions(
    file: OwnersFile, findings: Iterable[Finding], reviews: Sequence[Reviewed], may_own: frozenset[str]
) -> tuple[Succession, ...]:
    """For each line with owners who are gone: the line without them, and with at most two who reviewed its files.

    `may_own` are the people who can write here, as `same()` compares them. A line for which nobody reviewed
    anything keeps its owners, and no line is left without one.
    """
    gone: dict[int, set[str]] = {}
    for each in findings:
        if each.kind in STALE:
            gone.setdefault(each.line, set()).add(same(each.subject))
    # The finding stands at the first line that names an owner; every line that does is meant.
    everywhere = {name for names in gone.values() for name in names}
    found = []
    for rule in file.rules:
        leaving = [owner for owner in rule.owners if same(owner) in everywhere]
        if rule.excludes or not leaving:
            continue
        counts = _counts(rule.line, file, reviews)
        staying = {same(owner.removeprefix("@")) for owner in rule.owners}
        best = sorted(
            (each for each in counts if same(each) in may_own and same(each) not in staying),
            key=lambda person: (-counts[person], same(person)),
        )[:MOST]
        if not best:
            continue
        text = rule.text
        for owner in leaving[1:]:
            text = text.replace(f" {owner}", "", 1)
        named = [f"@{person}" for person in best]
        text = text.replace(leaving[0], " ".join(named), 1)
        said = words.successor(leaving[0], named, rule.pattern, sum(counts[person] for person in best))
        found.append(Succession(rule.line, rule.text, text, said))
    return tuple(found)


def written(content: str, lines: Sequence[Succession]) -> str:
    """The owners file with these lines; who was there before is named in a comment above."""
    rows = content.split("\n")
    for each in sorted(lines, key=lambda line: -line.line):
        old = rows[each.line - 1]
        indent = old[: len(old) - len(old.lstrip())]
        rows[each.line - 1] = old.replace(each.before.strip(), each.after.strip(), 1)
        rows.insert(each.line - 1, f"{indent}# emeritus: {_gone(each)}")
    return "\n".join(rows)


def _gone(line: Succession) -> str:
    after = line.after.split()
    return " ".join(
        word for word in line.before.split()[1:] if word not in after and not word.startswith("#")
    )


def _counts(line: int, file: OwnersFile, reviews: Sequence[Reviewed]) -> Mapping[str, int]:
    """How many reviewed changes of each person touched a file for which this line decides."""
    paths = sorted({path for each in reviews for change in each.changes for path in change})
    theirs = {
        path
        for path, match in zip(paths, file.match_all(paths), strict=True)
        if line == match.line or any(section.line == line for section in match.sections)
    }
    counts = {each.person: sum(bool(theirs & set(change)) for change in each.changes) for each in reviews}
    return {person: count for person, count in counts.items() if count}
