"""Lines that can never decide, because a later line covers all that they cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.owners.answers import Problem, Rule
from policies.owners.explain import meaning
from policies.owners.file import OwnersFile
from policies.owners.index import LastRule
from policies.owners.limits import EXPLAINING
from policies.owners.patterns import Pattern, Reach, literal_path
from policies.owners.segments import Meter, TooCostly


def shadowed(file: OwnersFile, *, steps: int = EXPLAINING) -> list[Problem]:
    """Lines that never decide, each with the line that does.

    Seen are later lines with the same meaning, and those that cover the whole directory that a pattern starts in.
    Empty where that is too costly to find out.
    """
    try:
        return sorted(_shadowed(file, Meter(steps)), key=lambda problem: problem.line)
    except TooCostly:
        return []


def _shadowed(file: OwnersFile, meter: Meter) -> Iterator[Problem]:
    for rules in _by_section(file).values():
        meanings = [meaning(rule.pattern, file.dialect) for rule in rules]
        index = LastRule()
        latest: dict[Pattern, int] = {}
        for number, meant in enumerate(meanings):
            if meant is not None:
                index.add(meant, number)
                latest[meant] = number
        for number, meant in enumerate(meanings):
            if meant is not None and not rules[number].excludes:
                by = max(latest[meant], _covering(meant, index, meanings, meter))
                if by > number:
                    yield _overruled(rules[number], rules[by])


def _by_section(file: OwnersFile) -> dict[str | None, list[Rule]]:
    """The rules of each section; its exclusions come last, because they win wherever they stand."""
    sections: dict[str | None, list[Rule]] = {}
    for rule in sorted(file.rules, key=lambda rule: rule.excludes):
        sections.setdefault(rule.section, []).append(rule)
    return sections


def _covering(meant: Pattern, index: LastRule, meanings: Sequence[Pattern | None], meter: Meter) -> int:
    """The latest rule that covers all that `meant` does, as far as one path or one directory shows it."""
    path = literal_path(meant.body)
    if path and meant.reach in (Reach.FILE, Reach.TREE):
        (last,) = index.find_all([path], meter)
        by = meanings[last]
        return -1 if by is None or (meant.reach is Reach.TREE and by.reach is Reach.DIRECT) else last
    return index.place(_starts_in(meant), meter).covered


def _starts_in(meant: Pattern) -> str:
    """The literal directory that holds all that the pattern covers; empty for the root."""
    leading = 0
    while leading < len(meant.body) and isinstance(meant.body[leading], str):
        leading += 1
    return literal_path(meant.body[:leading]) or ""


def _overruled(rule: Rule, by: Rule) -> Problem:
    message = f"This line never decides: line {by.line} (`{by.text[:60]}`) covers all of it."
    return Problem(rule.line, 1, "shadowed", "warning", message)
