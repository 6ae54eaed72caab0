"""Reads what the guideline check looks at: the files that count as the forge decides it, and what they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from policies.facts import Tree
from policies.guidelines import Files, Place, anchored, builds, places, to_follow, to_read
from policies.guidelines.places import Defaults, Found, Kind
from policies.owners import Dialect

MOST_FILES = 60
"""So many files of one repository are read for a look at its guidelines."""


class Reader(Protocol):
    """Reads the files of one repository at one commit."""

    async def read(self, path: str) -> bytes | None:
        """The file's bytes; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """Another repository from which files are inherited, and how to read it."""

    defaults: Defaults
    reader: Reader


def find(dialect: Dialect, tree: Tree, sources: Sequence[Source] = ()) -> dict[Kind, Found]:
    """The file of each kind that counts."""
    defaults = [each.defaults for each in sources]
    return {kind: places.find(kind, dialect, tree, defaults) for kind in places.KINDS}


async def collect(
    reader: Reader, dialect: Dialect, tree: Tree, place: Place, sources: Sequence[Source] = ()
) -> Files:
    """Everything that `policies.guidelines.inspect` needs of the files."""
    found = find(dialect, tree, sources)
    contents: dict[str, bytes] = {}
    wanted = dict.fromkeys((*to_read(found), *builds.worth_reading(tree)))
    await _read(reader, list(wanted), contents)
    guide = await _guide(found["contributing"], contents, sources)
    linked = None
    if guide is not None and found["contributing"].own:
        path = to_follow(guide, found["contributing"].path, tree, place)
        if path is not None:
            await _read(reader, [path], contents)
            linked = (path, contents[path]) if path in contents else None
    await _read(reader, sorted(anchored(contents, place, tree)), contents)
    return Files(found, contents, guide, linked)


async def _guide(found: Found, contents: Mapping[str, bytes], sources: Sequence[Source]) -> bytes | None:
    if found.own:
        return contents.get(found.path)
    for each in sources:
        if found.repository and each.defaults.repository == found.repository:
            return await each.reader.read(found.path)
    return None


async def _read(reader: Reader, paths: Sequence[str], contents: dict[str, bytes]) -> None:
    for path in paths[: MOST_FILES - len(contents)]:
        if path not in contents:
            content = await reader.read(path)
            if content is not None:
                contents[path] = content
