"""What people typed into a form of ours, and no more than such a form takes."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

LARGEST, MOST_FIELDS = 64 * 1024, 50
"""Bytes; fields."""

_TOO_MUCH = "That is more than this form takes."


async def small_form(request: Request) -> Mapping[str, str]:
    """The fields of a form without the sign that no database keeps; 413 beyond what any form of ours needs."""
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > LARGEST:
            raise HTTPException(413, _TOO_MUCH)
    try:
        fields = parse_qsl(read.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(413, _TOO_MUCH) from None
    return {name: value.replace("\0", "") for name, value in fields}
