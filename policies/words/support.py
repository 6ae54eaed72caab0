"""What is said on issues: to whoever it waits for, and to whoever asked for something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.text import Plain, Said, code, listed, mention
from policies.words.times import hours, instant


@dataclass(frozen=True, slots=True)
class Late:
    """An issue that waits: since when, how much of the time is used, and why this person hears of it."""

    login: str
    since: datetime
    used: timedelta
    budget: timedelta
    due: datetime
    zone: str
    why: Said
    at_work: bool = True  # time is counted in working hours
    triage: bool = False  # nobody said yet where it belongs
    command: str = "/usher"


ASSIGNED = "it is assigned to you"
LEAD = "the rules name you for an issue as grave as this"


def by_turn(team: str) -> str:
    """Why somebody hears of an issue that is nobody's yet."""
    whose = f"you are in {code(team)}, which owns this repository" if team else "you own this repository"
    return f"{whose}, and it is your turn to look"


def reminder(late: Late) -> str:
    """The one mention that a person gets when an issue has waited long enough."""
    helps = (
        "A comment, an assignment or a label that says where it belongs is enough."
        if late.triage
        else "A short comment is enough, even one that says when there will be more."
    )
    unit = "working hours" if late.at_work else "hours"
    return (
        f"{mention(late.login)}, this has waited for an answer since {instant(late.since, late.zone)} "
        f"({hours(late.used)} of {hours(late.budget)} {unit}). One was promised for "
        f"**{instant(late.due, late.zone)}**. {helps}\n\n"
        f"- Why you: {late.why}.\n"
        f"- Later? Comment {code(f'{late.command} eta fri 15:00')}.\n"
        "- Not you? Assign it to somebody else, and it is their turn."
    )


def soon(due: datetime, zone: str, *, lead: bool) -> Plain:
    """The line of an issue in somebody's digest; nobody is late. `lead`: it is nobody's yet."""
    why = "it is nobody's yet, and the rules name you for that" if lead else ASSIGNED
    return f"An answer to this issue is promised for {instant(due, zone)}. Why you: {why}."


def tell_lead(lead: str, due: datetime, zone: str) -> str:
    """Twice the promised time has passed; the lead hears of it, once, and nobody is blamed."""
    return (
        f"{mention(lead)}, nobody could answer here yet; an answer was promised for **{instant(due, zone)}**. "
        "Could you find somebody, or say when to expect one? A no is an answer, too.\n\n"
        "- Why you: the rules name you for when nobody else can answer."
    )


def say_why(who: str, reporter: str, command: str) -> str:
    """A request was declined without a word."""
    return (
        f"{mention(who)}, you declined this. Could you tell {code(reporter)} in a sentence why? A no is fine; "
        "with a reason it helps the next time. Until then it counts as not yet answered.\n\n"
        f"- Later? Comment {code(f'{command} eta fri 15:00')}.\n"
        "- Not you, or not meant? Take the label off."
    )


def only_on_changes(verb: str, verbs: tuple[str, ...]) -> str:
    """A command that is about reviews was given on an issue."""
    known = listed([code(each) for each in verbs])
    return f"{code(verb)} is said on pull and merge requests. On issues I know {known}."
