"""Reading a forge's JSON without trusting its shape.

Any object may be null or absent (a deleted person, a deleted fork) and any value of another type than
documented. A path that leads nowhere gives the empty value of its type, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_LARGEST = 2**63 - 1


def dig(data: object, path: str) -> Any:
    """The value at a dotted path (`pull_request.user.login`), None where any step is missing or null."""
    for step in path.split("."):
        if not isinstance(data, Mapping):
            return None
        data = data.get(step)
    return data


def text(data: object, path: str) -> str:
    """The text at a path, without what no database keeps (NUL, half surrogates); else empty."""
    value = dig(data, path)
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def number(data: object, path: str) -> int | None:
    """The whole number at a path, if it is one that fits 63 bits."""
    value = dig(data, path)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        return None
    return value


def flag(data: object, path: str) -> bool:
    """Whether the value at a path is `true`."""
    return dig(data, path) is True


def objects(data: object, path: str = "") -> tuple[Mapping[str, Any], ...]:
    """The objects of the list at a path (or of `data` itself); other items are passed over."""
    value = dig(data, path) if path else data
    if not isinstance(value, list | tuple):
        return ()
    return tuple(item for item in value if isinstance(item, Mapping))


def texts(data: object, path: str) -> tuple[str, ...]:
    """The texts of the list at a path."""
    value = dig(data, path)
    if not isinstance(value, list | tuple):
        return ()
    return tuple(item for item in value if isinstance(item, str))


def time(data: object, path: str) -> datetime | None:
    """The instant at a path, in UTC: RFC 3339, `2017-09-15 16:50:55 UTC`, or seconds since 1970."""
    value = dig(data, path)
    try:
        if isinstance(value, str):
            when = datetime.fromisoformat(value.strip().replace(" UTC", "+00:00"))
            return (when.replace(tzinfo=UTC) if when.tzinfo is None else when).astimezone(UTC)
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
