"""What an organisation and a repository have agreed: `usher.yml` as rules, or problems with line numbers.

Every value has a default, so an empty file is a complete set of rules. A part that is wrong is reported
and keeps its default; it never disables the rest.
"""

# ruff: noqa: RUF009 -- the defaults are calls, but of frozen values that are safe to share

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from policies import marked_yaml
from policies.calendars import Calendar, Span
from policies.durations import Duration
from policies.durations import parse as lasting
from policies.typed_yaml import Problem, Reader, Wrong, between

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _days(text: str) -> tuple[int, ...]:
    """The weekdays, Monday 0, that `mon` or `mon-fri` means; ValueError where it means none."""
    first, _, last = text.partition("-")
    if first not in DAY_NAMES or (last or first) not in DAY_NAMES:
        raise ValueError(f"{text!r} is no day of the week: write mon or mon-fri")
    start = DAY_NAMES.index(first)
    count = (DAY_NAMES.index(last or first) - start) % 7 + 1
    return tuple((start + n) % 7 for n in range(count))


def _is_days(text: str) -> None:
    _days(text)


def _is_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: write Europe/Berlin") from error


def _is_prefix(text: str) -> None:
    if not re.fullmatch(r"/[a-z][a-z0-9-]{0,30}", text):
        raise ValueError(f"{text!r} is no prefix of commands: write /usher")


def _is_some_time(duration: Duration) -> None:
    if not duration.amount:
        raise ValueError("this must be longer than nothing")


def _is_working_day(duration: Duration) -> None:
    if duration.unit not in ("m", "h") or not timedelta() < duration.length(timedelta()) <= timedelta(
        hours=24
    ):
        raise ValueError(f"{duration} is no length of a working day: write 8h")


Count = Annotated[int, between(0, 100_000)]
Share = Annotated[float, between(0, 1)]
Percent = Annotated[int, between(1, 1000)]
Budget = Annotated[Duration, _is_some_time]
BudgetKind = Literal["assign", "first_response", "re_review", "decision", "author", "merge"]

# --- Review ------------------------------------------------------------------------------------------


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


# --- Calendars ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holidays:
    """Which public holidays apply, and which days besides (`add`) or not (`remove`)."""

    country: str | None = None
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)
    add: tuple[date, ...] = ()
    remove: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarTerms:
    """A calendar as it was agreed; `zone` None: nobody named one, and UTC stands in.

    `week` maps days (`mon`, `mon-fri`) to spans; a later line overrides an earlier one for its days. It is
    replaced as a whole, so that a week from Sunday to Thursday does not keep the default's Friday.
    """

    zone: Annotated[str, _is_zone] | None = None
    week: Mapping[Annotated[str, _is_days], tuple[Span, ...]] = field(
        default_factory=lambda: {"mon-fri": (Span(540, 1020),)}, metadata={"whole": True}
    )
    day: Annotated[Duration, _is_working_day] = lasting("8h")
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    holidays: Holidays = Holidays()

    def check(self) -> None:
        """ValueError, in words for its writer, for a value that the file would not accept."""
        if self.zone is not None:
            _is_zone(self.zone)
        for days in self.week:
            _is_days(days)
        _is_working_day(self.day)

    def calendar(self, holidays: frozenset[date] = frozenset()) -> Calendar:
        """The calendar, with the dates that its holidays fall on (`add` and `remove` are applied here)."""
        week: list[tuple[Span, ...]] = [()] * 7
        for days, spans in self.week.items():
            for day in _days(days):
                week[day] = spans
        return Calendar(
            zone=self.zone or "UTC",
            week=tuple(week),
            day=self.day.length(timedelta()),
            dates=dict(self.dates),
            holidays=(holidays | set(self.holidays.add)) - set(self.holidays.remove),
        )


@dataclass(frozen=True, slots=True)
class CalendarOf:
    """Which calendar, by name, which team ("org/slug") and which person (login) works by."""

    teams: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


# --- Everything else ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Commands:
    """How commands are written; `short`: also `/VERB`, on GitHub only."""

    prefix: Annotated[str, _is_prefix] = "/usher"
    short: bool = True


@dataclass(frozen=True, slots=True)
class Noise:
    """How much Usher may say, whatever else is agreed."""

    comments_per_subject_day: Count = 1
    mentions_per_subject_day: Count = 2
    writes_per_hour: Count = 20
    backoff: tuple[Duration, ...] = (lasting("7d"), lasting("14d"), lasting("28d"))


Severity = Literal["low", "medium", "high"]
Governance = Literal["issues_welcome", "contributions_welcome", "shared_write", "shared_ownership"]


@dataclass(frozen=True, slots=True)
class Exempt:
    """A finding that somebody accepted, why, and until when."""

    id: str
    owner: str = ""
    reason: str = ""
    until: date | None = None


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
class Teams:
    """Where teams are read from, and which count."""

    source: tuple[str, ...] = ("forge",)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_share: Share = 0.3
    static: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guests:
    """How contributors from outside the owning team are met."""

    comment: bool = True
    label: str | None = "inner-source"
    thanks: Literal["draft", "off"] = "draft"
    settle: Duration = lasting("5m")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Whether and how a repository is listed; `list` None: as its topics and metadata say."""

    list: bool | None = None
    topics: tuple[str, ...] = ("inner-source", "innersource")
    anonymous: bool = False
    annotation: str = "usher.internal"


@dataclass(frozen=True, slots=True)
class Candidates:
    """How candidates for sharing are found."""

    enabled: bool = True
    scopes: tuple[str, ...] = ()
    restricted_topics: tuple[str, ...] = ("restricted",)
    exclude_paths: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metrics:
    """Over which time the measures look back, and whom they hide."""

    window: Duration = lasting("90d")
    min_group: Count = 5
    retain: Duration = lasting("400d")
    digest: Literal["monthly", "off"] = "monthly"


@dataclass(frozen=True, slots=True)
class NewRepositories:
    """Whether the makers of a new repository are asked to share it."""

    ask: bool = False
    wait: Duration = lasting("24h")


@dataclass(frozen=True, slots=True)
class Champions:
    """Whether people may offer to help others."""

    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Inherit:
    """From which other repository files are inherited, where the forge does not do it."""

    repository: str | None = None


@dataclass(frozen=True, slots=True)
class Warranty:
    """How long the contributors of a change look after its bugs."""

    days: Count = 30
    since: Literal["merge", "deploy"] = field(default="merge", metadata={"key": "from"})


@dataclass(frozen=True, slots=True)
class Requests:
    """How feature requests are answered."""

    triage: Budget = lasting("5bd")
    states: tuple[str, ...] = ("accepted", "declined", "contribution-welcome")


@dataclass(frozen=True, slots=True)
class SeverityTerms:
    """How fast an issue of one severity is answered; `label` None: every issue without another."""

    label: str | None = None
    respond: Budget = lasting("2bd")
    calendar: str = "business"
    escalate: str | None = None
    resolve: Budget | None = None


def _severities() -> dict[str, SeverityTerms]:
    return {
        "critical": SeverityTerms("severity/critical", lasting("4h"), "always", "owner-lead"),
        "high": SeverityTerms("severity/high", lasting("1bd")),
        "normal": SeverityTerms(),
    }


@dataclass(frozen=True, slots=True)
class Support:
    """Who supports what is shared, how, and how fast; most severe first."""

    owner: str | None = None
    bugs: Literal["owner", "warranty", "best_effort"] = "owner"
    warranty: Warranty = Warranty()
    channel: str | None = None
    hours_per_week: Annotated[float, between(0, 10_000)] | None = None
    hours_per_change: Annotated[float, between(0, 1_000)] = 0.5
    requests: Requests = Requests()
    severities: Mapping[str, SeverityTerms] = field(default_factory=_severities)


def _calendars() -> dict[str, CalendarTerms]:
    return {
        "business": CalendarTerms(),
        "always": CalendarTerms("UTC", week={"mon-sun": (Span(0, 1440),)}, day=lasting("24h")),
    }


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that can be agreed, with what holds where nothing was said."""

    reviews: Reviews = Reviews()
    reviewers: Reviewers = Reviewers()
    issues: Issues = Issues()
    calendars: Mapping[str, CalendarTerms] = field(default_factory=_calendars)
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


@dataclass(frozen=True, slots=True)
class RulesRead:
    """The rules that hold, and what was wrong with the file, by line."""

    rules: Rules
    problems: tuple[Problem, ...] = ()


ORGANISATION_ONLY = ("metrics", "noise", "teams")
_NOT_HERE = dict.fromkeys(ORGANISATION_ONLY, "only the organisation's own file may set this")


def read(text: bytes) -> RulesRead:
    """An organisation's (or a lone repository's) `usher.yml`, over the defaults."""
    return _read(DEFAULTS, text, {})


def merge(organisation: Rules, text: bytes) -> RulesRead:
    """A repository's `usher.yml` over its organisation's rules: lists replace, maps merge.

    `metrics`, `noise` and `teams` are the organisation's alone; here they are problems.
    """
    return _read(organisation, text, _NOT_HERE)


def _read(held: Rules, text: bytes, refused: Mapping[str, str]) -> RulesRead:
    reader = Reader()
    try:
        tree = marked_yaml.parse(text)
        rules = held if tree is None else reader.onto(held, tree, refused=refused)
    except marked_yaml.Unreadable as error:
        return RulesRead(held, (Problem(error.line, error.column, "", str(error), error.fix),))
    except Wrong as wrong:
        return RulesRead(held, (Problem(wrong.node.line, wrong.node.column, "", str(wrong), wrong.fix),))
    rules, dangling = _without_unknown_calendars(rules, reader.places)
    problems = (*reader.problems, *dangling)
    return RulesRead(rules, tuple(sorted(problems, key=lambda problem: (problem.line, problem.column))))


# --- Names of calendars -------------------------------------------------------------------------------


def _without_unknown_calendars(
    rules: Rules, places: Mapping[str, tuple[int, int]]
) -> tuple[Rules, list[Problem]]:
    """The rules without references to calendars that nobody described, each a problem where it stands."""
    problems: list[Problem] = []

    def is_known(name: str | None, path: str) -> bool:
        if name is None or name in rules.calendars:
            return True
        line, column = places.get(path, (1, 1))
        known = ", ".join(f"`{each}`" for each in rules.calendars)
        problems.append(Problem(line, column, path, f"no calendar is called `{name}`", f"Known: {known}."))
        return False

    def known_only(names: Mapping[str, str], path: str) -> dict[str, str]:
        return {who: name for who, name in names.items() if is_known(name, f"{path}.{who}")}

    areas = {
        name: area
        if is_known(area.calendar, f"reviews.areas.{name}.calendar")
        else replace(area, calendar=None)
        for name, area in rules.reviews.areas.items()
    }
    severities = {
        name: terms
        if is_known(terms.calendar, f"support.severities.{name}.calendar")
        else replace(terms, calendar="business")
        for name, terms in rules.support.severities.items()
    }
    of = rules.calendar_of
    calendar_of = CalendarOf(
        known_only(of.teams, "calendar_of.teams"), known_only(of.people, "calendar_of.people")
    )
    if not problems:
        return rules, problems
    return (
        replace(
            rules,
            reviews=replace(rules.reviews, areas=areas),
            support=replace(rules.support, severities=severities),
            calendar_of=calendar_of,
        ),
        problems,
    )
