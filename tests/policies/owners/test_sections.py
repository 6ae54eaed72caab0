"""What GitLab's headers say: how many approvals a section needs, and whether it is optional."""

from __future__ import annotations

import pytest

from policies.owners import parse


def sections(file: str, path: str) -> dict[str, tuple]:
    match = parse(file.replace("⏎", "\n").encode(), "gitlab").match(path)
    return {each.name: (each.optional, each.declared, each.approvals) for each in match.sections}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("* @a", {"codeowners": (False, 0, 1)}),
        ("[S][2] @d⏎*", {"S": (False, 2, 2)}),
        ("[S][0] @d⏎*", {"S": (False, 0, 1)}),
        ("[S][ 3 ] @d⏎*", {"S": (False, 3, 3)}),
        ("[S][1 0] @d⏎*", {"S": (False, 1, 1)}),
        ("[S][q] @d⏎* @a", {"S": (False, 0, 1)}),
        ("^[S] @d⏎*", {"S": (True, 0, 0)}),
        ("^[S][2] @d⏎*", {"S": (True, 2, 0)}),
        ("[S][99999999999999999999999] @d⏎*", {"S": (False, 1_000_000, 1_000_000)}),
    ],
)
def test_the_number_and_the_caret_of_a_header(file, expected):
    """H5: a section needs its number, at least one, and none where it is optional."""
    assert sections(file, "x") == expected


@pytest.mark.parametrize(
    ("file", "path", "expected"),
    [
        ("^[S] @d⏎*.a⏎^[S]⏎*.b @b", "x.a", (True, 0, 0)),
        ("[S] @d⏎*.a⏎^[S]⏎*.b @b", "x.b", (False, 0, 1)),
        ("^[S] @d⏎[S]⏎*.b @b", "x.b", (False, 0, 1)),
        ("[S] @d⏎^[S]⏎*.b @b", "x.b", (True, 0, 0)),
        ("[S]⏎*.b @a⏎^[S]⏎*.b @b", "x.b", (True, 0, 0)),
        ("[S][3]⏎*.a @a⏎[S][2]⏎*.b @b", "x.b", (False, 2, 2)),
    ],
)
def test_a_section_is_optional_only_if_all_its_entries_are(file, path, expected):
    """H3, H4: the number comes from the header above the entry, the caret must stand above every entry."""
    assert sections(file, path)["S"] == expected


def test_sections_come_together_in_one_answer():
    """Owners in section order, the largest number; a line only where one section answers."""
    file = parse(b"* @a\n[S][2] @d\n*.rb\n^[T] @t @a\n*.rb\n", "gitlab")
    both, one = file.match("x.rb"), file.match("x.md")
    assert (both.owners, both.approvals, both.optional) == (("@a", "@d", "@t"), 2, False)
    assert (both.line, both.text, both.pattern) == (None, None, None)
    assert (one.owners, one.approvals, one.line, one.text, one.pattern) == (("@a",), 1, 1, "* @a", "*")


def test_an_excluded_section_is_told_of_and_not_counted():
    """An exclusion names its line, asks nobody, and leaves one section to give the line."""
    match = parse(b"* @a\n[S][3] @d\n*.rb\n!/g/\n", "gitlab").match("g/x.rb")
    assert (match.matched, match.owners, match.approvals, match.line) == (True, ("@a",), 1, 1)
    excluded = match.sections[1]
    assert (excluded.name, excluded.excluded, excluded.owners, excluded.line) == ("S", True, (), 4)
    assert (excluded.text, excluded.pattern, excluded.approvals) == ("!/g/", "/g/", 0)


def test_a_path_that_only_exclusions_match_has_no_rule():
    """Nothing counts, so nothing matched."""
    match = parse(b"!/g/\n", "gitlab").match("g/x")
    assert (match.matched, match.owners, match.approvals, match.optional) == (False, (), 0, False)


def test_github_knows_neither_sections_nor_numbers():
    """No sections, nothing optional, and no number of approvals."""
    match = parse(b"* @a\n", "github").match("x")
    assert (match.sections, match.optional, match.approvals) == ((), False, None)
