"""What people are told when an answer is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.text import Said, code, mention
from policies.words.areas import area
from policies.words.times import hours, instant


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that is due: since when it was whose turn, how much of the time is used, and why them."""

    login: str
    since: datetime
    used: timedelta
    budget: timedelta
    due: datetime
    zone: str
    why: Said
    at_work: bool = True  # time is counted in working hours
    again: bool = False  # it is a second look that is awaited
    command: str = "/usher"


def tell_lead(lead: str, slot: str, due: datetime, zone: str) -> str:
    """Twice the promised time has passed; the lead hears of it, once, and nobody is blamed."""
    return (
        f"{mention(lead)}, nobody could answer here yet for {area(slot)}; an answer was promised for "
        f"**{instant(due, zone)}**. Could you find somebody, or tell the author when to expect one? A no is "
        "an answer, too.\n\n- Why you: the rules name you for when the owners cannot answer."
    )


def reminder(late: Late) -> str:
    """The one mention that a person gets when their answer is due."""
    return f"{_turn(late)}\n\n- Why you: {late.why}.\n{_ways(late)}"


def reminders(people: tuple[Late, ...]) -> str:
    """The same for several people at once, in one comment."""
    turns = [f"{_turn(each)} Why you: {each.why}." for each in people]
    return "\n\n".join((*turns, _ways(people[0])))


def _turn(late: Late) -> str:
    unit = "working hours" if late.at_work else "hours"
    return (
        f"{mention(late.login)}, it has been your turn since {instant(late.since, late.zone)} "
        f"({hours(late.used)} of {hours(late.budget)} {unit}). "
        f"{'A second look' if late.again else 'A first answer'} was promised for "
        f"**{instant(late.due, late.zone)}**."
    )


def _ways(late: Late) -> str:
    """How to say later, or not me."""
    return (
        f"- Later? Comment {code(f'{late.command} eta fri 15:00')}.\n"
        f"- Not you? Comment {code(f'{late.command} decline')}, or take yourself off *Reviewers*; somebody else "
        "is asked and you are not asked here again."
    )
