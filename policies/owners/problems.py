"""What the forge reports about an owners file and what Usher found, told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from policies.owners.answers import Problem


def merged(own: Iterable[Problem], forge: Iterable[Problem]) -> list[Problem]:
    """Both lists as one, sorted by place; what both have under the same line and kind is the forge's.

    The forge's problem keeps Usher's column and suggestion where the forge has none (GitLab gives only a line).
    Kinds that Usher does not know pass through, and so do several of one kind in a line: two unknown owners.
    """
    own, forge = list(own), list(dict.fromkeys(forge))
    known: dict[tuple[int, str], Problem] = {}
    for problem in own:
        known.setdefault((problem.line, problem.kind), problem)
    told = {(problem.line, problem.kind) for problem in forge}
    found = [problem for problem in own if (problem.line, problem.kind) not in told]
    for problem in forge:
        ours = known.get((problem.line, problem.kind))
        found.append(_completed(problem, ours) if ours else problem)
    return sorted(found, key=lambda problem: (problem.line, problem.column, problem.kind))


def carried_over(problems: Iterable[Problem], theirs: bytes, ours: bytes) -> list[Problem]:
    """Problems in `theirs`, told of the lines of `ours` that read the same; those of other lines are left out.

    For files whose lines can be judged one by one, as GitHub's can.
    """
    places: dict[bytes, list[int]] = {}
    for number, line in enumerate(ours.split(b"\n"), 1):
        places.setdefault(line.rstrip(), []).append(number)
    lines = theirs.split(b"\n")
    return [
        replace(problem, line=number)
        for problem in problems
        if problem.line <= len(lines)
        for number in places.get(lines[problem.line - 1].rstrip(), ())
    ]


def _completed(problem: Problem, known: Problem) -> Problem:
    return replace(
        problem,
        column=problem.column if problem.column > 1 else known.column,
        suggestion=problem.suggestion or known.suggestion,
    )
