"""Where the catalogue is kept, as the handler sees it: one repository's place on the shelf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from policies.catalogue.entry import Entry
from policies.catalogue.manifests import Manifest
from policies.catalogue.reading import Declared, MetadataProblem
from policies.guidelines.promises import Promise
from policies.insights.privacy import Terms
from policies.insights.wins import Month


@dataclass(frozen=True, slots=True)
class Shelved:
    """An entry with what candidates are found by. `copies` are the hashes of files that others may have copied.

    `promise` is what its guide promises; `scopes` are beginnings of package names that are the organisation's own.
    """

    entry: Entry
    requires: tuple[str, ...] = ()
    copies: frozenset[str] = frozenset()
    sole_owner: bool = False
    restricted: bool = False
    template: bool = False
    promise: Promise | None = None
    scopes: tuple[str, ...] = ()
    problems: tuple[MetadataProblem, ...] = ()


class Shelf(Protocol):
    async def declared(self) -> Declared | None:
        """What the repository last declared without a problem; None before the first time."""
        ...

    async def manifests(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Manifest]:
        """Those of these (blob, path) that were read before."""
        ...

    async def keep_manifests(self, found: Mapping[tuple[str, str], Manifest]) -> None: ...

    async def agree(self, terms: Terms) -> None:
        """Remember what the organisation's rules say about measuring."""
        ...

    async def won(self, year: int, month: int) -> Month:
        """What sharing won in a month, of what everybody may know who reads this repository."""
        ...

    async def keep(self, shelved: Shelved, now: datetime) -> None:
        """This is the repository's entry now."""
        ...
