"""How Usher is spoken to, and how much it may say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from policies.durations import Duration
from policies.durations import parse as lasting
from policies.rules.values import Count, is_prefix


@dataclass(frozen=True, slots=True)
class Commands:
    """How commands are written; `short`: also `/VERB`, on GitHub only."""

    prefix: Annotated[str, is_prefix] = "/usher"
    short: bool = True


@dataclass(frozen=True, slots=True)
class Noise:
    """How much Usher may say, whatever else is agreed."""

    comments_per_subject_day: Count = 1
    mentions_per_subject_day: Count = 2
    writes_per_hour: Count = 20
    backoff: tuple[Duration, ...] = (lasting("7d"), lasting("14d"), lasting("28d"))
