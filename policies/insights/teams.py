"""Teams side by side: who gives to whom, and how long each lets guests wait; small teams folded into "other"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from policies.insights import measures
from policies.insights.measures import Attainment, Group
from policies.insights.privacy import OTHER, folded
from policies.insights.survival import Quantile, median, p85


def unnamed(seen: Sequence[Group], sizes: Mapping[str, int], least: int) -> dict[str, str]:
    """Team → the name under which it is shown. A team whose size is not known counts as small."""
    teams = {team for each in seen for team in (*each.teams, *each.owners)}
    return folded({team: sizes.get(team, 0) for team in sorted(teams)}, least)


@dataclass(frozen=True, slots=True)
class Table:
    """F[a→b] as rows of givers and columns of takers; `most` is the largest cell, by which they are shaded."""

    names: tuple[str, ...]
    cells: Mapping[tuple[str, str], Fraction]
    most: Fraction
    flow: measures.Flow

    def shade(self, giver: str, taker: str) -> int:
        """0 for nothing to 5 for the most."""
        amount = self.cells.get((giver, taker), Fraction(0))
        return 0 if not amount or not self.most else max(1, round(5 * amount / self.most))


def table(seen: Sequence[Group], names: Mapping[str, str]) -> Table:
    """Who gave merged work to whom."""
    made = measures.flow(seen)
    cells: dict[tuple[str, str], Fraction] = {}
    for (giver, taker), amount in made.cells.items():
        key = (names.get(giver, OTHER), names.get(taker, OTHER))
        cells[key] = cells.get(key, Fraction(0)) + amount
    everybody = {name for pair in cells for name in pair}
    ordered = tuple(sorted(everybody, key=lambda name: (name == OTHER, name)))
    return Table(ordered, cells, max(cells.values(), default=Fraction(0)), made)


@dataclass(frozen=True, slots=True)
class TeamLine:
    """One team as an owner: what came to it, how long guests waited, what it kept, gave and took."""

    team: str
    changes: int
    guests: int
    guest_median: Quantile | None
    guest_p85: Quantile | None
    attainment: Attainment
    given: float
    taken: float


def lines(seen: Sequence[Group], names: Mapping[str, str]) -> tuple[TeamLine, ...]:
    """One line for each team that is shown, in the order of the alphabet: nothing is ranked."""
    shown = table(seen, names)
    owned_by: dict[str, list[Group]] = {}
    for each in seen:
        for name in {names[owner] for owner in each.owners if owner in names}:
            owned_by.setdefault(name, []).append(each)
    found = []
    for team in sorted(set(names.values()), key=lambda name: (name == OTHER, name)):
        owned = owned_by.get(team, [])
        guest = measures.waits(owned, guests=True)
        given = sum(amount for (a, b), amount in shown.cells.items() if a == team and b != team)
        taken = sum(amount for (a, b), amount in shown.cells.items() if b == team and a != team)
        found.append(
            TeamLine(
                team,
                sum(each.changes for each in owned),
                len(guest),
                median(guest),
                p85(guest),
                measures.attainment(owned),
                float(given),
                float(taken),
            )
        )
    return tuple(found)
