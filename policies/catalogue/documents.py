"""The documents that help a stranger along, where they are, and what a README speaks of."""

from __future__ import annotations

import re
from typing import Literal

from policies.catalogue.entry import DocumentFound
from policies.facts import Tree

KINDS = (
    "readme",
    "contributing",
    "support",
    "security",
    "code_of_conduct",
    "governance",
    "communication",
    "agents",
    "license",
)
"""In the order in which they are shown."""

_FOLDERS = {"github": (".github/", "", "docs/"), "gitlab": ("", "docs/", ".gitlab/")}
_NAMES = {"license": ("license", "licence", "copying", "unlicense")}
_HEADING = re.compile(r"^ {0,3}#{1,3} +(.+?) *#* *$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def documents(tree: Tree, dialect: Literal["github", "gitlab"]) -> tuple[DocumentFound, ...]:
    """Each document that the repository has itself, in the forge's order of folders, `.md` first."""
    by_name: dict[str, list[str]] = {}
    for path in tree.paths:
        folder, _, name = path.rpartition("/")
        if (f"{folder}/" if folder else "") in _FOLDERS[dialect]:
            stem = name.lower().partition(".")[0].replace("-", "_")
            by_name.setdefault(stem, []).append(path)
    found = []
    for kind in KINDS:
        folders = ("",) if kind in ("license", "readme") else _FOLDERS[dialect]
        paths = [path for stem in _NAMES.get(kind, (kind,)) for path in by_name.get(stem, ())]
        here = [path for folder in folders for path in _best(paths, folder)]
        found.append(DocumentFound(kind, "own", here[0]) if here else DocumentFound(kind, "absent"))
    return tuple(found)


def _best(paths: list[str], folder: str) -> list[str]:
    """Those in this very folder, Markdown first, then by their bytes."""
    inside = [path for path in paths if path.rpartition("/")[0] == folder.rstrip("/")]
    return sorted(inside, key=lambda path: (not path.lower().endswith(".md"), path.encode()))


def headings(readme: str) -> tuple[str, ...]:
    """The headings of a README in Markdown, without what stands in code; at most a hundred."""
    text = _FENCE.sub("", readme[:200_000])
    return tuple(match[:120] for match in _HEADING.findall(text)[:100])
