"""Which file counts, as each forge decides it, and whose it is: the repository's own, or inherited.

Names ignore case; where a directory has several, `.md` goes first and then the order of the bytes. Sources:
each forge's pages on default community health files, description templates and code owners.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.facts import Tree
from policies.guidelines.builds import is_build_file
from policies.owners import Dialect

Kind = Literal[
    "contributing", "support", "security", "code_of_conduct", "governance", "communication", "agents", "readme",
    "license", "codeowners", "issue_templates", "change_templates",
]  # fmt: skip
Provenance = Literal["own", "inherited", "linked", "absent"]

KINDS: tuple[Kind, ...] = (
    "contributing", "support", "security", "code_of_conduct", "governance", "communication", "agents", "readme",
    "license", "codeowners", "issue_templates", "change_templates",
)  # fmt: skip
GUIDANCE: tuple[Kind, ...] = (
    "contributing", "support", "security", "code_of_conduct", "governance", "communication", "agents", "readme",
)  # fmt: skip
"""The kinds that are text for people, in which links can break."""

_GITHUB: Sequence[str] = (".github", "", "docs")
_GITLAB: Sequence[str] = ("", "docs", ".gitlab")
_INHERITED_ON_GITHUB: frozenset[Kind] = frozenset(
    {
        "contributing",
        "support",
        "security",
        "code_of_conduct",
        "governance",
        "issue_templates",
        "change_templates",
    }
)
_INHERITED_BY_USHER: frozenset[Kind] = frozenset(
    {"contributing", "support", "security", "code_of_conduct", "governance"}
)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Another repository from which files are inherited; `by_usher`: not the forge, but our rules say so."""

    repository: str
    tree: Tree
    by_usher: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The file of one kind that counts. `paths` are all of a kind that has several (templates)."""

    kind: Kind
    provenance: Provenance = "absent"
    path: str = ""
    repository: str = ""
    by_usher: bool = False
    paths: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        return self.provenance == "own"


def find(kind: Kind, dialect: Dialect, own: Tree, defaults: Sequence[Defaults] = ()) -> Found:
    """The file or files of this kind that count; `defaults` in the order in which they are asked.

    The organisation's own defaults go before the repository that `inherit.repository` names.
    """
    here = _in(kind, dialect, own)
    if here:
        return Found(kind, "own", here[0], paths=here)
    if kind == "issue_templates" and dialect == "github" and _switches_off(own):
        return Found(kind)
    for each in defaults:
        inherits = _INHERITED_BY_USHER if each.by_usher else _INHERITED_ON_GITHUB
        if kind in inherits and (each.by_usher or dialect == "github"):
            there = _in(kind, dialect, each.tree)
            if there:
                return Found(kind, "inherited", there[0], each.repository, each.by_usher, there)
    return Found(kind)


def concerns(path: str, dialect: Dialect) -> bool:
    """Whether this path may be such a file, so that a change of it is worth a look."""
    only = Tree((path,))
    return any(_in(kind, dialect, only) for kind in KINDS)


def changes_guides(paths: Iterable[str], dialect: Dialect) -> bool:
    """Whether one of these paths may be such a file, or says how things are built."""
    return any(concerns(path, dialect) or is_build_file(path) for path in paths)


def _in(kind: Kind, dialect: Dialect, tree: Tree) -> tuple[str, ...]:
    """Every file of a kind that counts in this repository, the first one first; one where one counts."""
    match kind:
        case "issue_templates":
            return _issue_templates(dialect, tree)
        case "change_templates":
            return _change_templates(dialect, tree)
        case "codeowners":
            folders = _GITHUB if dialect == "github" else _GITLAB
            paths = (f"{folder}/CODEOWNERS".lstrip("/") for folder in folders)
            return tuple(path for path in paths if path in set(tree.paths))[:1]
        case _:
            return tuple(_named(kind, dialect, tree))[:1]


def _named(kind: Kind, dialect: Dialect, tree: Tree) -> Iterator[str]:
    wanted = _pattern(kind, dialect)
    for folder in _folders(kind, dialect):
        names = [path for path in _directly_in(folder, tree) if wanted.fullmatch(_name(path))]
        yield from sorted(
            names, key=lambda path: (not path.lower().endswith(".md"), path.encode(errors="replace"))
        )


def _pattern(kind: Kind, dialect: Dialect) -> re.Pattern[str]:
    if kind == "license":
        return re.compile(r"(?:licen[sc]e|unlicense|copying).*", re.IGNORECASE | re.DOTALL)
    if kind == "contributing" and dialect == "gitlab":
        return re.compile(r"contributing.*", re.IGNORECASE | re.DOTALL)
    return re.compile(rf"{kind}(?:\.[a-z0-9]+)?", re.IGNORECASE)


def _folders(kind: Kind, dialect: Dialect) -> Sequence[str]:
    if kind == "license":
        return ("",)
    if dialect == "github":
        return _GITHUB
    return _GITLAB if kind in ("support", "security", "code_of_conduct", "governance") else ("",)


def _directly_in(folder: str, tree: Tree) -> Iterable[str]:
    return (path for path in tree.paths if path.rpartition("/")[0] == folder)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


# --- Templates ------------------------------------------------------------------------------------------


def _issue_templates(dialect: Dialect, tree: Tree) -> tuple[str, ...]:
    if dialect == "gitlab":
        return _with_ending(".gitlab/issue_templates", (".md",), tree)
    listed = _with_ending(".github/issue_template", (".md", ".yml"), tree)
    forms = tuple(path for path in listed if _name(path).lower() != "config.yml")
    if forms:
        return forms
    legacy = [path for folder in _GITHUB for path in _directly_in(folder, tree)]
    return tuple(path for path in legacy if _name(path).lower() == "issue_template.md")[:1]


def _switches_off(tree: Tree) -> bool:
    """Whether this repository has any file in its own template directory, which ends inheriting."""
    return any(path.lower().startswith(".github/issue_template/") for path in tree.paths)


def _change_templates(dialect: Dialect, tree: Tree) -> tuple[str, ...]:
    if dialect == "gitlab":
        return _with_ending(".gitlab/merge_request_templates", (".md",), tree)
    found: list[str] = []
    for folder in ("", "docs", ".github"):
        here = sorted(_directly_in(folder, tree))
        found += [
            path for path in here if re.fullmatch(r"pull_request_template\.(?:md|txt)", _name(path).lower())
        ]
        found += _with_ending(f"{folder}/pull_request_template".lstrip("/"), (".md", ".txt"), tree)
    return tuple(found)


def _with_ending(folder: str, endings: tuple[str, ...], tree: Tree) -> tuple[str, ...]:
    """The files directly in a directory, whose name compares without case."""
    here = [path for path in tree.paths if path.rpartition("/")[0].lower() == folder]
    return tuple(sorted(path for path in here if path.lower().endswith(endings)))
