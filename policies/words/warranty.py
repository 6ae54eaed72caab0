"""What is said where a bug comes from a guest's change."""

from __future__ import annotations

from typing import Literal

from policies.text import Said, code, listed, mention
from policies.warranty import Window
from policies.words.times import instant


def within(window: Window, sign: Said, owner: str | None, zone: str, *, there: bool) -> str:
    """The guest's team and the owners look together. `there`: the guest can still read this.

    `sign` stands before the number of a change: `#`, on GitLab `!`.
    """
    guest = mention(window.author) if there else code(window.author)
    team = f" ({code(window.teams[0])})" if window.teams else ""
    people = [f"{guest}{team}", *([f"{mention(owner)} of the owners"] if owner else [])]
    return (
        f"This is said to come from {sign}{window.number}, which was merged on {instant(window.start, zone)}. Until "
        f"**{instant(window.end, zone)}** both teams look at it together: {listed(people)}, could one of you say "
        "who takes it?\n\n"
        "- Not from that change? Say so here; it is the owners' then.\n"
        "- Not you? Name somebody of your team."
    )


def over(
    window: Window,
    sign: Said,
    owner: str | None,
    zone: str,
    bugs: Literal["owner", "warranty", "best_effort"],
) -> str:
    """The time is over: the owners alone are told, and the guest is left in peace."""
    whose = {
        "owner": "it is the owners' now",
        "warranty": "nobody has to answer for it any more",
        "best_effort": "it is looked at as time allows",
    }[bugs]
    to = f"{mention(owner)}, this" if owner else "This"
    not_you = " Not you? Assign it to somebody else." if owner and bugs == "owner" else ""
    return (
        f"{to} is said to come from {sign}{window.number} by {code(window.author)}. Its warranty ended on "
        f"{instant(window.end, zone)}, so {whose}.{not_you}"
    )


def no_such_change(number: str) -> str:
    """A change that was no guest's, or is not merged, or does not exist."""
    return f"{code(number)} is no merged change from another team, as far as I know; so nobody else was told."
