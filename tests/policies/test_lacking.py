"""Where an area wants more answers than anybody can give, that is seen at once, and not after they were waited for."""

from __future__ import annotations

import pytest

from policies.facts import Fact
from policies.lacking import lacking
from tests.policies.clocks.telling import API, WEB, begun, command, commented, reviewed, state

PAIR = ("[Docs] @ana @ben", 2, ("ana", "ben"))
NOON = "11-23 12:00"


@pytest.mark.parametrize(
    ("chosen", "asked", "happened", "then"),
    [
        ((PAIR,), ("ben",), [], [(PAIR[0], 2, ("ben",))]),
        ((PAIR,), ("ben",), [reviewed(NOON, "ben", "approved")], [(PAIR[0], 2, ("ben",))]),
        ((PAIR,), ("ben",), [command(NOON, "ben", "decline")], [(PAIR[0], 2, ())]),
        ((API, WEB), ("ben",), [], [("@web", 1, ())]),
        ((API, WEB), ("ben", "dot"), [], []),
        ((API, WEB), ("ben", "dot"), [reviewed(NOON, "ben", "approved")], []),
        ((API,), ("ben",), [commented(NOON, "ben")], []),
    ],
    ids=["one of two", "approved", "declined", "nobody for one", "all asked", "one done", "undecided"],
)  # fmt: skip
def test_what_lacks_people(
    chosen: tuple[tuple[str, int, tuple[str, ...]], ...],
    asked: tuple[str, ...],
    happened: list[Fact],
    then: list[tuple[str, int, tuple[str, ...]]],
) -> None:
    now = state([*begun("11-23 09:00", *asked, chosen=chosen), *happened], "11-23 13:00")
    assert [(each.slot, each.need, each.people) for each in lacking(now, 4)] == then


def test_an_area_that_waits_for_room_lacks_nothing() -> None:
    now = state(begun("11-23 09:00", "ben", chosen=(API, WEB)), "11-23 13:00")
    assert lacking(now, 1) == ()
