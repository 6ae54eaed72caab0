"""The owners file that a forge itself would use: the first of its places that holds one, read once at a commit."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable

from app.forges.remembered import Remembered
from policies.facts import File, RepositoryRef

Read = Callable[[RepositoryRef, str, str], Awaitable[File | None]]
"""Reads a path of a repository at a commit or branch."""

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


async def first_found(
    places: Iterable[str],
    repository: RepositoryRef,
    at: str,
    read: Read,
    kept: Remembered[tuple[int, str], File],
) -> File | None:
    """The file at the first of these places that has one; a branch moves, a commit never does, so that is kept."""
    key = (repository.id, at)
    known = kept.get(key)
    if known is not None:
        return known
    for path in places:
        found = await read(repository, path, at)
        if found is not None:
            if _COMMIT.fullmatch(at):
                kept.put(key, found)
            return found
    return None
