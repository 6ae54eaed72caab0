"""Which areas of a change lack people who could answer for them, though there would be room for more."""

from __future__ import annotations

from dataclasses import dataclass

from policies.clocks import SlotState, State
from policies.facts import same


@dataclass(frozen=True, slots=True)
class Lacking:
    """An area that wants more answers than people can be asked for it; `people` are all that can."""

    slot: str
    need: int
    people: tuple[str, ...]


def lacking(state: State, most: int) -> tuple[Lacking, ...]:
    """These areas, once everybody who can be was asked. `most`: how many people are busy with a change at once.

    Where so many are, an area without anybody only waits until one of them has answered.
    """
    wanting = [slot for slot in state.slots if not slot.satisfied]
    busy = {same(person) for slot in wanting for person in _engaged(slot)}
    if len(busy) >= most:
        return ()
    return tuple(
        Lacking(slot.name, slot.need, people) for slot in wanting if len(people := _engaged(slot)) < slot.need
    )


def _engaged(slot: SlotState) -> tuple[str, ...]:
    return tuple(sorted({*slot.asked, *slot.responded, *slot.approvals}, key=same))
