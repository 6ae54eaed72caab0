"""What is written is what is there: generated pages are fresh, commands are named, links lead somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import cli
from policies.facts import Tree
from policies.guidelines import Place, links, markdown
from tools.write_docs import DOCS, PAGES

ROOT = Path(__file__).parents[1]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
_OTHERS = {".venv", ".git", "node_modules"}
TREE = Tree(
    tuple(
        name
        for each in ROOT.rglob("*")
        if not _OTHERS & set((name := each.relative_to(ROOT).as_posix()).split("/"))
    )
)


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_as_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in get_command(cli).commands:  # type: ignore[attr-defined]
        assert f"`usher {name}" in readme, name


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(path: Path) -> None:
    """Files and headings both, by the rules that Usher checks other repositories with."""
    documents = {name(each): markdown.read(each.read_bytes()) for each in TEXTS}
    assert [each.link for each in links.broken(name(path), TREE, Place(), documents, "github")] == []


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_documents_build_as_a_site_and_every_page_is_in_it(tmp_path: Path) -> None:
    """Strict: a link or anchor that leads nowhere, and a page that the navigation forgot, are errors."""
    command = [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "--site-dir", tmp_path]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
