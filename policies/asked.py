"""Everybody who was asked to review, and where they stand: one truth for the comment and the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from policies.clocks import State
from policies.facts import Fact, RemarkMade, ReviewAsked, ReviewDismissed, Reviewed, same
from policies.gaps import open_asks

Standing = Literal["awaited", "approved", "changes_requested", "commented", "freed", "asked"]
"""`freed`: others answered, so that they need not. `asked`: requested on the forge, and no clock waits for it."""

ANSWERED: tuple[Standing, ...] = ("approved", "changes_requested", "commented")


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who was asked: by which request first, and where they stand."""

    ask: ReviewAsked
    standing: Standing


def everybody(log: Iterable[Fact], state: State) -> tuple[Asked, ...]:
    """Whoever is asked here or answered, in the order of the first requests. `log` is in order.

    Left out is whose request was taken back before they answered, and who declined.
    """
    log = tuple(log)
    first: dict[str, ReviewAsked] = {}
    for fact in log:
        if isinstance(fact, ReviewAsked) and fact.who:
            first.setdefault(same(fact.who), fact)
    standings = _standings(log, state)
    return tuple(Asked(ask, standings[name]) for name, ask in first.items() if name in standings)


def _standings(log: tuple[Fact, ...], state: State) -> Mapping[str, Standing]:
    """By login in lower case; what counts more comes later, and takes the place of what was said before."""
    declined = {same(who) for who in state.declined}
    found: dict[str, Standing] = {name: "asked" for name in open_asks(log) if name not in declined}
    found |= {same(who): "freed" for slot in state.slots for who in slot.freed if same(who) in found}
    found |= _answers(log)
    return found | {same(who): "awaited" for who in state.awaited}


def _answers(log: tuple[Fact, ...]) -> dict[str, Standing]:
    """What everybody answered: their opinion as long as it stands, else that they said something."""
    spoke: dict[str, Standing] = {}
    opinions: dict[str, tuple[int, Standing]] = {}
    for fact in log:
        match fact:
            case Reviewed(by=by, state="approved" | "changes_requested" as opinion):
                opinions[same(by)] = (fact.review_id, opinion)
                spoke[same(by)] = "commented"
            case Reviewed(by=by, state="commented", answers=True) | RemarkMade(by=by, answers=True):
                spoke[same(by)] = "commented"
            case ReviewDismissed(who=who, review_id=number):
                gone = [key for key, (known, _) in opinions.items() if number == known or key == same(who)]
                for key in gone:
                    opinions.pop(key)
    return spoke | {key: opinion for key, (_, opinion) in opinions.items()}
