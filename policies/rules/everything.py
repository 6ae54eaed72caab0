"""All topics together, with what holds where nothing was said."""

# ruff: noqa: RUF009 -- the defaults are calls, but of frozen values that are safe to share

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.rules.calendars import CalendarOf, CalendarTerms, standard_calendars
from policies.rules.community import Champions, Guests, NewRepositories, Support, Teams
from policies.rules.guidelines import Guidelines, Inherit
from policies.rules.manners import Commands, Noise
from policies.rules.reviewing import Issues, Reviewers, Reviews
from policies.rules.sharing import Candidates, Catalogue, Metrics


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that can be agreed, with what holds where nothing was said.

    `enabled` false: Usher leaves the repository alone.
    """

    enabled: bool = True
    reviews: Reviews = Reviews()
    reviewers: Reviewers = Reviewers()
    issues: Issues = Issues()
    calendars: Mapping[str, CalendarTerms] = field(default_factory=standard_calendars)
    calendar_of: CalendarOf = CalendarOf()
    commands: Commands = Commands()
    noise: Noise = Noise()
    inherit: Inherit = Inherit()
    docs_map: Mapping[str, str] = field(default_factory=dict)
    guidelines: Guidelines = Guidelines()
    teams: Teams = Teams()
    guests: Guests = Guests()
    catalogue: Catalogue = Catalogue()
    candidates: Candidates = Candidates()
    metrics: Metrics = Metrics()
    new_repositories: NewRepositories = NewRepositories()
    champions: Champions = Champions()
    support: Support = Support()


DEFAULTS = Rules()
