"""What a forge's answer must hold, since its description promises it: read, or the answer is of no use.

Everything here raises `Unavailable` where the forge left it out; what may be missing is read by `json_values`.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TypeVar

from app.forges.json_values import time
from handlers.ports import Unavailable

T = TypeVar("T")


def required(value: T | None, name: str) -> T:
    """The value that was read at `name`."""
    if value is None:
        raise Unavailable(f"the forge left out {name!r}, which its description promises")
    return value


def when(data: object, path: str) -> datetime:
    """The instant at a path, in UTC."""
    return required(time(data, path), path)


def decoded(content: str) -> bytes:
    """The bytes of a file that came as base64."""
    try:
        return base64.b64decode(content)
    except binascii.Error as error:
        raise Unavailable(f"the forge sent a file that is not base64: {error}") from error
