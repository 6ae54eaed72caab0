"""Who may give which command: whoever is concerned by it, as the forge knows them at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from policies.clocks import State
from policies.facts import Access, can_write, same

Role = Literal["obligated", "member", "author", "maintainer", "writer", "reader"]
"""What somebody is to a change: they owe an answer, own some of it, wrote it; or their access as such."""

_THEIRS: frozenset[Role] = frozenset({"obligated", "member"})

MAY: Mapping[str, frozenset[Role]] = {
    "why": frozenset({"reader"}),
    "eta": _THEIRS,
    "ack": _THEIRS,
    "decline": _THEIRS,
    "next": _THEIRS | {"author"},
    "assign": _THEIRS | {"maintainer"},
    "take": _THEIRS | {"writer"},
    "ready": _THEIRS | {"author"},
    "not-yet": _THEIRS | {"author"},
    "snooze": _THEIRS | {"author"},
    "block": _THEIRS | {"author"},
    "unblock": _THEIRS | {"author"},
    "away": frozenset({"reader"}),
    "undo": frozenset({"reader"}),
    "warranty": frozenset({"reader"}),
    "thanks": frozenset({"member"}),
    "help": frozenset({"reader"}),
    "champion": frozenset({"reader"}),
    "off": frozenset({"writer"}),
    "on": frozenset({"writer"}),
    "ignore": frozenset({"writer"}),
    "recheck": frozenset({"writer"}),
    "draft": frozenset({"writer"}),
    "fix": frozenset({"writer"}),
    "yes": frozenset({"writer"}),
    "no": frozenset({"writer"}),
    "later": frozenset({"writer"}),
}
"""The roles of which one is enough. `away` and `undo` only ever concern what is the giver's own."""

_CALLED: Mapping[Role, str] = {
    "obligated": "people who are asked here",
    "member": "owners of the touched files",
    "author": "the author",
    "maintainer": "maintainers",
    "writer": "people who can write to this repository",
    "reader": "people who can read this repository",
}


def roles(person: str, state: State, access: Access) -> frozenset[Role]:
    """What somebody is to the change. Who has no access any more is nothing to it, whatever they own."""
    if access == "none":
        return frozenset()
    who = same(person)
    owing = {same(name) for slot in state.slots for name in slot.asked}
    owners = {same(name) for slot in state.slots for name in slot.owners}
    held: dict[Role, bool] = {
        "obligated": who in owing,
        "member": who in owners and who != same(state.author),
        "author": who == same(state.author),
        "maintainer": access in ("maintain", "admin"),
        "writer": can_write(access),
        "reader": True,
    }
    return frozenset(role for role, holds in held.items() if holds)


def may(verb: str, held: frozenset[Role]) -> bool:
    """Whether one of these roles is enough for the command. KeyError for a verb that does not exist."""
    return bool(MAY[verb] & held)


def may_tick(access: Access, forge: Literal["github", "gitlab"]) -> bool:
    """Whether somebody may edit another's comment, and so tick a box in it.

    GitHub: whoever can write ("Managing disruptive comments"); GitLab: Maintainers (`admin_note`).
    """
    return access in ("maintain", "admin") if forge == "gitlab" else can_write(access)


def whose(verb: str) -> str:
    """Who may give it, in words: `people who are asked here, owners of the touched files and the author`."""
    *most, last = (_CALLED[role] for role in _CALLED if role in MAY[verb])
    return f"{', '.join(most)} and {last}" if most else last
