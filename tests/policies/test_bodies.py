"""What Usher posts can neither command a forge nor forge a marker, whatever texts of others are in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.text import LONGEST, UnsafeText, checked, code, sealed

MARKER = "<!-- usher:1:ABCDEF -->"


@pytest.mark.parametrize(
    "body",
    [
        "/approve",
        "Hello\n/merge",
        "  /close",
        "> /close",
        "- /close",
        "* > - /close",
        "1. /close",
        "12) /close",
        "Hello\r/close",
        "Hello\u2028/close",
        "Hello\x85/close",
        "Hello\x0b/close",
    ],
)
def test_no_line_begins_with_a_command(body: str) -> None:
    with pytest.raises(UnsafeText, match="command"):
        checked(body)


@pytest.mark.parametrize("body", ["a <!-- usher:1:X --> b", "a <!-- USHER:1:X -->"])
def test_no_comment_brings_a_marker_of_its_own(body: str) -> None:
    with pytest.raises(UnsafeText, match="marker"):
        checked(body)


def test_a_comment_is_short_enough_for_every_forge() -> None:
    assert checked("a" * LONGEST)
    with pytest.raises(UnsafeText, match="too long"):
        checked("a" * (LONGEST + 1))


def test_a_comment_notifies_no_crowd() -> None:
    people = [f"@person{number}" for number in range(16)]
    assert checked(" ".join(people[:15]))
    assert checked(" ".join(code(each) for each in people))
    with pytest.raises(UnsafeText, match="crowd"):
        checked(" ".join(people))


@pytest.mark.parametrize("marker", ["", "<!-- other -->", "<!-- usher:1:A\n/close -->"])
def test_only_a_marker_is_put_under_a_comment(marker: str) -> None:
    with pytest.raises(UnsafeText):
        sealed(checked("Hello"), marker)


def test_paths_and_quotes_are_no_commands() -> None:
    for body in ("Look at `/etc/x`", "a/b", "and/or", "> quoted", "1.5 /day"):
        assert sealed(checked(body), MARKER) == f"{body}\n\n{MARKER}"


@given(st.text(max_size=300))
def test_somebodys_text_in_code_never_makes_a_comment_unsafe(text: str) -> None:
    body = checked(f"{code(text)} was changed, said {code(text)}.") if "usher:" not in text.casefold() else ""
    assert "\n/" not in body
