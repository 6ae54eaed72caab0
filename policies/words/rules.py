"""What Usher says of a change of `usher.yml`: what cannot be used, and what would be otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies.text import code, counted, in_cell, sentence
from policies.typed_yaml import Problem

MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Value:
    """A value before and after; empty where there is none."""

    key: str
    before: str
    after: str


def rules_title(problems: int, values: int) -> str:
    """`1 line cannot be used`, or `3 values change`."""
    if problems:
        return f"{counted(problems, 'line')} cannot be used"
    return (
        f"{counted(values, 'value')} {'changes' if values == 1 else 'change'}"
        if values
        else "Nothing changes"
    )


def rules_summary(path: str, problems: Sequence[Problem], values: Sequence[Value], *, for_all: bool) -> str:
    """What the check says."""
    parts = []
    if problems:
        rows = [
            f"| {each.line:d} | {in_cell(_problem(each))} | {in_cell(sentence(each.fix))} |"
            for each in problems[:MOST_ROWS]
        ]
        table = ["| Line | What | What to write |", "| --: | :-- | :-- |", *rows, *_more(problems)]
        parts += [
            f"These lines of {code(path)} cannot be used. Merged as it is, each keeps its default, and the rest holds.",
            "\n".join(table),
        ]
    if values:
        rows = [
            f"| {in_cell(code(each.key))} | {_cell(each.before)} | {_cell(each.after)} |"
            for each in values[:MOST_ROWS]
        ]
        table = ["| Key | Now | Then |", "| :-- | :-- | :-- |", *rows, *_more(values)]
        parts += ["When this is merged:", "\n".join(table)]
    else:
        parts.append("No value changes with this.")
    if for_all:
        parts.append(
            "This file holds for every repository of the organisation that says nothing else; they follow within "
            "an hour of the merge."
        )
    return "\n\n".join(parts)


def _problem(problem: Problem) -> str:
    said = sentence(problem.message)
    return f"{code(problem.key)}: {said}" if problem.key else said


def _cell(text: str) -> str:
    return in_cell(code(text)) if text else "–"


def _more(rows: Sequence[object]) -> list[str]:
    return [f"| | and {len(rows) - MOST_ROWS} more | |"] if len(rows) > MOST_ROWS else []
