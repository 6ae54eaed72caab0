"""What sharing won in a month: a draft for a person to post, every number with what it is counted from."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from policies.text import code, counted

MOST_NAMED = 15
"""Changes, repositories or people that a draft names; of more it says how many."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged change of a guest, with its page on the forge."""

    repository: str
    number: int
    title: str
    page: str
    teams: tuple[str, ...]
    owners: tuple[str, ...]
    merged_at: datetime

    @property
    def name(self) -> str:
        """As its forge writes it."""
        return f"{self.repository}{'!' if '/-/merge_requests/' in self.page else '#'}{self.number}"


@dataclass(frozen=True, slots=True)
class Gained:
    """A repository that began to use a package of another team's."""

    consumer: str
    provider: str
    package: str


@dataclass(frozen=True, slots=True)
class Month:
    """Everything won in one month. Where all is empty there is nothing to tell, and no digest.

    `places` is how many changes of guests were merged in each repository, most first; `merges` are the latest.
    """

    year: int
    month: int
    places: tuple[tuple[str, int], ...] = ()
    merges: tuple[Merge, ...] = ()
    new_guests: tuple[str, ...] = ()
    gained: tuple[Gained, ...] = ()
    promises_kept: int = 0
    cleared: int = 0

    @property
    def name(self) -> str:
        return f"{month_name[self.month]} {self.year}"

    @property
    def merged(self) -> int:
        """Changes of guests."""
        return sum(number for _, number in self.places)

    @property
    def any(self) -> bool:
        return bool(self.places or self.new_guests or self.gained or self.promises_kept or self.cleared)


def draft(won: Month, *, titled: bool = True) -> str:
    """The digest as Markdown; empty where nothing was won. It says nothing negative and names nobody's numbers."""
    if not won.any:
        return ""
    lines = [f"# What sharing won us in {won.name}", ""] if titled else []
    lines += _merged(won)
    if won.new_guests:
        names = _some([f"`{name}`" for name in won.new_guests])
        lines.append(f"- **{counted(len(won.new_guests), 'new guest')}**: welcome, {names}!")
    if won.gained:
        lines.append(
            f"- **{counted(len(won.gained), 'repository', 'repositories')} more** built on shared code:"
        )
        lines += [
            f"  - {each.consumer} uses {code(each.package)} of {each.provider}"
            for each in won.gained[:MOST_NAMED]
        ]
        lines += _more(len(won.gained) - MOST_NAMED)
    if won.promises_kept:
        lines.append(f"- **{counted(won.promises_kept, 'promise')}** of an answer kept.")
    if won.cleared:
        lines.append(f"- **{counted(won.cleared, 'finding')} mended** in owners files and guides.")
    return "\n".join([*lines, "", "Thank you all."])


def _merged(won: Month) -> list[str]:
    """What was merged, change by change where these are few, else repository by repository."""
    if not won.merged:
        return []
    came = f"**{counted(won.merged, 'change')} from other teams** came in"
    lines = [f"- {came}, in {counted(len(won.places), 'repository', 'repositories')}:"]
    if won.merged <= min(MOST_NAMED, len(won.merges)):
        for each in won.merges:
            link = f"[{each.name}]({each.page})" if each.page else each.name
            lines.append(f"  - {link} {code(each.title)}")
        return lines
    lines += [f"  - {name}: {counted(number, 'change')}" for name, number in won.places[:MOST_NAMED]]
    return lines + _more(len(won.places) - MOST_NAMED)


def _more(number: int) -> list[str]:
    return [f"  - and {number} more"] if number > 0 else []


def _some(names: Sequence[str]) -> str:
    left = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
