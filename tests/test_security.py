"""Each threat and each fault that the documents name is answered by a test or a chaos run that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.chaos import hostile, run

ROOT = Path(__file__).parents[1]
PAGES = {"security": 15, "reliability": 29}
"""Each page with a table of proofs, and how many rows it has at least."""

UNPROVEN = {
    "the forge takes 30 seconds for an account",
    "settling a subject hangs",
    "a rolling deployment",
    "a process is frozen for a while, and wakes",
}
"""Faults that the page admits not to have been shown yet. Whoever proves one takes it out here; none may come in."""

TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
RUN = re.compile(r"\brun ([A-Z])\b")


def rows(page: str) -> list[str]:
    text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
    table = text.partition("| Proven by |\n| :-- | :-- | :-- |\n")[2].partition("\n\n")[0]
    return table.splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_every_row_names_its_proof(page: str) -> None:
    found = rows(page)
    assert len(found) >= PAGES[page]
    unproven = {row.split("|")[1].strip() for row in found if "**not proven**" in row}
    assert unproven <= UNPROVEN
    for row in found:
        assert TEST.search(row) or RUN.search(row) or "**not proven**" in row, row


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_exists_and_is_not_skipped(page: str) -> None:
    named = {each for row in rows(page) for each in TEST.findall(row)}
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        found = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
        ]
        assert found, f"{path} has no {name}"
        assert "mark.skip" not in "".join(ast.unparse(each) for each in found[0].decorator_list), name


def test_every_named_run_exists() -> None:
    named = {letter for page in PAGES for row in rows(page) for letter in RUN.findall(row)}
    assert named <= {*run.RUNS, *run.OTHERS, hostile.LETTER}
