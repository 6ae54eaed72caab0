"""Which GitLab this is: what its tier allows, and what its version does not do yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["free", "premium", "ultimate"]


@dataclass(frozen=True, slots=True)
class Edition:
    """A tier and a version (major, minor). Each property is one thing that Usher has to live with."""

    tier: Tier = "premium"
    version: tuple[int, int] = (19, 2)

    @property
    def paid(self) -> bool:
        """Premium or Ultimate: approvals can be required, and requested changes block."""
        return self.tier != "free"

    @property
    def several_reviewers(self) -> bool:
        """Free keeps the first (Merge request reviews, tiers)."""
        return self.paid

    @property
    def group_hooks(self) -> bool:
        """Group webhooks API: Premium."""
        return self.paid

    @property
    def reads_owners(self) -> bool:
        """Code Owners: Premium."""
        return self.paid

    @property
    def signs(self) -> bool:
        """Signing tokens of webhooks (GitLab MR 230944; about 19.0)."""
        return self.version >= (19, 0)

    @property
    def names_deliveries(self) -> bool:
        """`Idempotency-Key` (17.4)."""
        return self.version >= (17, 4)

    @property
    def resends(self) -> bool:
        """Events of a hook are listed (17.3) and sent again (17.4)."""
        return self.version >= (17, 4)

    @property
    def forgives_hooks(self) -> bool:
        """Failing hooks come back by themselves (GitLab MR 166329; 17.11)."""
        return self.version >= (17, 11)

    @property
    def tells_objections(self) -> bool:
        """Requesting changes sends an event (GitLab MR 246562; release unsure)."""
        return self.version >= (19, 2)

    @property
    def tells_asked_again(self) -> bool:
        """`re_requested` in the event (GitLab MR 205274; about 18.5)."""
        return self.version >= (18, 5)

    @property
    def tells_resets(self) -> bool:
        """Approvals that fall with a push send an event (18.6)."""
        return self.version >= (18, 6)

    @property
    def pairs_reviewers(self) -> bool:
        """Old versions write `changes.reviewers` as a list of two [k]."""
        return self.version < (16, 0)

    def __str__(self) -> str:
        return f"{self.version[0]}.{self.version[1]}.0{'-ee' if self.paid else ''}"
