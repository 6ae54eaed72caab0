"""Why somebody is asked, said of them and to them."""

from __future__ import annotations

from dataclasses import dataclass

from policies.text import code, counted, listed


@dataclass(frozen=True, slots=True)
class Owned:
    """An area of the change: what the owners file says about it, and how many touched files are in it.

    `team` is the team through which somebody owns it, empty where they are named themselves.
    """

    pattern: str
    line: int
    files: int
    team: str = ""


def why_owner(owned: tuple[Owned, ...]) -> str:
    """Why this person: `owns `pay/` through `@shop/pay` (2 files)`."""
    return f"owns {_areas(owned)}"


def why_you(owned: tuple[Owned, ...]) -> str:
    """The same, said to the person."""
    return f"you own {_areas(owned)}"


def _areas(owned: tuple[Owned, ...]) -> str:
    parts = []
    for each in owned[:3]:
        through = f" through {code(each.team)}" if each.team else ""
        parts.append(f"{code(each.pattern)}{through} ({counted(each.files, 'file')})")
    if len(owned) > 3:
        parts.append(counted(len(owned) - 3, "more area"))
    return listed(parts)


WHY_FALLBACK = "nobody owns these files; named as fallback"
WHY_YOU_FALLBACK = "nobody owns these files, and you are named as fallback"
WHY_YOU_ASKED = "your review was asked for"
WHY_LEAD = "the owners cannot take it now; named in the rules for that"


def why_asked_by(login: str) -> str:
    """Why this person: somebody chose them."""
    return f"asked by {code(login)}" if login else "asked by a person"
