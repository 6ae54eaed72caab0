"""What a change says that it waits for: a line `Depends-on: #7` in its description."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from policies.facts import DependencyChanged, Fact

MOST = 10
"""So many are heeded of one change."""

_LINE = re.compile(r"^ {0,3}depends[- ]on:[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)
_REFERENCE = re.compile(r"(?<![\w/])[#!]\d{1,9}\b")


def named(body: str) -> tuple[str, ...]:
    """What a description names: issues and changes of the same repository, as `#7`; GitLab's changes as `!7`."""
    found = (reference for line in _LINE.findall(body) for reference in _REFERENCE.findall(line))
    return tuple(dict.fromkeys(found))[:MOST]


def open_now(log: tuple[Fact, ...]) -> frozenset[str]:
    """What the log says that is waited for."""
    waiting: set[str] = set()
    for fact in log:
        if isinstance(fact, DependencyChanged):
            (waiting.add if fact.open else waiting.discard)(fact.ref)
    return frozenset(waiting)


def noted(now: Iterable[str], log: tuple[Fact, ...], seen: datetime) -> tuple[Fact, ...]:
    """What is newly waited for, and what no longer is. `now`: what is named and open."""
    now = frozenset(now)
    before = open_now(log)
    after = log[-1].at if log else None
    changes = [*((ref, True) for ref in now - before), *((ref, False) for ref in before - now)]
    told = Counter(fact.ref for fact in log if isinstance(fact, DependencyChanged))
    return tuple(
        DependencyChanged(at=seen, after=after, ref=ref, open=on, number=told[ref])
        for ref, on in sorted(changes)
    )
