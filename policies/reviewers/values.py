"""What a choice of reviewers starts from, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from policies.facts import Access

Reason = Literal[
    "author",
    "bot",
    "committer",
    "left",
    "no_access",
    "declined",
    "off_rotation",
    "away",
    "at_capacity",
]
"""Why somebody is not asked, in the order in which it is looked for; outsiders are told "unavailable"."""


@dataclass(frozen=True, slots=True)
class OwnersMatch:
    """One touched path and the rule that owns it. `people` are its owners with teams expanded.

    `need` is how many answers it wants; 0: optional, nobody is asked. `section` is GitLab's.
    """

    path: str
    owners: tuple[str, ...]  # as the file writes them
    people: tuple[str, ...]
    section: str = ""
    need: int = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """An area that needs answers: the touched files whose winning rule has one and the same owner set.

    `lead`: who is asked where nobody else can be, where the area has somebody of its own.
    """

    name: str
    people: tuple[str, ...]
    need: int = 1
    owners: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    lead: str | None = None


FALLBACK = "fallback"
"""The slot of the files that nobody owns, and of those whose only owner is the author."""


@dataclass(frozen=True, slots=True)
class Past:
    """Something a person once did to a file."""

    path: str
    at: datetime
    kind: Literal["review", "commit"] = "review"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be asked, as known now. `load` is how many turns they owe, on both forges.

    `direct`: their access is not only inherited, which GitLab requires of owners.
    `away`: away now or within one working day. `reviews_of_author`: how many, within `history`.
    """

    login: str
    access: Access = "write"
    direct: bool = True
    bot: bool = False
    left: bool = False
    away: bool = False
    load: int = 0
    past: tuple[Past, ...] = ()
    reviews_of_author: int = 0


@dataclass(frozen=True, slots=True)
class Occasion:
    """The change for which somebody is wanted, and who has to do with it already.

    `engaged`: earlier reviewers and people whom humans asked, who cover the slots they own.
    `asked_by_people` are the latter alone. `lead`: who is asked where nobody else can be.
    """

    repository: str
    number: int
    author: str
    at: datetime
    base_sha: str = ""
    committers: tuple[str, ...] = ()
    dialect: Literal["github", "gitlab"] = "github"
    guest: bool = False
    declined: tuple[str, ...] = ()
    engaged: tuple[str, ...] = ()
    asked_by_people: tuple[str, ...] = ()
    lead: str | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """Somebody to ask, for which slots, and why."""

    person: str
    slots: tuple[str, ...]
    level: int  # familiarity: 0, 1 or 2
    load: int
    because: tuple[
        str, ...
    ] = ()  # "owner", "familiar", "trusted_committer", "fallback", "lead", "learner", …


@dataclass(frozen=True, slots=True)
class Excluded:
    """Somebody who was not asked, by the first reason that applies."""

    person: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is asked, who is not, and what stays open.

    `covered` maps slots to people who have to do with them already; `queued` are slots without anybody
    yet, asked when an asked slot is satisfied; `notes` are (person, reason) for people whom humans asked
    although they are unavailable. `record` reproduces all of it (see `replay`).
    """

    picks: tuple[Pick, ...] = ()
    covered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    queued: tuple[str, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[tuple[str, Reason], ...] = ()
    learner: str | None = None
    record: dict[str, Any] = field(default_factory=dict)
