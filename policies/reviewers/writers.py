"""Who wrote part of a change: its commits' authors, and those whom a commit names beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from policies.facts import Commit, same
from policies.owners import Dialect

_HIDDEN = {
    "github": r"(?:\d+\+)?([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)",
    "gitlab": r"\d+-([a-z0-9_][\w.-]*)",
}
"""The name in the address that a forge gives to whoever hides their own: GitHub's "Setting your commit email
address", GitLab's "Use an automatically-generated private commit email"."""

_BESIDE = {
    dialect: re.compile(
        rf"^co-authored-by:[^<\n]*<{name}@users\.noreply\.[a-z0-9.-]+>[ \t\r]*$",
        re.IGNORECASE | re.MULTILINE | re.ASCII,
    )
    for dialect, name in _HIDDEN.items()
}


def writers(commits: Iterable[Commit], dialect: Dialect) -> tuple[str, ...]:
    """Their logins; who has only an address that is nobody's account here stays unknown."""
    found: dict[str, str] = {}
    for commit in commits:
        for login in filter(None, (commit.by, *_BESIDE[dialect].findall(commit.message))):
            found.setdefault(same(login), login)
    return tuple(found.values())
