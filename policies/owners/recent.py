"""The owners files that were read lately, so that one blob is parsed once."""

from __future__ import annotations

from collections import OrderedDict

from policies.owners.answers import Dialect
from policies.owners.file import OwnersFile, parse


class RecentFiles:
    """Parsed files by dialect and blob; the one unused for longest goes first."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._files: OrderedDict[tuple[Dialect, str], OwnersFile] = OrderedDict()

    def parse(self, content: bytes, dialect: Dialect, blob: str) -> OwnersFile:
        """The same as `parse(content, dialect)`; `blob` names these bytes, as git's hash does."""
        key = (dialect, blob)
        file = self._files.get(key)
        if file is None:
            file = self._files[key] = parse(content, dialect)
        self._files.move_to_end(key)
        if len(self._files) > self._size:
            self._files.popitem(last=False)
        return file
