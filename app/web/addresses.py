"""What an address may name at all: nothing that the database could not even look for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request

Number = Annotated[int, Path(ge=0, le=2**63 - 1)]
"""A number of ours or of a forge's in a path, as large as the database keeps them; a larger one is 404."""


def can_exist(request: Request) -> bool:
    """Whether this path holds no NUL, which no text in the database holds either. What is searched for is cleaned."""
    return "\0" not in request.url.path
