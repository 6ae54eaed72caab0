"""Calls to a forge as they are counted, and the pieces of an address that are never sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.forges.http import Answer
from app.forges.json_values import objects
from handlers.ports import Refused


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the metrics count it. `operation` is the URL's template; `status` 0 is no answer.

    `cache`: `hit` (304), `miss`, `shared` (answered by an equal call that was under way), `-` for writes.
    """

    method: str
    operation: str
    status: int
    cache: str


Observer = Callable[[Call, float], None]


def refuse_odd(piece: object) -> None:
    """A path piece that would climb out of its place is never sent, quoted or not."""
    for part in piece if isinstance(piece, list | tuple) else (piece,):
        if isinstance(part, str) and (not part or {".", ".."} & set(part.split("/"))):
            raise Refused(f"an address cannot hold the piece {part!r}", "invalid name")


def items(answer: Answer, path: str = "") -> tuple[Mapping[str, Any], ...]:
    """The objects of a list answer, or of the list at `path` in it."""
    return objects(answer.json(), path)
