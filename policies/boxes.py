"""Boxes in a change's one comment, which say by one click what a command says: ticked ones are found here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from policies.facts import CommandTyped

BOXES: Mapping[str, str] = {
    "ready": "Ready for another look",
    "ack": "Later: I will answer within one working day",
    "decline": "Not me: please ask somebody else",
}
"""Each command that has a box, with the words beside it; by these a box is known again."""

_BOX = re.compile(r"^[-*+] \[([ xX])\] (.+?)\s*$", re.MULTILINE)


def box(verb: str) -> str:
    """The box of a command, as Markdown, not ticked. KeyError where it has none."""
    return f"- [ ] {BOXES[verb]}"


def ticked(before: str | None, after: str) -> tuple[str, ...]:
    """The commands whose boxes were ticked by an edit. `before` is None where it is not known: then all that are."""
    earlier = _ticked(before) if before is not None else frozenset()
    now = _ticked(after)
    return tuple(verb for verb in BOXES if verb in now - earlier)


def clicks(by: str, remark_id: int, at: datetime, before: str | None, after: str) -> tuple[CommandTyped, ...]:
    """What an edit of a comment says by its boxes, in the words of commands; `before` as in `ticked`."""
    return tuple(
        CommandTyped(
            at=at, by=by, where="box", remark_id=remark_id, line=int(at.timestamp()) + place, text=verb
        )
        for place, verb in enumerate(ticked(before, after))
    )


def _ticked(body: str) -> frozenset[str]:
    marked = {words for mark, words in _BOX.findall(body) if mark != " "}
    return frozenset(verb for verb, words in BOXES.items() if words in marked)
