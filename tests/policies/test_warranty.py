"""Whether the team of a merged change still helps with a bug that comes from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policies.facts import AuthorPlaced, ChangeMerged, ChangeOpened, Fact, OriginSeen
from policies.rules import Warranty
from policies.warranty import is_bug, named, window

MERGED = datetime(2026, 11, 23, 9, tzinfo=UTC)
OPENED = ChangeOpened(at=MERGED - timedelta(days=2), by="ana")
PLACED = AuthorPlaced(at=OPENED.at, teams=("shop/search",))
GUEST = OriginSeen(at=OPENED.at, origin="guest", guest_files=1, owned_files=1)
OWN = OriginSeen(at=OPENED.at, origin="own", owned_files=1)
MERGE = ChangeMerged(at=MERGED, by="ben")


def test_the_window_begins_with_the_merge_and_ends_before_the_thirtieth_day_is_over() -> None:
    found = window(7, (OPENED, PLACED, GUEST, MERGE), Warranty())
    assert found is not None
    assert (found.author, found.teams) == ("ana", ("shop/search",))
    days = [found.covers(MERGED + timedelta(days=day)) for day in (-1, 0, 29, 30)]
    assert days == [False, True, True, False]


@pytest.mark.parametrize(
    "story", [(), (OPENED, PLACED, GUEST), (OPENED, PLACED, OWN, MERGE), (OPENED, MERGE)]
)
def test_only_merged_changes_of_guests_have_one(story: tuple[Fact, ...]) -> None:
    assert window(7, story, Warranty()) is None


def test_no_days_are_no_warranty() -> None:
    found = window(7, (OPENED, PLACED, GUEST, MERGE), Warranty(days=0))
    assert found is not None
    assert not found.covers(MERGED)


@pytest.mark.parametrize(
    ("label", "bug"),
    [
        ("bug", True),
        ("Kind/Bug", True),
        ("type: bug", True),
        ("regression", True),
        ("debug", False),
        ("ui", False),
    ],
)
def test_a_bug_is_called_so(label: str, bug: bool) -> None:
    assert is_bug(("other", label)) is bug


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Since #12 refunds are lost.", (12,)),
        ("(#3), !4 and #3", (3, 4)),
        ("#1 #2 #3 #4", (1, 2, 3)),
        ("`#12` and\n```\n#13\n```\n<!-- #14 -->", ()),
        ("colour #12ab and shop/other#5", ()),
        ("", ()),
    ],
)
def test_changes_are_named_by_number(text: str, numbers: tuple[int, ...]) -> None:
    assert named(text) == numbers
