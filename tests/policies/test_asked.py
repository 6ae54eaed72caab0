"""Whoever is named as waited for is waited for by the clock, and by nobody else's book."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.asked import everybody
from policies.facts import Fact, in_order
from tests.policies.clocks.telling import (
    API,
    WEB,
    asked,
    begun,
    command,
    commented,
    dismissed,
    reviewed,
    state,
    terms,
    unasked,
)

NOON = "11-23 12:00"


def standings(facts: list[Fact], now: str = "11-23 13:00") -> dict[str, str]:
    log = in_order(facts)
    return {each.ask.who: each.standing for each in everybody(log, state(log, now))}


@pytest.mark.parametrize(
    ("people", "happened", "then"),
    [
        (("ben",), [], {"ben": "awaited"}),
        (("ben", "cyd"), [commented(NOON, "ben")], {"ben": "commented", "cyd": "freed"}),
        (("ben", "cyd"), [reviewed(NOON, "ben", "approved")], {"ben": "approved", "cyd": "freed"}),
        (("ben",), [commented(NOON, "ben", answers=False)], {"ben": "awaited"}),
        (("ben",), [command(NOON, "ben", "decline")], {}),
        (("ben",), [unasked(NOON, "ben")], {}),
        (("ben", "zoe"), [], {"ben": "awaited", "zoe": "asked"}),
        (("ben",), [reviewed(NOON, "ben", "changes_requested")], {"ben": "changes_requested"}),
    ],
    ids=["asked", "comment", "approval", "emoji", "declined", "taken off", "owns nothing", "objects"],
)  # fmt: skip
def test_where_everybody_stands(people: tuple[str, ...], happened: list[Fact], then: dict[str, str]) -> None:
    assert standings([*begun("11-23 09:00", *people), *happened]) == then


def test_an_opinion_stands_until_it_is_set_aside() -> None:
    """A comment after an approval leaves it; once that is dismissed, what was said is left."""
    yes = reviewed(NOON, "ben", "approved")
    told = [*begun("11-23 09:00", "ben"), yes, reviewed("11-23 12:10", "ben")]
    assert standings(told) == {"ben": "approved"}
    assert standings([*told, dismissed("11-23 12:20", yes)]) == {"ben": "commented"}


def test_who_is_asked_again_is_awaited_again() -> None:
    no = reviewed("11-23 10:00", "ben", "changes_requested")
    again = asked("11-23 10:30", "ben")
    assert standings([*begun("11-23 09:00", "ben"), no, again]) == {"ben": "awaited"}


WHO = st.sampled_from(["ben", "cyd", "dot", "eve", "zoe"])
MINUTES = st.integers(0, 59).map(lambda minute: f"11-23 10:{minute:02}")
HAPPENED = st.one_of(
    st.builds(asked, MINUTES, WHO),
    st.builds(unasked, MINUTES, WHO),
    st.builds(commented, MINUTES, WHO),
    st.builds(reviewed, MINUTES, WHO, st.sampled_from(["approved", "changes_requested", "commented"])),
    st.builds(command, MINUTES, WHO, st.sampled_from(["decline", "next", "ack"])),
)


@given(st.lists(HAPPENED, max_size=12))
def test_exactly_those_are_awaited_who_owe_an_answer_by_the_clock(happened: list[Fact]) -> None:
    log = in_order([*begun("11-23 09:00", "ben", chosen=(API, WEB)), *happened])
    now = state(log, "11-23 13:00", terms())
    owing = {each.party for each in now.obligations if each.ledger == "person" and each.open}
    assert set(now.awaited) == owing
    if now.turn.row == 7:
        assert set(now.turn.parties) == owing
    for each in everybody(log, now):
        assert (each.standing == "awaited") == (each.ask.who in owing)
