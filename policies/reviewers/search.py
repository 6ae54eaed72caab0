"""The best few of many who could be asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod

EXACT_UP_TO = 4096
"""The largest number of states for which the choice is exact; beyond it people are picked one by one."""

_Total = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody who may be picked: for which slots (by index), and their rank."""

    person: str
    slots: frozenset[int]
    trusted: bool
    level: int
    load: int
    seed: int
    because: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, int, int]:
        """What is added up over everybody picked; less is better."""
        return (-self.level, self.load, self.seed)


def best(
    entrants: tuple[Entrant, ...], needs: tuple[int, ...], room: int, *, guide: bool
) -> tuple[Entrant, ...]:
    """The best set of at most `room` people for what each slot still needs; `entrants` are sorted by rank.

    Best is what leaves the fewest answers open, then (where a `guide` is wanted) has a trusted committer,
    then is the fewest people, then has the least sum of ranks.
    """
    states = prod(need + 1 for need in needs) * (room + 1)
    search = _exactly if states <= EXACT_UP_TO else _greedily
    return search(entrants, needs, room, guide=guide)


def _exactly(
    entrants: tuple[Entrant, ...], needs: tuple[int, ...], room: int, *, guide: bool
) -> tuple[Entrant, ...]:
    """The best set by a dynamic program over what is still needed, by how many people, and with a guide.

    Ranks add up, so of two sets that leave the same open only the better one can be part of the best.
    """
    start = (needs, 0, not guide)
    best: dict[tuple[tuple[int, ...], int, bool], tuple[_Total, tuple[Entrant, ...]]] = {
        start: ((0, 0, 0), ())
    }
    for entrant in _competitive(entrants, room):
        for (open_needs, count, guided), (total, people) in list(best.items()):
            if count == room:
                continue
            left = tuple(max(0, need - (index in entrant.slots)) for index, need in enumerate(open_needs))
            state = (left, count + 1, guided or entrant.trusted)
            offer = (_sum(total, entrant.rank), (*people, entrant))
            if state not in best or offer[0] < best[state][0]:
                best[state] = offer
    state = min(best, key=lambda state: (sum(state[0]), not state[2], state[1], best[state][0]))
    return best[state][1]


def _competitive(entrants: tuple[Entrant, ...], room: int) -> list[Entrant]:
    """Without those who could never be picked: enough better people answer for exactly the same."""
    kept: list[Entrant] = []
    seen: Counter[tuple[frozenset[int], bool]] = Counter()
    for entrant in entrants:
        seen[entrant.slots, entrant.trusted] += 1
        if seen[entrant.slots, entrant.trusted] <= room:
            kept.append(entrant)
    return kept


def _greedily(
    entrants: tuple[Entrant, ...], needs: tuple[int, ...], room: int, *, guide: bool
) -> tuple[Entrant, ...]:
    """A good set, one person after the other: whoever leaves least open, then the better ranked."""
    chosen: list[Entrant] = []
    left, guided = needs, not guide
    rest = list(entrants)
    while rest and len(chosen) < room and (any(left) or not guided):
        gains = {
            entrant: (sum(1 for index in entrant.slots if left[index]), entrant.trusted and not guided)
            for entrant in rest
        }
        entrant = min(rest, key=lambda each: (-gains[each][0], not gains[each][1], each.rank))
        if not any(gains[entrant]):
            break
        chosen.append(entrant)
        rest.remove(entrant)
        left = tuple(max(0, need - (index in entrant.slots)) for index, need in enumerate(left))
        guided = guided or entrant.trusted
    return tuple(sorted(chosen, key=lambda entrant: entrant.rank))


def _sum(one: _Total, other: _Total) -> _Total:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2])
