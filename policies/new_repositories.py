"""Whether the people of a new repository are asked to share it, and what their answer means.

They are asked once, in one issue. No answer is a no, and so is closing the issue by hand; `later` is asked
once more. What somebody says after that still holds: a later yes is as good as an early one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from policies.exceptions import UNDONE, undone
from policies.facts import Fact, RepositoryAsked
from policies.tracking import Tracked

ANSWERS = ("yes", "no", "later")

NEW_FOR = timedelta(days=14)
"""For so long a repository counts as new, after its first day: switching the question on asks nobody about old ones."""

SILENCE = timedelta(days=14)
LATER = timedelta(days=90)

Stage = Literal["asked", "yes", "no", "later", "silent", "shared"]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A repository in the light of the question. `in_question`: it could be shared at all, and rules let us ask."""

    created_at: datetime | None
    wait: timedelta
    in_question: bool
    shared: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Let the question of this number say this, and be open or closed. `by`: who answered."""

    nth: int
    stage: Stage
    open: bool
    since: datetime
    by: str = ""


def answer(log: Iterable[Fact], since: datetime) -> RepositoryAsked | None:
    """What was said last since the question was asked, and not taken back; None: nothing yet."""
    asked = [each for each in log if isinstance(each, RepositoryAsked)]
    taken_back = {each.source for each in asked if each.verb == UNDONE}
    said = [
        each
        for each in asked
        if each.verb in ANSWERS and each.at >= since and undone(each.source) not in taken_back
    ]
    return max(said, key=lambda each: each.order, default=None)


def wanted(
    newcomer: Newcomer, asked: Tracked | None, said: RepositoryAsked | None, now: datetime
) -> Wanted | None:
    """What the question ought to be; None: leave everything as it is. `said` is the answer to what was asked."""
    if asked is None or asked.since is None:
        begins = _begins(newcomer)
        fresh = begins is not None and begins <= now < begins + NEW_FOR
        return Wanted(1, "asked", open=True, since=now) if fresh and not newcomer.shared else None
    if asked.issue is None:
        return None
    closed_by_person = asked.left_open and not asked.issue.open and not asked.closed_by_us
    if said is not None and asked.issue.closed_at is not None and closed_by_person:
        closed_by_person = said.at < asked.issue.closed_at
    if closed_by_person:
        return None
    again = said is not None and said.verb == "later" and asked.nth == 1 and now >= said.at + LATER
    if again and newcomer.in_question and not newcomer.shared:
        return Wanted(asked.nth + 1, "asked", open=True, since=now)
    return _as_answered(newcomer, asked.nth, asked.since, said, now)


def look_again(
    newcomer: Newcomer, asked: Tracked | None, said: RepositoryAsked | None
) -> tuple[datetime, ...]:
    """The instants at which something changes by itself."""
    if asked is None or asked.since is None:
        begins = _begins(newcomer)
        return (begins,) if begins is not None else ()
    if said is None:
        return (asked.since + SILENCE,)
    return (said.at + SILENCE, said.at + LATER)


def _begins(newcomer: Newcomer) -> datetime | None:
    """When to ask; None: never."""
    if not newcomer.in_question or newcomer.created_at is None:
        return None
    return newcomer.created_at + newcomer.wait


def _as_answered(
    newcomer: Newcomer, nth: int, since: datetime, said: RepositoryAsked | None, now: datetime
) -> Wanted:
    if newcomer.shared and (said is None or said.verb == "yes"):
        return Wanted(nth, "shared", open=False, since=since)
    if said is None:
        waits = newcomer.in_question and now < since + SILENCE
        return Wanted(nth, "asked" if waits else "silent", open=waits, since=since)
    match said.verb:
        case "yes":
            return Wanted(nth, "yes", open=now < said.at + SILENCE, since=since, by=said.by)
        case "later":
            return Wanted(nth, "later", open=False, since=since, by=said.by)
        case _:
            return Wanted(nth, "no", open=False, since=since, by=said.by)
