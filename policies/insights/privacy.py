"""Small groups are not told apart: whoever could be recognised by a number is not shown by it."""

from __future__ import annotations

from collections.abc import Mapping

OTHER = "other"


def folded(sizes: Mapping[str, int], least: int) -> dict[str, str]:
    """Group → the name under which it is shown. Groups with fewer than `least` people fold into "other".

    Where exactly one folds, "other" would name it all the same, so the next smallest joins it.
    """
    small = [name for name, people in sizes.items() if people < least]
    if len(small) == 1:
        rest = sorted((people, name) for name, people in sizes.items() if name not in small)
        small += [name for _, name in rest[:1]]
    return {name: OTHER if name in small else name for name in sizes}
