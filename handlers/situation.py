"""Everything that is known about one change while it is settled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, Self, TypeVar

from handlers.owning import Owning
from handlers.ports import Forge
from handlers.records import Directory, Effect, Findings, Records, Rulebook, Rulebooks
from policies.clocks import State, Terms, fold
from policies.facts import Change, Fact, RepositoryRef, Subject, Touched, in_order

T = TypeVar("T", bound=Fact)


class Scene(Protocol):
    """What a change and an issue have in common while they are settled."""

    @property
    def subject(self) -> Subject: ...
    @property
    def repository(self) -> RepositoryRef: ...
    @property
    def rulebook(self) -> Rulebook: ...
    @property
    def log(self) -> tuple[Fact, ...]: ...
    @property
    def terms(self) -> Terms: ...
    @property
    def state(self) -> State: ...
    @property
    def now(self) -> datetime: ...
    @property
    def effects(self) -> tuple[Effect, ...]: ...

    def facts(self, kind: type[T]) -> tuple[T, ...]:
        """The facts of one kind, in the order in which they happened."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What happened to something, what holds for it, and what Usher said about it."""

    rulebook: Rulebook
    log: tuple[Fact, ...]
    terms: Terms
    now: datetime
    effects: tuple[Effect, ...] = ()

    @property
    def zone(self) -> str:
        """The zone of the calendar that applies, in which pages name its times."""
        return self.rulebook.calendars["business"].zone if self.rulebook.calendars else "UTC"

    def knowing(self, facts: Iterable[Fact]) -> Self:
        """The same with more facts, and with the clocks that follow from them."""
        return replace(self, log=in_order([*self.log, *facts]))

    def facts(self, kind: type[T]) -> tuple[T, ...]:
        """The facts of one kind, in the order in which they happened."""
        return tuple(each for each in self.log if isinstance(each, kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation(Told):
    """A change as it is now, with all that is told of it."""

    change: Change
    touched: Touched
    areas: Owning
    state: State = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", fold(self.log, self.terms, self.now))

    @property
    def subject(self) -> Subject:
        return self.change.subject

    @property
    def repository(self) -> RepositoryRef:
        return self.change.repository

    @property
    def is_open(self) -> bool:
        return self.change.state == "open"


@dataclass(frozen=True, slots=True)
class Reads:
    """Where a handler may read more: the forge, people as last seen, and the store."""

    forge: Forge
    people: Directory
    records: Records
    findings: Findings
    rulebooks: Rulebooks
