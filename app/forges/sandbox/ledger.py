"""What was called on the forge, by which token: the book that a judge compares with what should have been."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may do: whose it is, in which repositories (None: all), with which permissions."""

    kind: str  # "app" (a JWT), "installation", "user", "nobody"
    installation: int | None = None
    repositories: frozenset[int] | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; `path` as it was sent, percent-quoted, `at` in real time.

    `happened` is False where a fault came before the effect, `told` where the caller never heard the answer.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int
    answer: Any
    headers: Mapping[str, str]
    scope: Scope
    at: datetime
    happened: bool = True
    told: bool = True

    @property
    def is_write(self) -> bool:
        """Whether it changed the forge: minting a token does not, nor does what we ask in GraphQL."""
        reads = self.path.endswith(("/access_tokens", "/api/graphql"))
        return self.method not in ("GET", "HEAD") and not reads and self.happened and self.status < 300


@dataclass(slots=True)
class Ledger:
    exchanges: list[Exchange] = field(default_factory=list)

    def keep(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    @property
    def writes(self) -> list[Exchange]:
        """The calls that changed the forge, in order, those that nobody was told of included."""
        return [each for each in self.exchanges if each.is_write]

    def calls(self, method: str, ending: str = "") -> list[Exchange]:
        """The calls of one method whose path ends so."""
        return [each for each in self.exchanges if each.method == method and each.path.endswith(ending)]
