"""How many owners GitLab really makes a merge request wait for. Pure.

The number in a section's header counts only where the target branch is protected and demands that code owners
approve, and only while somebody named there may approve at all; else GitLab approves the rule by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.owners.answers import SectionMatch


@dataclass(frozen=True, slots=True)
class Demand:
    """What a branch demands of owners, and which of them may approve.

    `owners_approve` is None where the branch's protection cannot be read. `able` is by owner in lower case, as
    written; an owner who is not named there may or may not be.
    """

    owners_approve: bool | None
    able: Mapping[str, bool]

    def effective(self, section: SectionMatch) -> int | None:
        """The approvals that GitLab waits for in a section; None where that cannot be known."""
        able = [self.able.get(owner.casefold()) for owner in section.owners]
        nobody = all(each is False for each in able)
        if section.optional or section.excluded or nobody or self.owners_approve is False:
            return 0
        return section.approvals if self.owners_approve and True in able else None
