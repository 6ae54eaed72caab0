"""Each threat that the documents name is answered by a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def named() -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)


def test_every_threat_names_a_test() -> None:
    table = PAGE.partition("| :-- | :-- | :-- |\n")[2].partition("\n\n")[0]
    rows = table.splitlines()
    assert len(rows) >= 15
    for row in rows:
        assert re.search(r"`tests/[\w/]+\.py::test_\w+`", row), row


def test_every_named_test_exists_and_is_not_skipped() -> None:
    for path, name in named():
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        found = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
        ]
        assert found, f"{path} has no {name}"
        assert "skip" not in "".join(ast.unparse(each) for each in found[0].decorator_list), name
