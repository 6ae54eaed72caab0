"""Which files the catalogue reads: a push that touches one of them is a reason to look again."""

from __future__ import annotations

from collections.abc import Iterable

from policies.catalogue.manifests import is_manifest
from policies.catalogue.reading import FILES

_GUIDES = (
    "readme",
    "contributing",
    "code_of_conduct",
    "support",
    "security",
    "governance",
    "license",
    "licence",
)
_FOLDERS = ("", ".github/", ".gitlab/", "docs/")


def changes_entry(paths: Iterable[str]) -> bool:
    """Whether one of these paths may change what the catalogue shows."""
    return any(_is_read(path) for path in paths)


def _is_read(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    in_place = (f"{folder}/" if folder else "") in _FOLDERS
    return path in FILES or is_manifest(path) or (in_place and name.lower().startswith(_GUIDES))
