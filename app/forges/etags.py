"""Answers kept with their ETags, so that asking again for what did not change is free.

GitHub counts no request against the hourly limit when it answers 304 ("Best practices for using the REST
API"), but an ETag holds only for the token that earned it: with another token the answer is sent whole
and counted. So each answer is kept with its token, and offered again only with that one.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from app.forges.http import Answer

Key = tuple[int, str, str]
"""Installation, URL and `Accept`: by the last a forge may answer one URL in several forms."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, what to send as `If-None-Match`, and the fingerprint of the token that earned it."""

    etag: str
    token: str
    answer: Answer

    @property
    def size(self) -> int:
        return len(self.answer.body) + 1024  # header fields and our own objects


class EtagCache:
    """The least recently used answers are dropped first; `largest` is the size of all, in bytes."""

    def __init__(self, largest: int = 64 * 1024 * 1024) -> None:
        self._largest = largest
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self.size = 0

    def of(self, key: Key, token: str) -> Kept | None:
        """The answer that this token got here before. `token` is its fingerprint."""
        kept = self._kept.get(key)
        if kept is None or kept.token != token:
            return None
        self._kept.move_to_end(key)
        return kept

    def keep(self, key: Key, token: str, answer: Answer) -> None:
        """Remember an answer that has an ETag and is not larger than an eighth of the cache."""
        etag = answer.headers.get("etag")
        self._drop(key)
        if etag is None or len(answer.body) > self._largest // 8:
            return
        kept = Kept(etag, token, replace(answer))  # the bytes alone, not what was read from them
        self._kept[key] = kept
        self.size += kept.size
        while self.size > self._largest:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.size -= kept.size
