"""What is listed, what is worth sharing, and what is measured."""

# ruff: noqa: RUF009 -- the defaults are calls, but of frozen values that are safe to share

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policies.durations import Duration
from policies.durations import parse as lasting
from policies.rules.values import Count


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
