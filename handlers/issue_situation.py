"""Everything that is known about one issue while it is settled."""

from __future__ import annotations

from dataclasses import dataclass, field

from handlers.origin import Household
from handlers.situation import Told
from policies.clocks import State, fold_issue
from policies.facts import Issue, RepositoryRef, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSituation(Told):
    """An issue as it is now, with all that is told of it, and whose repository it is in."""

    issue: Issue
    household: Household
    state: State = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", fold_issue(self.log, self.terms, self.now))

    @property
    def subject(self) -> Subject:
        return self.issue.subject

    @property
    def repository(self) -> RepositoryRef:
        return self.issue.repository
