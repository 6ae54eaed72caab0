"""How people from elsewhere are met, supported and thanked."""

# ruff: noqa: RUF009 -- the defaults are calls, but of frozen values that are safe to share

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from policies.durations import Duration
from policies.durations import parse as lasting
from policies.rules.values import Budget, Count, Share
from policies.typed_yaml import between


@dataclass(frozen=True, slots=True)
class Teams:
    """Where teams are read from, and which count."""

    source: tuple[Literal["forge", "static"], ...] = ("forge",)
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
class NewRepositories:
    """Whether the makers of a new repository are asked to share it."""

    ask: bool = False
    wait: Duration = lasting("24h")


@dataclass(frozen=True, slots=True)
class Champions:
    """Whether people may offer to help others."""

    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Warranty:
    """How long after its merge the contributors of a change look after its bugs."""

    RETIRED: ClassVar = {"from": "a warranty counts from the merge"}

    days: Count = 30


@dataclass(frozen=True, slots=True)
class Requests:
    """How feature requests are answered. `labels`: which issues are requests; `declined` needs a comment."""

    labels: tuple[str, ...] = ("enhancement", "feature", "feature-request", "*/feature")
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
