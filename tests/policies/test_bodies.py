"""What Usher posts can neither command a forge nor forge a marker, whatever texts of others are in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from policies.text import LONGEST, UnsafeText, checked, code, fenced, link, mention, sealed, sentence, user
from policies.words.sticky import owners_problem

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
    people = [f"person{number}" for number in range(16)]
    assert checked(" ".join(map(mention, people[:15])), mentions=people)
    assert checked(" ".join(code(mention(each)) for each in people))
    with pytest.raises(UnsafeText, match="crowd"):
        checked(" ".join(map(mention, people)), mentions=people)


@pytest.mark.parametrize(
    "said",
    [
        "Hello @eve.",
        "\\@eve",
        "&#64;eve",
        "| a |\n| - |\n| @eve |",
        "[@eve](x)",
        "`code` @eve",
        "` @eve\n\n`",
        "<b>@eve",
        "请@eve",
        "@@eve",
        "Seen[^1].\n\n[^1]: @eve",
        "Seen[^1].\n\n[^1]: ben\n[^1]: @eve",
        "Seen[^1].\n\n[^1]: well\n\n    @eve",
    ],
)
def test_a_comment_notifies_only_whom_it_is_meant_for(said: str) -> None:
    with pytest.raises(UnsafeText, match="would notify eve"):
        checked(f"{mention('ben')}, look: {said}" if "|" not in said else said, mentions=["Ben"])


def test_names_of_gitlab_may_begin_with_a_line_or_a_dot() -> None:
    for said in ("@_eve", "@.eve"):
        with pytest.raises(UnsafeText, match="would notify"):
            checked(said)
        assert checked(mention(said[1:]), mentions=[said[1:]])


@pytest.mark.parametrize(
    "said", ["`@eve`", "a@eve.org", "````md\n@eve\n````", "@ eve", "@...", f"{user('@eve')}"]
)
def test_what_notifies_nobody_may_be_said(said: str) -> None:
    assert checked(said)


@pytest.mark.parametrize(
    "said", ["<img src=x>", "a <!-- b -->", "<details>", "<a href=x>y</a>", "<sub onclick=x>"]
)
def test_a_comment_has_no_html_of_others(said: str) -> None:
    assert checked("<sub>ours</sub>")
    with pytest.raises(UnsafeText, match="HTML"):
        checked(said)


@pytest.mark.parametrize("marker", ["", "<!-- other -->", "<!-- usher:1:A\n/close -->"])
def test_only_a_marker_is_put_under_a_comment(marker: str) -> None:
    with pytest.raises(UnsafeText):
        sealed(checked("Hello"), marker)


def test_paths_and_quotes_are_no_commands() -> None:
    for body in ("Look at `/etc/x`", "a/b", "and/or", "> quoted", "1.5 /day"):
        assert sealed(checked(body), MARKER) == f"{body}\n\n{MARKER}"


HOSTILE = st.text(
    st.sampled_from("@e#!~%$&</>:\\`*_[]()|-+. \n\r\u2028\u202e\u200b0"), max_size=60
) | st.text(max_size=300)


@given(HOSTILE)
def test_somebodys_text_in_a_sentence_is_nothing_but_text(text: str) -> None:
    shown = user(text)
    assert checked(f"They said {shown}, and more.")
    assert checked(shown) == shown
    inline = MarkdownIt("commonmark").parse(f"They said {shown}, and more.")[1].children or []
    assert {token.type for token in inline} == {"text"}
    assert "://" not in inline[0].content


@given(HOSTILE)
def test_somebodys_text_in_a_sentence_of_ours_is_text_or_code(text: str) -> None:
    said = sentence(f"`{text}` is not a known key")
    assert checked(f"Line 3: {said}.")
    inline = MarkdownIt("commonmark").parse(f"Line 3: {said}.")[1].children or []
    assert {token.type for token in inline} <= {"text", "code_inline"}


def test_what_a_sentence_of_ours_quotes_is_shown_as_code() -> None:
    assert sentence("`bugdets` is no key; write `budgets` or *none*") == (
        "`bugdets` is no key; write `budgets` or \\*none\\*"
    )
    assert sentence("`a`b` is not a known key") == user("`a`b` is not a known key")


def test_one_line_is_spoken_of_as_one() -> None:
    assert owners_problem("CODEOWNERS", 1) == "`CODEOWNERS` has 1 line that cannot be read; it names nobody."
    assert (
        owners_problem("CODEOWNERS", 2) == "`CODEOWNERS` has 2 lines that cannot be read; they name nobody."
    )


@given(HOSTILE)
def test_nothing_ends_a_block_of_code(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(fenced(text, "md"))
    assert [token.type for token in tokens] == ["fence"]


@given(HOSTILE)
def test_an_address_ends_no_link(text: str) -> None:
    shown = MarkdownIt("commonmark").parse(f"See {link('here', f'/blob/{text}')}.")[1].children or []
    assert [token.type for token in shown] == ["text", "link_open", "text", "link_close", "text"]


@given(st.text(max_size=300))
def test_somebodys_text_in_code_never_makes_a_comment_unsafe(text: str) -> None:
    body = checked(f"{code(text)} was changed, said {code(text)}.") if "usher:" not in text.casefold() else ""
    assert "\n/" not in body
