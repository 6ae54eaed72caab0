"""What a description says that a change waits for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies.dependencies import MOST, named, noted, open_now
from policies.facts import ChangeOpened, in_order

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "references"),
    [
        ("Depends-on: #7", ("#7",)),
        ("Text.\n\ndepends on: #7, #8 and #7\n", ("#7", "#8")),
        ("  Depends-On:\t!12", ("!12",)),
        ("It depends-on: #7", ()),
        ("> Depends-on: #7", ()),
        ("Depends-on: other/repo#7", ()),
        ("Depends-on: the weather", ()),
        ("", ()),
    ],
)
def test_lines_name_what_is_waited_for(body: str, references: tuple[str, ...]) -> None:
    assert named(body) == references


def test_only_so_many_are_heeded() -> None:
    assert len(named("Depends-on: " + " ".join(f"#{number}" for number in range(99)))) == MOST


def test_the_log_follows_what_is_named_and_open() -> None:
    log = (ChangeOpened(at=NOON, by="ana"),)
    first = noted(["#7", "#8"], log, NOON)
    assert open_now((*log, *first)) == {"#7", "#8"}
    then = noted(["#8"], (*log, *first), NOON.replace(hour=13))
    assert [(fact.ref, fact.open) for fact in then] == [("#7", False)]  # type: ignore[attr-defined]
    assert open_now(in_order((*log, *first, *then))) == {"#8"}
    assert noted(["#8"], in_order((*log, *first, *then)), NOON) == ()
