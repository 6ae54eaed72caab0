"""Who wrote part of a change: its commits' authors, and those whom a commit names beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from policies.facts import Commit, same

_BESIDE = re.compile(
    r"^co-authored-by:[^<\n]*<(?:\d+\+)?([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)@users\.noreply\.[a-z0-9.-]+>[ \t\r]*$",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
"""A co-author by the address that GitHub gives to whoever hides their own ("Setting your commit email address")."""


def writers(commits: Iterable[Commit]) -> tuple[str, ...]:
    """Their logins; who has only an address that is nobody's account here stays unknown."""
    found: dict[str, str] = {}
    for commit in commits:
        for login in filter(None, (commit.by, *_BESIDE.findall(commit.message))):
            found.setdefault(same(login), login)
    return tuple(found.values())
