"""What a clock must know besides the facts: the rules, who works when, and who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from policies.calendars import Calendar, Hours
from policies.rules import DEFAULTS, Rules


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is away in [`start`, `end`), which became known at `declared`."""

    start: datetime
    end: datetime
    declared: datetime


@dataclass(frozen=True, slots=True)
class Outage:
    """Usher or the forge was down in [`start`, `end`)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one change or issue. Names of people and teams may be in any case.

    `calendars` holds each calendar of the rules by name, holidays and earlier versions included (see
    `policies.calendars.Replaced`); `own` holds the hours that people set for themselves. `teams` gives
    the members of each team ("org/slug"). `writers` may write to the repository: None where that is not
    known. `required_checks`: None where the branch's rules cannot be read, so that no check pauses.
    `earlier` holds rules that were replaced, and when: a budget that runs keeps the rules it began with.
    """

    rules: Rules = DEFAULTS
    calendars: Mapping[str, Hours] = field(default_factory=lambda: {"business": Calendar()})
    own: Mapping[str, Hours] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    away: Mapping[str, tuple[Away, ...]] = field(default_factory=dict)
    outages: tuple[Outage, ...] = ()
    writers: tuple[str, ...] | None = None
    required_checks: tuple[str, ...] | None = None
    threads_must_resolve: bool = False
    guest: bool = False
    owners: tuple[str, ...] = ()  # of the repository: for issues
    author_may_merge: bool = False
    earlier: tuple[tuple[datetime, Rules], ...] = ()
