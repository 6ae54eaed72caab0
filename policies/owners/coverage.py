"""How much of a repository has owners, and which lines of the file own nothing of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.owners.answers import Problem
from policies.owners.explain import meaning
from policies.owners.file import OwnersFile
from policies.owners.index import EveryRule
from policies.owners.limits import EXPLAINING
from policies.owners.segments import Meter, TooCostly


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who owns how much of a tree. `owners` maps each owner, as the file first spells it, to a number of files."""

    files: int
    owned: int
    unowned: tuple[str, ...]
    owners: dict[str, int]

    @property
    def share(self) -> float:
        """The share of files with an owner, 0 to 1; a tree without files is wholly owned."""
        return self.owned / self.files if self.files else 1.0


def coverage(file: OwnersFile, paths: Sequence[str], *, steps: int = EXPLAINING) -> Coverage:
    """Count the owned files among `paths`; where an answer is refused, its file has no owner."""
    matches = file.match_all(paths, steps=steps)
    first: dict[str, str] = {}
    for owner in (owner for rule in file.rules for owner in rule.owners):
        first.setdefault(owner.casefold(), owner)
    owners: Counter[str] = Counter()
    answers = {id(match): match for match in matches}  # paths with the same answer share it
    for answer, files in Counter(map(id, matches)).items():
        for owner in answers[answer].owners:
            owners[first[owner.casefold()]] += files
    most = dict(sorted(owners.items(), key=lambda item: (-item[1], item[0].casefold())))
    unowned = tuple(path for path, match in zip(paths, matches, strict=True) if not match.owners)
    return Coverage(len(paths), len(paths) - len(unowned), unowned, most)


def matches_nothing(file: OwnersFile, paths: Iterable[str], *, steps: int = EXPLAINING) -> list[Problem]:
    """The lines whose pattern fits none of `paths`, all files of the tree; empty where that is too costly."""
    rules = file.rules
    index = EveryRule()
    for number, rule in enumerate(rules):
        meant = meaning(rule.pattern, file.dialect)
        if meant is not None:
            index.add(meant, number)
    try:
        found = index.rules(
            {group for groups in set(index.find_all(paths, Meter(steps))) for group in groups}
        )
    except TooCostly:
        return []
    message = "No file of the repository matches this pattern."
    lines = sorted(rule.line for number, rule in enumerate(rules) if number not in found)
    return [Problem(line, 1, "matches_nothing", "warning", message) for line in lines]
