"""What the forge itself finds wrong with a CODEOWNERS file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.forges.sandbox import git, rules
from app.forges.sandbox.git import Blob
from app.forges.sandbox.world import Repository, World

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")  # About code owners: the first one counts
SIZE_LIMIT = 3_000_000  # bytes; a larger file is not loaded (About code owners)

_OWNER = re.compile(r"@[\w-]+(/[\w.-]+)?|[^@\s]+@[^@\s]+")


def place(tree: Mapping[str, Blob]) -> str | None:
    """The path of the file that counts."""
    return next((path for path in PLACES if path in tree), None)


def errors(world: World, repository: Repository, path: str, text: str) -> list[dict[str, Any]]:
    """REST, List CODEOWNERS errors: invalid patterns, malformed and unknown owners, with line and column."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        for column, kind, told in _line_errors(world, repository, line):
            entry = {"line": number, "column": column, "kind": kind, "source": line, "path": path}
            pointer = f"{line}\n{' ' * (column - 1)}^"
            message = f"{kind} on line {number}: {told}\n\n  {pointer}"
            found.append({**entry, "suggestion": told, "message": message})
    return found


def _line_errors(world: World, repository: Repository, line: str) -> Iterator[tuple[int, str, str]]:
    """Column (from 1), kind and sentence of each error in one line."""
    body = line.partition(" #")[0].rstrip()
    if not body.strip() or body.lstrip().startswith("#"):
        return
    pieces = list(re.finditer(r"(?:\\.|\S)+", body))
    pattern = pieces[0]
    if pattern[0].startswith(("!", "[")) or "[" in pattern[0]:
        yield pattern.start() + 1, "Invalid pattern", "negation and character ranges are not supported"
        return
    for piece in pieces[1:]:
        name = piece[0]
        if not _OWNER.fullmatch(name):
            yield piece.start() + 1, "Invalid owner", f"{name} is neither a name nor an e-mail address"
        elif not _owns(world, repository, name):
            told = f"make sure {name} exists and has write access to the repository"
            yield piece.start() + 1, "Unknown owner", told


def _owns(world: World, repository: Repository, name: str) -> bool:
    """A person who may write, or a team that may and is visible (About code owners).

    An e-mail address is the one with which its account commits.
    """
    if not name.startswith("@"):
        login, _, place = name.partition("@")
        return place == git.MAIL_AT and world.account(login) is not None
    organisation, slash, slug = name[1:].partition("/")
    if slash:
        team = world.team(organisation, slug)
        if team is None or team.secret:
            return False
        return rules.at_least(rules.team_access(repository, team), "write")
    who = world.account(name[1:])
    return (
        who is not None
        and who.kind != "organisation"
        and rules.at_least(rules.access(repository, who), "write")
    )
