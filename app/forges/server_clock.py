"""What time it is at the forge: our own clock, shifted by the `Date` that its answers carry.

Tokens and limits are judged by the forge's clock, so a host whose clock is an hour off still works. An
answer says only the second, and is some time on its way: the reading is good to about a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime


class ServerClock:
    """The forge's clock as far as it is known; until the first answer it is ours."""

    def __init__(self, local: Callable[[], float] = time.time) -> None:
        self._local = local
        self.offset = 0.0
        """Seconds by which the forge is ahead of us."""

    def learn(self, headers: Mapping[str, str]) -> None:
        """Set the clock by an answer's `Date`; anything unreadable is passed over."""
        try:
            said = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            return
        self.offset = said + 0.5 - self._local()

    def now(self) -> float:
        """Seconds since 1970 by the forge's clock."""
        return self._local() + self.offset
