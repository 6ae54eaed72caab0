"""What an organisation and a repository have agreed: `usher.yml` as rules, or problems with line numbers.

Every value has a default, so an empty file is a complete set of rules. A part that is wrong is reported
and keeps its default; it never disables the rest.
"""

# ruff: noqa: RUF009 -- the defaults are calls, but of frozen values that are safe to share

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Literal

from policies.calendars import Calendar, Span
from policies.durations import Duration
from policies.durations import parse as lasting

Percent = int

# --- Review ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Budgets:
    """How long each answer may take; None: no such clock runs."""

    assign: Duration | None = lasting("1bh")
    first_response: Duration | None = lasting("1bd")
    re_review: Duration | None = lasting("1bd")
    decision: Duration | None = None
    author: Duration | None = None
    merge: Duration | None = None


@dataclass(frozen=True, slots=True)
class GuestBudgets:
    """The same for changes from outside the owning team."""

    first_response: Duration | None = lasting("1bd")
    re_review: Duration | None = lasting("1bd")


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
    """A part of the repository with terms of its own: that of the slots which these owners own."""

    owners: tuple[str, ...] = ()
    calendar: str | None = None
    budgets: Budgets | None = None
    follow_the_sun: bool = False
    lead: str = "fallback"


@dataclass(frozen=True, slots=True)
class Freeze:
    """Nobody's turn, from one local date until the end of another, as a release freeze."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Reviews:
    """How reviews run."""

    enabled: bool = True
    bases: tuple[str, ...] = ("*",)
    settle: Duration = lasting("5m")
    max_files: int = 300
    max_people: int = 15
    ci: Literal["ignore", "pause", "gate"] = "pause"
    gate_max: Duration = lasting("2h")
    changes_requested: Literal["all", "own_slot"] = "all"
    pause_labels: tuple[str, ...] = ("blocked",)
    freeze: tuple[Freeze, ...] = ()
    resume_floor: float = 0.5
    eta_max: Duration = lasting("2bd")
    skip_if_acted: Duration = lasting("4bh")
    budgets: Budgets = Budgets()
    guest: GuestBudgets = GuestBudgets()
    bots: Bots = Bots()
    returns: Return = Return()  # `return` in the file
    ladder: Ladder = Ladder()
    per_person_day: int = 10
    quiet_hours: Literal["outside_calendar", "none"] | tuple[Span, ...] = "outside_calendar"
    digest_at: time = time(9, 30)
    areas: Mapping[str, Area] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reviewers:
    """Who is asked."""

    max_reviewers: int = 4
    capacity: int = 5
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

    triage: Duration | None = lasting("2bd")
    resolve: Duration | None = None
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
    """A calendar as it was agreed; `zone_set` is False where nobody named a time zone.

    `week` maps days (`mon`, `mon-fri`) to spans; a later line overrides an earlier one for its days.
    """

    zone: str = "UTC"
    zone_set: bool = False
    week: Mapping[str, tuple[Span, ...]] = field(default_factory=lambda: {"mon-fri": (Span(540, 1020),)})
    day: Duration = lasting("8h")
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    holidays: Holidays = Holidays()

    def calendar(self, holidays: frozenset[date] = frozenset()) -> Calendar:
        """The calendar, with the dates that its holidays fall on (`add` and `remove` are applied here)."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class CalendarOf:
    """Which calendar, by name, which team ("org/slug") and which person (login) works by."""

    teams: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


# --- Everything else ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Commands:
    """How commands are written; `short`: also `/VERB`, on GitHub only."""

    prefix: str = "/usher"
    short: bool = True


@dataclass(frozen=True, slots=True)
class Noise:
    """How much Usher may say, whatever else is agreed."""

    comments_per_subject_day: int = 1
    mentions_per_subject_day: int = 2
    writes_per_hour: int = 20
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
    stale_months: int = 12
    unowned_share: float = 0.1
    tracking_issue: Literal["off", "high", "any"] = "high"
    fix_pr: Literal["off", "on_request"] = "on_request"
    exceptions: tuple[Exempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Teams:
    """Where teams are read from, and which count."""

    source: tuple[str, ...] = ("forge",)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_share: float = 0.3
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
    min_group: int = 5
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

    days: int = 30
    since: Literal["merge", "deploy"] = "merge"  # `from` in the file


@dataclass(frozen=True, slots=True)
class Requests:
    """How feature requests are answered."""

    triage: Duration = lasting("5bd")
    states: tuple[str, ...] = ("accepted", "declined", "contribution-welcome")


@dataclass(frozen=True, slots=True)
class SeverityTerms:
    """How fast an issue of one severity is answered; `label` None: every issue without another."""

    label: str | None = None
    respond: Duration = lasting("2bd")
    calendar: str = "business"
    escalate: str | None = None
    resolve: Duration | None = None


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
    hours_per_week: float | None = None
    hours_per_change: float = 0.5
    requests: Requests = Requests()
    severities: Mapping[str, SeverityTerms] = field(default_factory=_severities)


def _calendars() -> dict[str, CalendarTerms]:
    return {
        "business": CalendarTerms(),
        "always": CalendarTerms(week={"mon-sun": (Span(0, 1440),)}, day=lasting("24h"), zone_set=True),
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
class Problem:
    """Something in the file that could not be used: where (both from 1), what is wrong, what to write."""

    line: int
    column: int
    key: str  # "reviews.budgets.assign"; empty for the whole file
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class RulesRead:
    """The rules that hold, and what was wrong with the file, by line."""

    rules: Rules
    problems: tuple[Problem, ...] = ()


ORGANISATION_ONLY = frozenset({"metrics", "noise", "teams"})


def read(text: bytes) -> RulesRead:
    """An organisation's (or a lone repository's) `usher.yml`, over the defaults."""
    raise NotImplementedError


def merge(organisation: Rules, text: bytes) -> RulesRead:
    """A repository's `usher.yml` over its organisation's rules: lists replace, maps merge.

    `metrics`, `noise` and `teams` are the organisation's alone; here they are problems.
    """
    raise NotImplementedError
