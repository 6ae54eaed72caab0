"""Small groups are not told apart: whoever could be recognised by a number is not shown by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an organisation agreed on about measuring, as its rules' `metrics` say.

    `window`: over which time measures look back. `least`: people in a group that is shown by itself. `retain`:
    after which time people's names give way to pseudonyms.
    """

    window: timedelta = timedelta(days=90)
    least: int = 5
    retain: timedelta = timedelta(days=400)


def strictest(terms: Iterable[Terms]) -> Terms:
    """What holds for somebody who looks at several organisations at once: whichever shows least of people."""
    known = tuple(terms)
    if not known:
        return Terms()
    return Terms(
        max(each.window for each in known),
        max(each.least for each in known),
        min(each.retain for each in known),
    )


def folded(sizes: Mapping[str, int], least: int) -> dict[str, str]:
    """Group → the name under which it is shown. Groups with fewer than `least` people fold into "other".

    Where exactly one folds, "other" would name it all the same, so the next smallest joins it.
    """
    small = [name for name, people in sizes.items() if people < least]
    if len(small) == 1:
        rest = sorted((people, name) for name, people in sizes.items() if name not in small)
        small += [name for _, name in rest[:1]]
    return {name: OTHER if name in small else name for name in sizes}
