"""Whom the text after a pattern names, in each dialect.

GitHub takes each word as one owner or not at all. GitLab searches the whole text for names, roles and email
addresses, and passes over what is between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

_LOGIN_OR_TEAM = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9_.-]+)?").fullmatch
_EMAIL = re.compile(r"[^@,\s]+@[^@,\s.]+(?:\.[^@,\s.]+)+").fullmatch
_GLUED = re.compile(r"@[A-Za-z0-9][\w/.-]*(?:@[A-Za-z0-9][\w/.-]*)+", re.ASCII).fullmatch

LONG_WORD = 8_192
"""Characters; a longer word names nobody. The longest path that GitLab can have is shorter."""
_NAME_START = re.compile(r"(?<![\w@])@(?=[\w.])", re.ASCII).finditer
_PATH_PART = re.compile(r"[\w.][\w.-]{0,254}", re.ASCII).match
_ROLE = re.compile(r"@@(?:developer|maintainer|owner)s?", re.IGNORECASE).fullmatch
_UP_TO_A_WORD_CHARACTER = re.compile(r".*\w", re.ASCII | re.DOTALL).match
_LONGEST_LOCAL, _LONGEST_DOMAIN = 100, 255
_PARENTS = 20


def each_once(owners: Iterable[str]) -> tuple[str, ...]:
    """Owners in their order, each once; spellings compare without regard to case, the first is kept."""
    named = tuple(owners)
    if len(named) < 2:
        return named
    first: dict[str, str] = {}
    for owner in named:
        first.setdefault(owner.casefold(), owner)
    return tuple(first.values())


# --- GitHub -----------------------------------------------------------------------------------------------


def is_github_owner(word: str) -> bool:
    """Whether `word` is @login, @organisation/team or an email address with a dot in its domain."""
    return _LOGIN_OR_TEAM(word) is not None or _EMAIL(word) is not None


def is_glued(word: str) -> bool:
    """Whether `word` is several owners without a blank between them: `@a@b`."""
    return _GLUED(word) is not None and not is_github_owner(word)


# --- GitLab -----------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """What GitLab finds in one word. A word can hold several: in `@a@b` are `@a` and the address `a@b`."""

    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


NOTHING = Found()


def gitlab_word(word: str) -> Found:
    """The references in a word: `@user`, `@group/nested`, `@@role`, email addresses."""
    if "@" not in word or len(word) > LONG_WORD:
        return NOTHING
    return Found(tuple(_names(word)), (word,) if _ROLE(word) else (), tuple(_emails(word)))


def gitlab_owners(found: list[Found]) -> tuple[str, ...]:
    """The owners that the words of a line name, each once: first the names, then roles, then addresses."""
    if len(found) == 1 and len(found[0].names) == 1 and not found[0].emails:
        return found[0].names
    return each_once(owner for kind in range(3) for word in found for owner in word[kind])


def _names(word: str) -> Iterator[str]:
    end = 0
    for found in _NAME_START(word):
        if found.start() >= end:
            name = _full_path(word, found.end())
            if name:
                end = found.end() + len(name)
                yield "@" + name


def _full_path(word: str, start: int) -> str:
    """The longest user or group path at `start`; empty where there is none."""
    end = last = start
    for _ in range(_PARENTS + 1):
        part = _PATH_PART(word, end)
        name = _trimmed(part.group()) if part else ""
        if not name:
            break
        last = end + len(name)
        if part is None or last != part.end() or word[last : last + 1] != "/":
            break
        end = last + 1
    return word[start:last]


def _trimmed(part: str) -> str:
    """`part` without what a path cannot end with: dots, and of `.git` and `.atom` the last letter."""
    part = part.rstrip(".")
    return part[:-1] if part.endswith((".git", ".atom")) else part


def _emails(word: str) -> Iterator[str]:
    parts = word.split("@")
    taken = 0  # how much of the part before the next `@` belongs to the address before
    for local, domain in pairwise(parts):
        named = _UP_TO_A_WORD_CHARACTER(domain, 0, _LONGEST_DOMAIN) if len(local) > taken else None
        if named:
            yield f"{local[taken:][-_LONGEST_LOCAL:]}@{named.group()}"
        taken = named.end() if named else 0
