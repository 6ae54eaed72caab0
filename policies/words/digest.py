"""What somebody reads in the morning, on their page or in mail and chat: what waits for them, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policies.text import Plain, counted
from policies.words.areas import plain_area
from policies.words.times import instant


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that waits, in plain text: its name (`shop/api#7`), title and address, and what is said of it."""

    name: str
    title: str
    url: str
    said: str


def soon(due: datetime, zone: str, why: str, *, again: bool) -> Plain:
    """An answer is due before long, and nobody is late."""
    return f"{_what(again)} is promised for {instant(due, zone)}. Why you: {why}."


def due_now(due: datetime, zone: str, why: str, *, again: bool) -> Plain:
    """An answer is due, and was not asked for in a comment because enough was said for one day."""
    return f"{_what(again)} was promised for {instant(due, zone)}. Why you: {why}."


def for_lead(due: datetime, zone: str, slot: str) -> Plain:
    """Nobody could answer, and the lead may know somebody who can."""
    return (
        f"Nobody could answer here yet for {plain_area(slot)}; an answer was promised for {instant(due, zone)}. "
        "Could you find somebody, or tell the author when to expect one?"
    )


def for_author(reason: str) -> Plain:
    """The author's own next step, where their time is counted."""
    return f"It is your turn: {reason}."


def title(number: int) -> Plain:
    """The subject of the mail: `Usher: 2 answers wait for you`."""
    return f"Usher: {counted(number, 'answer waits', 'answers wait')} for you"


def message(lines: tuple[Line, ...], command: str, page: str) -> Plain:
    """The whole message, as plain text. `page` is the address of one's own page; empty: there is none."""
    parts = [f"{each.name} · {each.title}\n{each.said}\n{each.url}" for each in lines]
    parts.append(
        f"Later? Comment `{command} eta fri 15:00` there. Not you? Comment `{command} decline`; somebody else is asked."
    )
    if page:
        parts.append(f"Everything that waits for you: {page}")
    return "\n\n".join(parts)


def _what(again: bool) -> Plain:
    return "A second look" if again else "A first answer"
