"""Everything that is known about one issue while it is settled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from handlers.origin import Household
from handlers.records import Effect, Rulebook
from policies.clocks import State, Terms, fold_issue
from policies.facts import Fact, Issue, RepositoryRef, Subject, in_order

T = TypeVar("T", bound=Fact)


@dataclass(frozen=True, slots=True)
class IssueSituation:
    """An issue as it is now, what happened to it, what holds for it, and what Usher said about it."""

    issue: Issue
    rulebook: Rulebook
    household: Household
    log: tuple[Fact, ...]
    terms: Terms
    now: datetime
    effects: tuple[Effect, ...] = ()
    state: State = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", fold_issue(self.log, self.terms, self.now))

    def knowing(self, facts: Iterable[Fact]) -> IssueSituation:
        """The same with more facts, and with the clocks that follow from them."""
        return replace(self, log=in_order([*self.log, *facts]))

    @property
    def subject(self) -> Subject:
        return self.issue.subject

    @property
    def repository(self) -> RepositoryRef:
        return self.issue.repository

    def facts(self, kind: type[T]) -> tuple[T, ...]:
        """The facts of one kind, in the order in which they happened."""
        return tuple(each for each in self.log if isinstance(each, kind))
