"""Why a path has its owners, in every word that an explanation can say."""

from __future__ import annotations

import pytest

from policies.owners import Dialect, parse


def told(file: str, path: str, dialect: Dialect) -> list[tuple]:
    explained = parse(file.replace("⏎", "\n").encode(), dialect).explain(path)
    return [(line.line, line.outcome, line.by or line.kind) for line in explained.considered]


@pytest.mark.parametrize(
    ("file", "path", "expected"),
    [
        ("* @a", "x", [(1, "won", None)]),
        ("* @a⏎/d/ @d⏎/e/ @e", "d/x", [(1, "overridden", 2), (2, "won", None)]),
        ("* @a⏎/d/⏎", "d/x", [(1, "overridden", 2), (2, "won", None)]),
        ("* @a⏎*.py @ok dev", "x.py", [(1, "won", None), (2, "skipped", "Invalid owner")]),
        ("* @a⏎!x @b", "x", [(1, "won", None), (2, "skipped", "Invalid pattern")]),
        ("* @a⏎/ @b", "x", [(1, "won", None), (2, "skipped", "Invalid pattern")]),
        ("/[id]/p @b", "[id]/p", [(1, "skipped", "Invalid pattern")]),
        ("/[id]/p @b", "i/p", []),
    ],
)
def test_github(file, path, expected):
    """Every line that matches, in the file's order, and those that would if GitHub did not skip them."""
    assert told(file, path, "github") == expected


@pytest.mark.parametrize(
    ("file", "path", "expected"),
    [
        ("* @a⏎[S]⏎*.md @m⏎/d/ @d", "d/x.md", [(1, "won", None), (3, "overridden", 4), (4, "won", None)]),
        ("* @a⏎!*.md⏎/d/ @d", "d/x.md", [(1, "excluded", 2), (2, "won", None), (3, "excluded", 2)]),
        ("*.md @a⏎/d/ @d⏎*.md @b", "d/x.md", [(1, "overridden", 3), (2, "won", None), (3, "overridden", 2)]),
        ("!/d/⏎/d/ @d", "d/x", [(1, "overridden", 2), (2, "won", None)]),
    ],
)
def test_gitlab(file, path, expected):
    """Sections decide one by one; a repeated pattern lost to the line that took its place."""
    assert told(file, path, "gitlab") == expected


def test_gitlab_names_the_section_of_each_line():
    """A line is told with its section and its own owners."""
    explained = parse(b"* @a\n[S] @s\n*.md\n", "gitlab").explain("x.md")
    assert [(line.section, line.owners) for line in explained.considered] == [
        ("codeowners", ("@a",)),
        ("S", ("@s",)),
    ]


@pytest.mark.parametrize(
    ("file", "path", "dialect", "expected"),
    [
        ("/Docs/ @a", "docs/x", "github", [(1, "case")]),
        ("apps/ @a", "apps", "github", [(1, "trailing_slash")]),
        ("/src/api/ @a", "mono/src/api/x", "github", [(1, "anchoring")]),
        ("docs/* @a", "docs/a/b", "github", []),
        ("/app/[ab] @a", "app/a", "github", []),
        ("!/app/x @a", "app/y", "github", []),
        ("/docs/ @a⏎/docs @b", "docs/x", "gitlab", [(2, "trailing_slash")]),
        ("/x.md @a", "d/x.md", "gitlab", [(1, "anchoring")]),
        ("*.RB @a", "x.rb", "gitlab", [(1, "case")]),
        ("/docs/** @a", "docs/a/b", "gitlab", [(1, "dialect")]),
        ("/x/b* @a", "x/bc/d", "gitlab", [(1, "dialect")]),
        ("foo/* @a", "x/foo/b", "github", [(1, "anchoring")]),
        ("* @a", "x", "github", []),
    ],
)
def test_near_misses(file, path, dialect, expected):
    """A line that would match if one thing were different says which."""
    explained = parse(file.replace("⏎", "\n").encode(), dialect).explain(path)
    assert [(miss.line, miss.why) for miss in explained.near_misses] == expected


def test_there_are_at_most_five_near_misses_the_latest_lines_first():
    """Who asks why wants the near lines, not all of them."""
    explained = parse(b"/A/ @a\n" * 9, "github").explain("a/x")
    assert [miss.line for miss in explained.near_misses] == [9, 8, 7, 6, 5]


def test_a_file_that_was_not_read_explains_itself_by_its_status():
    """Nothing is considered in a binary file."""
    explained = parse(b"\0", "github").explain("x")
    assert (explained.owners, explained.considered, explained.match.refused) == ((), (), "binary")
