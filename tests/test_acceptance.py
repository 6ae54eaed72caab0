"""Each thing that was asked of Usher names the test that shows it, and on which forges it is shown."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.handlers.only_github import why_not

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/acceptance.md").read_text(encoding="utf-8")

ASKED_FOR = {
    *("D1", "D2", "D3", "D4"),
    *("O1", "O2", "O3", "O4"),
    *("C1", "C2", "C3", "C4"),
    *("S1", "S2", "S3", "S4"),
    *("G1", "G2", "G3", "G4", "G5"),
    *("K1", "K2", "K3"),
}
MOST_NOT_BUILT = 6
"""How much the page admits not to be built. Whoever builds something lowers it; nothing may come in quietly."""

PROOF = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`(?: \((GitHub|GitLab)\))?")

BUILT, _, NOT_BUILT = PAGE.partition("## Not built")
ROWS = [
    line for line in BUILT.splitlines() if line.startswith("| ") and not line.startswith(("| What", "| :--"))
]
PROOFS = sorted({proof for row in ROWS for proof in PROOF.findall(row)})


def test_everything_that_was_asked_for_has_a_row() -> None:
    assert {found[1] for row in ROWS if (found := re.match(r"\| \*\*(\w\d)\*\*", row))} == ASKED_FOR


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_every_row_names_a_proof_on_each_forge(row: str) -> None:
    name = row.split("|")[1].strip()
    shown: set[str] = set()
    for path, _, only in PROOF.findall(row):
        if not path.startswith("tests/policies/"):  # a table of cases shows nothing of a forge
            shown |= {only} if only else {"GitHub", "GitLab"}
    assert shown == {"GitHub", "GitLab"}, name


@pytest.mark.parametrize(("path", "name", "only"), PROOFS, ids=[name for _, name, _ in PROOFS])
def test_every_proof_exists_and_runs_where_the_page_says(path: str, name: str, only: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    found = [node for node in ast.walk(tree) if isinstance(node, kinds) and node.name == name]
    assert found, f"{path} has no {name}"
    assert "mark.skip" not in "".join(ast.unparse(each) for each in found[0].decorator_list), name
    if path.startswith("tests/handlers/"):
        missing_on_gitlab = bool(why_not(Path(path).stem, name))
        assert missing_on_gitlab == (only == "GitHub"), f"the page must say where {name} is played"


def test_what_is_not_built_grows_no_longer() -> None:
    rows = [line for line in NOT_BUILT.splitlines() if line.startswith("| ")]
    assert len(rows) - 2 <= MOST_NOT_BUILT
