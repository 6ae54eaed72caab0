"""What sharing won in a month: a draft for a person to post, every number with what it is counted from."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.insights.measures import Outcome
from policies.text import code, counted


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged change of a guest, with its page on the forge."""

    outcome: Outcome
    title: str
    page: str


@dataclass(frozen=True, slots=True)
class Month:
    """Everything won in one month. Where all is empty there is nothing to tell, and no digest."""

    year: int
    month: int
    merges: tuple[Merge, ...] = ()
    new_guests: tuple[str, ...] = ()
    promises_kept: int = 0
    cleared: tuple[tuple[str, str, str], ...] = ()

    @property
    def name(self) -> str:
        return f"{month_name[self.month]} {self.year}"

    @property
    def any(self) -> bool:
        return bool(self.merges or self.new_guests or self.promises_kept or self.cleared)

    @property
    def teams(self) -> tuple[str, ...]:
        """The teams that gave and took."""
        found = {team for each in self.merges for team in (*each.outcome.teams, *each.outcome.owners)}
        return tuple(sorted(found))


def month_of(
    year: int,
    month: int,
    merged: Iterable[tuple[Outcome, str, str]],
    earlier_guests: frozenset[str],
    promises_kept: int,
    cleared: Sequence[tuple[str, str, str]],
) -> Month:
    """What the rows of a month say; a guest is new whose first merge as a guest was in it."""
    merges = tuple(Merge(each, title, page) for each, page, title in merged if each.is_guest)
    authors = {each.outcome.author.lower(): each.outcome.author for each in merges}
    new = tuple(authors[key] for key in sorted(authors) if key not in earlier_guests)
    return Month(year, month, merges, new, promises_kept, tuple(cleared))


def draft(won: Month) -> str:
    """The digest as Markdown; empty where nothing was won. It says nothing negative and names nobody's numbers."""
    if not won.any:
        return ""
    lines = [f"# What sharing won us in {won.name}", ""]
    if won.merges:
        count, places = len(won.merges), len({each.outcome.repository for each in won.merges})
        lines.append(
            f"- **{counted(count, 'change')} from other teams** came in, "
            f"in {counted(places, 'repository', 'repositories')}:"
        )
        for each in won.merges:
            where = f"{each.outcome.repository}#{each.outcome.number}"
            link = f"[{where}]({each.page})" if each.page else where
            lines.append(f"  - {link} {code(each.title)}")
    if won.new_guests:
        names = ", ".join(f"`{name}`" for name in won.new_guests)
        lines.append(f"- **{counted(len(won.new_guests), 'new guest')}**: welcome, {names}!")
    if won.promises_kept:
        lines.append(f"- **{counted(won.promises_kept, 'promise')}** of a first answer kept.")
    if won.cleared:
        lines.append(f"- **{counted(len(won.cleared), 'finding')} mended** in owners files and guides.")
    return "\n".join([*lines, "", "Thank you all."])
