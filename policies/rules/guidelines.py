"""What a welcoming repository is expected to have, and from where it inherits the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from policies.rules.values import Count, Share

Governance = Literal["issues_welcome", "contributions_welcome", "shared_write", "shared_ownership"]


@dataclass(frozen=True, slots=True)
class Exempt:
    """A finding that somebody accepted, why, and until when (the day included)."""

    id: str
    owner: str
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class Guidelines:
    """How contribution guidelines are checked; `require` None: the standard list of sections."""

    check: bool = True
    fail_on: Literal["low", "medium", "high", "never"] = "medium"
    require: tuple[str, ...] | None = None
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    governance: Governance = "contributions_welcome"
    external_links: tuple[str, ...] = ()
    stale_months: Count = 12
    unowned_share: Share = 0.1
    tracking_issue: Literal["off", "high", "any"] = "high"
    fix_pr: Literal["off", "on_request"] = "on_request"
    exceptions: tuple[Exempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Inherit:
    """From which other repository files are inherited, where the forge does not do it."""

    repository: str | None = None
