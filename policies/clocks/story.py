"""The facts of a subject as the one story that is told by the clock: in order, without what was taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from policies.facts import ChangeClosed, ChangeReopened, CommandGiven, Fact, Labelled, in_order, same

BRIEFLY = timedelta(minutes=10)
"""A change that is opened again within this time was never closed."""
REGRET = timedelta(hours=24)
"""How long a command can be taken back."""
AT_ONCE = ("why", "help", "thanks", "warranty", "recheck", "draft", "fix")
"""What these ask for is said or done at once: `undo` takes back what was commanded before."""


def story(facts: Iterable[Fact], now: datetime) -> tuple[Fact, ...]:
    """What happened until `now`: each fact once, by forge time, without labels of bots and undone acts."""
    told = [fact for fact in in_order(tuple(facts)) if fact.at <= now and not _is_bots_label(fact)]
    return tuple(_without_undone(_without_brief_closing(told)))


def _is_bots_label(fact: Fact) -> bool:
    return isinstance(fact, Labelled) and fact.by_bot


def _without_brief_closing(facts: list[Fact]) -> list[Fact]:
    kept: list[Fact] = []
    for fact in facts:
        closing = _last_closing(kept) if isinstance(fact, ChangeReopened) else None
        if closing is not None and fact.at - closing.at <= BRIEFLY:
            kept.remove(closing)
        else:
            kept.append(fact)
    return kept


def _last_closing(facts: list[Fact]) -> ChangeClosed | None:
    """What closed the change, if it is closed."""
    last = next((each for each in reversed(facts) if isinstance(each, ChangeClosed | ChangeReopened)), None)
    return last if isinstance(last, ChangeClosed) else None


def _without_undone(facts: list[Fact]) -> list[Fact]:
    kept: list[Fact] = []
    for fact in facts:
        if isinstance(fact, CommandGiven) and fact.verb == "undo":
            if (last := last_own(kept, fact.by, fact.at)) is not None:
                kept.remove(last)
        else:
            kept.append(fact)
    return kept


def last_own(facts: Iterable[Fact], who: str, at: datetime) -> CommandGiven | None:
    """The command that somebody takes back by `undo` at an instant: the last one that can be taken back.

    `facts` are a story: what was taken back before is not in it.
    """
    own = [
        each
        for each in facts
        if isinstance(each, CommandGiven) and same(each.by) == same(who) and each.verb not in AT_ONCE
    ]
    return own[-1] if own and at - own[-1].at <= REGRET else None
