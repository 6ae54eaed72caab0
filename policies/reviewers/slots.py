"""Which areas of a change need somebody's answer: its files, put together by who owns them."""

from __future__ import annotations

from policies.facts import same
from policies.reviewers.values import FALLBACK, OwnersMatch, Slot


def slots(matches: tuple[OwnersMatch, ...]) -> tuple[Slot, ...]:
    """The slots of a change, by name; files without owners are in the slot `fallback`.

    A slot's name is its owners as written, sorted, behind GitLab's section: `@api @ben`, `[Docs] @ana`.
    Optional rules (`need` 0) make no slot.
    """
    found: dict[str, list[OwnersMatch]] = {}
    for match in matches:
        if match.need > 0:
            found.setdefault(_slot_name(match), []).append(match)
    return tuple(_slot(name, found[name]) for name in sorted(found))


def _slot_name(match: OwnersMatch) -> str:
    if not match.people and not match.owners:
        return FALLBACK
    owners = " ".join(sorted(match.owners, key=same))
    return f"[{match.section}] {owners}" if match.section else owners


def _slot(name: str, matches: list[OwnersMatch]) -> Slot:
    people = {same(person): person for match in reversed(matches) for person in match.people}
    return Slot(
        name=name,
        people=tuple(people[key] for key in sorted(people)),
        need=max(match.need for match in matches) if name != FALLBACK else 1,
        owners=matches[0].owners,
        files=tuple(sorted({match.path for match in matches})),
    )


def owners_in(name: str) -> tuple[str, ...]:
    """The owners, as the file writes them, that a slot's name tells."""
    owners = name.rpartition("] ")[2] if name.startswith("[") else name
    return tuple(owners.split())
