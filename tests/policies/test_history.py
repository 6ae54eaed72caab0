"""Everything that can happen has a sentence of its own on the page of a change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from policies.facts import (
    AskRefused,
    AskUnlisted,
    ConflictChanged,
    Fact,
    PeopleChanged,
    RepositoryAsked,
    ReviewAsked,
    SlotsChosen,
    happened,
)
from policies.words.history import what, who

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEEDED: dict[type[Fact], dict[str, Any]] = {
    RepositoryAsked: {"source": "12:1", "verb": "recheck"},
    AskUnlisted: {"people": ("ben",)},
}


KINDS = [
    each
    for each in vars(happened).values()
    if isinstance(each, type) and issubclass(each, Fact) and each is not Fact
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_fact_is_told(kind: type[Fact]) -> None:
    fact = kind(at=NOON, by="ana", **NEEDED.get(kind, {}))
    assert who(fact) in ("ana", "Usher", "the forge")
    assert what(fact)


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (ReviewAsked(at=NOON, by="usher[bot]", who="ben", by_usher=True), ("Usher", "asked ben")),
        (ReviewAsked(at=NOON, by="ana", team="shop/pay"), ("ana", "asked shop/pay")),
        (AskRefused(at=NOON, who="ben", reason="no access"), ("Usher", "could not ask ben: no access")),
        (ConflictChanged(at=NOON, on=False), ("the forge", "found that it conflicts no longer")),
        (PeopleChanged(at=NOON, team="shop/pay"), ("somebody", "changed who is in shop/pay")),
        (PeopleChanged(at=NOON, who="ben"), ("somebody", "changed what ben may do")),
        (SlotsChosen(at=NOON, guard="it touches 300 files"), ("Usher", "asked nobody: it touches 300 files")),
    ],
)  # fmt: skip
def test_told(fact: Fact, said: tuple[str, str]) -> None:
    assert (who(fact), what(fact)) == said
