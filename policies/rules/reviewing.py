"""How changes are reviewed and issues answered: budgets, reminders, who is asked."""

# ruff: noqa: RUF009 -- the defaults are calls, but of frozen values that are safe to share

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Annotated, Literal

from policies.calendars import Span
from policies.durations import Duration
from policies.durations import parse as lasting
from policies.rules.values import Budget, Count, Percent, Share
from policies.typed_yaml import between

BudgetKind = Literal["assign", "first_response", "re_review", "decision", "author", "merge"]


@dataclass(frozen=True, slots=True)
class Budgets:
    """How long each answer may take; None: no such clock runs."""

    assign: Budget | None = lasting("1bh")
    first_response: Budget | None = lasting("1bd")
    re_review: Budget | None = lasting("1bd")
    decision: Budget | None = None
    author: Budget | None = None
    merge: Budget | None = None


@dataclass(frozen=True, slots=True)
class GuestBudgets:
    """The same for changes from outside the owning team."""

    first_response: Budget | None = lasting("1bd")
    re_review: Budget | None = lasting("1bd")


@dataclass(frozen=True, slots=True)
class Bots:
    """Changes by bots have no clock unless `sla`; `logins` names bots that the forge takes for people."""

    sla: bool = False
    logins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Return:
    """When the turn goes back to the reviewer: how long things must be quiet, and when it is presumed."""

    quiet: Duration = lasting("15m")
    ask_after: Duration = lasting("4bh")
    presume_after: Duration = lasting("4bh")


@dataclass(frozen=True, slots=True)
class Ladder:
    """At which part of a budget, in percent, which step of the reminders is due."""

    sticky: Percent = 50
    digest: Percent = 80
    mention: Percent = 100
    backup: Percent = 150
    reassign: Percent = 200


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the repository with terms of its own: that of the slots which these owners own.

    `budgets` holds only what differs from everybody's.
    """

    owners: tuple[str, ...] = ()
    calendar: str | None = None
    budgets: Mapping[BudgetKind, Budget | None] = field(default_factory=dict)
    follow_the_sun: bool = False
    lead: str = "fallback"


@dataclass(frozen=True, slots=True)
class Freeze:
    """Nobody's turn, from one local date until the end of another, as a release freeze."""

    since: date = field(metadata={"key": "from"})
    until: date = field(metadata={"key": "to"})


@dataclass(frozen=True, slots=True)
class Reviews:
    """How reviews run."""

    enabled: bool = True
    bases: tuple[str, ...] = ("*",)
    settle: Duration = lasting("5m")
    max_files: Count = 300
    max_people: Count = 15
    ci: Literal["ignore", "pause", "gate"] = "pause"
    gate_max: Duration = lasting("2h")
    changes_requested: Literal["all", "own_slot"] = "all"
    pause_labels: tuple[str, ...] = ("blocked",)
    freeze: tuple[Freeze, ...] = ()
    resume_floor: Share = 0.5
    eta_max: Duration = lasting("2bd")
    skip_if_acted: Duration = lasting("4bh")
    budgets: Budgets = Budgets()
    guest: GuestBudgets = GuestBudgets()
    bots: Bots = Bots()
    returns: Return = field(default=Return(), metadata={"key": "return"})
    ladder: Ladder = Ladder()
    per_person_day: Count = 10
    quiet_hours: Literal["outside_calendar", "none"] | tuple[Span, ...] = "outside_calendar"
    digest_at: time = time(9, 30)
    areas: Mapping[str, Area] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reviewers:
    """Who is asked."""

    max_reviewers: Annotated[int, between(1, 15)] = 4
    capacity: Count = 5
    allow_committers: bool = False
    author_choice: Literal["counts", "adds"] = "counts"
    team_request: Literal["remove", "keep"] = "remove"
    fallback: tuple[str, ...] = ()
    trusted_committers: tuple[str, ...] = ()
    off_rotation: tuple[str, ...] = ()
    history: Duration = lasting("180d")
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Issues:
    """How issues run. `triaged` are label patterns that say where an issue belongs."""

    triage: Budget | None = lasting("2bd")
    resolve: Budget | None = None
    needs_info: tuple[str, ...] = ("needs-info",)
    triaged: tuple[str, ...] = ("severity/*", "area/*")
