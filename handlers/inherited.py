"""From where a repository inherits guides, and how its own files and theirs are read."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.guideline_files import Source
from handlers.ports import Conflict, Gone
from handlers.records import Rulebook
from handlers.situation import Reads
from policies.facts import RepositoryRef, Tree, same
from policies.guidelines.places import Defaults


@dataclass(frozen=True, slots=True)
class FilesAt:
    """Reads the files of a repository at one commit or branch."""

    repository: RepositoryRef
    at: str
    reads: Reads

    async def read(self, path: str) -> bytes | None:
        file = await self.reads.forge.file(self.repository, path, self.at)
        return None if file is None else file.content


async def tree_at(repository: RepositoryRef, at: str, reads: Reads) -> Tree:
    """Every file; none where nothing was pushed yet."""
    try:
        return await reads.forge.paths(repository, at)
    except (Gone, Conflict):
        return Tree()


async def sources_of(repository: RepositoryRef, rulebook: Rulebook, reads: Reads) -> tuple[Source, ...]:
    """The repositories from which this one inherits guides, in the order in which they are asked.

    On GitHub the organisation's `.github` comes first, whatever the rules name.
    """
    named: list[tuple[str, bool]] = []
    if reads.forge.dialect == "github":
        named.append((f"{repository.owner}/.github", False))
    if rulebook.rules.inherit.repository:
        named.append((rulebook.rules.inherit.repository, True))
    found = [
        await _source(name, by_usher, reads)
        for name, by_usher in named
        if same(name) != same(repository.name)
    ]
    return tuple(each for each in found if each is not None)


async def _source(name: str, by_usher: bool, reads: Reads) -> Source | None:
    there = await reads.forge.named(name)
    if there is None:
        return None
    tree = await tree_at(there.ref, there.default_branch, reads)
    return Source(Defaults(there.ref.name, tree, by_usher), FilesAt(there.ref, there.default_branch, reads))
