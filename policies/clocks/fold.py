"""From the facts of one subject to its state, by one walk through time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from policies.clocks.state import State
from policies.clocks.terms import Terms
from policies.facts import Fact


def fold(facts: Iterable[Fact], terms: Terms, now: datetime) -> State:
    """The state of a change at `now`; facts from after `now` are left out.

    ValueError where no fact says that the change was opened.
    """
    raise NotImplementedError


def fold_issue(facts: Iterable[Fact], terms: Terms, now: datetime) -> State:
    """The state of an issue at `now`."""
    raise NotImplementedError
