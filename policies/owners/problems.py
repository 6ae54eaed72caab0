"""What the forge reports about an owners file and what Usher found, told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from policies.owners.answers import Problem


def merged(own: Iterable[Problem], forge: Iterable[Problem]) -> list[Problem]:
    """Both lists as one, sorted by place; what both have under the same line and kind is the forge's.

    The forge's problem keeps Usher's column and suggestion where the forge has none (GitLab gives only a line).
    Kinds that Usher does not know pass through.
    """
    found = {(problem.line, problem.kind): problem for problem in own}
    for problem in forge:
        known = found.get((problem.line, problem.kind))
        found[problem.line, problem.kind] = _completed(problem, known) if known else problem
    return sorted(found.values(), key=lambda problem: (problem.line, problem.column, problem.kind))


def _completed(problem: Problem, known: Problem) -> Problem:
    return replace(
        problem,
        column=problem.column if problem.column > 1 else known.column,
        suggestion=problem.suggestion or known.suggestion,
    )
