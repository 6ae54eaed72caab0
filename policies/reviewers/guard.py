"""Whether a change is too large to ask anybody about."""

from __future__ import annotations

from policies.facts import same
from policies.reviewers.values import Slot
from policies.rules import Reviews


def too_large(files: int, wanted: tuple[Slot, ...], reviews: Reviews) -> str:
    """Why nobody should be asked, in words that follow "because"; empty: the change is not too large.

    Usually a wrong base branch or a sweep over the whole tree, and never a reason to wake everybody.
    """
    if files > reviews.max_files:
        return f"it touches {files:,} files, more than {reviews.max_files:,}"
    people = people_needed(wanted)
    if people > reviews.max_people:
        return f"it needs answers of {people} people, more than {reviews.max_people}"
    return ""


def people_needed(wanted: tuple[Slot, ...]) -> int:
    """How many people it takes to answer for every slot, counted by always taking whoever covers most.

    A slot without owners needs one person.
    """
    open_needs = {slot.name: min(slot.need, len(slot.people)) for slot in wanted if slot.people}
    covers: dict[str, set[str]] = {}
    for slot in wanted:
        for person in slot.people:
            covers.setdefault(same(person), set()).add(slot.name)
    taken = 0
    while any(open_needs.values()):
        best = max(sorted(covers), key=lambda person: sum(open_needs[name] > 0 for name in covers[person]))
        for name in covers.pop(best):
            open_needs[name] = max(0, open_needs[name] - 1)
        taken += 1
    return taken + any(not slot.people for slot in wanted)
