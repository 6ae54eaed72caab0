"""The webhook payloads that GitHub's own examples show."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

GITHUB = Path(__file__).parent / "github.jsonl.gz"


@dataclass(frozen=True)
class Example:
    """One payload. `number` tells apart those of one event."""

    event: str
    number: int
    payload: dict[str, Any]

    @property
    def name(self) -> str:
        """`pull_request-opened-3`, to name a test by."""
        action = self.payload.get("action")
        return "-".join(str(piece) for piece in (self.event, action, self.number) if piece is not None)


@cache
def github_examples() -> tuple[Example, ...]:
    """All 329, in the package's order."""
    lines = gzip.decompress(GITHUB.read_bytes()).decode().rstrip("\n").split("\n")
    return tuple(
        Example(line["event"], number, line["payload"]) for number, line in enumerate(map(json.loads, lines))
    )
