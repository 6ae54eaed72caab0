"""Lines that the forge takes, and that still do not do what their author thinks."""

from __future__ import annotations

import pytest

from policies.owners import parse
from policies.owners.coverage import coverage, matches_nothing
from policies.owners.differences import differs
from policies.owners.recent import RecentFiles
from policies.owners.shadows import shadowed

TREE = ["README.md", "docs/a", "docs/b/c.md", "src/api/x.rb", "mono/src/api/y.rb", "x.rb/readme", "v1/a"]


def read(file, dialect):
    return parse(file.replace("⏎", "\n").encode(), dialect)


# --- Differs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "dialect", "expected"),
    [
        ("/docs @x", "github", [(1, "/docs/")]),
        ("/docs @x", "gitlab", [(1, "/docs/")]),
        ("docs @x", "github", [(1, "docs/")]),
        ("/docs/ @x", "github", []),
        ("/README.md @x", "github", []),
        ("/docs/** @x", "github", [(1, "/docs/")]),
        ("docs/** @x", "gitlab", [(1, "/docs/")]),
        ("/** @x", "gitlab", [(1, "*")]),
        ("** @x", "github", []),
        ("src/api/ @x", "github", [(1, "/src/api/")]),
        ("docs/* @x", "gitlab", [(1, "/docs/*")]),
        ("/docs/* @x", "gitlab", []),
        ("**/api/ @x", "github", []),
        ("*.rb @x", "github", [(1, None)]),
        ("*.md @x", "github", []),
        ("/v? @x", "gitlab", [(1, None)]),
        ("/ @x", "github", [(1, "*")]),
        ("/ @x", "gitlab", [(1, "*")]),
        ("/app/[id]/p @x", "github", [(1, r"/app/\[id\]/p")]),
        ("/app/[id]/p @x", "gitlab", [(1, r"/app/\[id\]/p")]),
        (r"/app/\[id\]/p @x", "gitlab", []),
        (r"\#f @x", "github", [(1, None)]),
        (r"\#f @x", "gitlab", [(1, None)]),
        ("*.md @x # ask @b", "github", [(1, None)]),
        ("*.md @x # the owner", "github", []),
        ("*.md @x # ask @b", "gitlab", [(1, None)]),
        ("*.md @a⏎/docs/ @b⏎*.md @c", "github", [(3, None)]),
        ("*.md @a⏎*.md @c", "github", []),
        ("*.md @a⏎/docs/ @b⏎*.md @c", "gitlab", [(3, None)]),
        ("!x", "github", [(1, None)]),
        ("* @a⏎!/x/", "gitlab", [(2, None)]),
        ("[S]", "github", [(1, None)]),
        ("[S] @s⏎*.md", "gitlab", [(1, None)]),
        ("*.md @ok dev", "github", [(1, None)]),
        ("*.md @ok dev", "gitlab", [(1, None)]),
        ("**/ @x", "github", [(1, None)]),
    ],
)
def test_a_line_that_the_forges_read_differently(file, dialect, expected):
    """Told with a spelling on which both agree, where there is one."""
    found = differs(read(file, dialect), TREE)
    assert [(each.line, each.suggestion) for each in found] == expected
    assert {(each.kind, each.severity) for each in found} <= {("differs", "info")}


def test_what_is_in_a_directory_differs_only_where_there_is_one():
    """Without a tree nobody knows whether /docs is a directory."""
    assert differs(read("/docs @x⏎*.rb @x", "github")) == []


@pytest.mark.parametrize("dialect", ["github", "gitlab"])
def test_an_agreeing_spelling_is_read_alike_by_both(dialect):
    """What is suggested has the same owners on both forges."""
    for pattern in ["/docs", "/docs/**", "src/api/", "docs/*", "/", "/app/[id]/p", "/**", "docs"]:
        for each in differs(read(f"{pattern} @x", dialect), TREE):
            agreed = f"{each.suggestion} @x"
            assert differs(read(agreed, "github"), TREE) == differs(read(agreed, "gitlab"), TREE) == []
            answers = [
                [match.owners for match in read(agreed, d).match_all(TREE)] for d in ("github", "gitlab")
            ]
            assert answers[0] == answers[1]


# --- Shadowed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "dialect", "expected"),
    [
        ("*.md @a⏎* @b", "github", [1]),
        ("* @b⏎*.md @a", "github", []),
        ("/docs/a.md @a⏎/docs/ @b", "github", [1]),
        ("/docs/ @b⏎/docs/a.md @a", "github", []),
        ("/docs/a @a⏎/docs/* @b", "github", []),
        ("/docs/*.md @a⏎/docs/ @b", "github", [1]),
        ("/docs/a.md @a⏎*.md @b", "github", [1]),
        ("*.md @a⏎*.md @b", "github", [1]),
        ("/a/b/ @a⏎/a/ @b⏎/a/c @c", "github", [1]),
        ("/a/**/x @a⏎/a/ @b", "github", [1]),
        ("/docs/ @a⏎[S]⏎* @b", "gitlab", []),
        ("/docs/ @a⏎* @b", "gitlab", [1]),
        ("/docs/ @a⏎!*", "gitlab", [1]),
        ("!*⏎/docs/ @a", "gitlab", [2]),
        ("/docs/* @a⏎/docs/ @b", "gitlab", [1]),
        ("/docs/x.md @a⏎*.md @b", "gitlab", [1]),
        ("docs/x.md @a⏎/docs/ @b", "gitlab", []),
    ],
)
def test_a_line_that_never_decides(file, dialect, expected):
    """A later line of its section covers all that it covers."""
    found = shadowed(read(file, dialect))
    assert [each.line for each in found] == expected
    assert {each.kind for each in found} <= {"shadowed"}


# --- The tree -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "dialect", "expected"),
    [
        ("* @a⏎/docs/ @b⏎/doc/ @c⏎*.rs @d⏎/README.md @e", "github", [3, 4]),
        ("/docs @a⏎/docs/ @a⏎/docs @b", "github", []),
        ("/docs @a⏎/docs/ @a⏎[S]⏎/docs @b⏎!/nothing/", "gitlab", [1, 4, 5]),
        ("/a//b @a⏎!x⏎/docs/ @a", "github", [1]),
    ],
)
def test_a_line_that_matches_no_file(file, dialect, expected):
    """Told even where another line has the same pattern; skipped lines have their own problem."""
    found = matches_nothing(read(file, dialect), TREE)
    assert [(each.line, each.kind) for each in found] == [(line, "matches_nothing") for line in expected]


def test_the_share_of_files_that_have_an_owner():
    """Files count once for each of their owners; spellings of one owner are added up."""
    found = coverage(read("/docs/ @Ben⏎*.md @ben @o/t⏎/v1/", "github"), TREE)
    assert (found.files, found.owned) == (7, 3)
    assert found.share == pytest.approx(3 / 7)
    assert found.owners == {"@Ben": 3, "@o/t": 2}
    assert found.unowned == ("src/api/x.rb", "mono/src/api/y.rb", "x.rb/readme", "v1/a")


def test_an_empty_tree_is_wholly_owned():
    """No file lacks an owner."""
    assert coverage(read("", "github"), []).share == 1.0


# --- Files read lately ----------------------------------------------------------------------------------


def test_one_blob_is_parsed_once_for_each_dialect_and_the_oldest_is_forgotten():
    """The blob's hash and the dialect are the key; sixty-four files are kept."""
    recent = RecentFiles(size=2)
    first = recent.parse(b"* @a", "github", "1")
    assert recent.parse(b"", "github", "1") is first
    assert recent.parse(b"* @a", "gitlab", "1").dialect == "gitlab"
    assert recent.parse(b"", "github", "1") is first
    recent.parse(b"* @c", "github", "2")
    assert recent.parse(b"", "github", "1") is first
    assert recent.parse(b"* @new", "gitlab", "1").match("x").owners == ("@new",)
