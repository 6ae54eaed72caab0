"""Answers that the caller has already (Best practices: conditional requests)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def etag(credentials: str, content: bytes) -> str:
    """The mark of an answer. It holds for the credentials that earned it, and for no others."""
    return f'W/"{hashlib.sha256(credentials.encode() + b"|" + content).hexdigest()}"'


def has_already(asked: Mapping[str, str], mark: str, modified: str | None) -> bool:
    """Whether the caller's conditions are met; by mark where it names one, else by time of change."""
    known = asked.get("if-none-match")
    if known is not None:
        return mark in [each.strip() for each in known.split(",")]
    since = asked.get("if-modified-since")
    if since is None or modified is None:
        return False
    return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
