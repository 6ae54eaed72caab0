"""How an area of a change is named to people."""

from __future__ import annotations

from policies.reviewers.values import FALLBACK
from policies.text import Plain, Said, code

UNOWNED = "files without an owner"


def area(slot: str) -> Said:
    """An area in a comment: by its owners, as the file writes them."""
    return UNOWNED if slot == FALLBACK else code(slot)


def plain_area(slot: str) -> Plain:
    """The same where nothing is Markdown."""
    return UNOWNED if slot == FALLBACK else slot
