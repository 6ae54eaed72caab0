"""Boxes that were ticked in the change's one comment."""

from __future__ import annotations

import pytest

from policies.boxes import BOXES, box, ticked

PLAIN = "Hello.\n\n" + "\n".join(box(verb) for verb in BOXES)
DONE = PLAIN.replace("[ ]", "[x]")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (PLAIN, PLAIN, ()),
        (PLAIN, PLAIN.replace("[ ] Not me", "[x] Not me"), ("decline",)),
        (PLAIN, PLAIN.replace("[ ] Later", "[X] Later"), ("ack",)),
        (PLAIN, DONE, ("ready", "ack", "decline")),
        (DONE, DONE, ()),
        (DONE, PLAIN, ()),
        (None, DONE, ("ready", "ack", "decline")),
        (PLAIN, "- [x] Something else\n", ()),
        (PLAIN, "> - [x] Ready for another look\n", ()),
        (PLAIN, "", ()),
    ],
)
def test_what_an_edit_ticked(before: str | None, after: str, found: tuple[str, ...]) -> None:
    assert ticked(before, after) == found
