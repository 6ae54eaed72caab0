"""What is reported about a line: where, by which name, how bad, and what would be right."""

from __future__ import annotations

import pytest

from policies.owners import Dialect, Problem, parse
from policies.owners.problems import carried_over, merged


def problems(file: str, dialect: Dialect) -> list[tuple]:
    found = parse(file.replace("⏎", "\n").encode(), dialect).problems
    return [(each.line, each.column, each.kind, each.severity, each.suggestion) for each in found]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("* @a⏎/docs/ @o/t b@x.io⏎/un/", []),
        ("* @a⏎!x @b", [(2, 1, "Invalid pattern", "error", None)]),
        ("  / @b", [(1, 3, "Invalid pattern", "error", "*")]),
        ("app/[id]/p @b", [(1, 5, "Invalid pattern", "error", r"app/\[id\]/p")]),
        (r"app/\[a]/p @b", [(1, 8, "Invalid pattern", "error", r"app/\[a\]/p")]),
        ("*.py @ok dev", [(1, 10, "Invalid owner", "error", "@dev")]),
        ("*.py a@x.io, b@x.io", [(1, 6, "Invalid owner", "error", "a@x.io")]),
        ("*.py @ok {} @b", [(1, 10, "Invalid owner", "error", None)]),
        ("\t*.py  @o/t/u # dev", [(1, 8, "Invalid owner", "error", None)]),
        ("*.py dev nobody", [(1, 6, "Invalid owner", "error", "@dev")]),
        ("dev dev", [(1, 5, "Invalid owner", "error", "@dev")]),
        (r"a\ b dev", [(1, 6, "Invalid owner", "error", "@dev")]),
        ("*.py @a@b", [(1, 6, "glued_owner", "error", "@a @b")]),
        ("*.py @a@b dev", [(1, 11, "Invalid owner", "error", "@dev")]),
        ("é/x [", [(1, 5, "Invalid owner", "error", None)]),
        ("é/[x @a", [(1, 3, "Invalid pattern", "error", r"é/\[x")]),
        ("\ufeff* @a", [(1, 1, "bom", "warning", None)]),
    ],
)
def test_github(file, expected):
    """Line and column count from 1, in characters; the first bad owner of a line is named."""
    assert problems(file, "github") == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("* @a⏎[S][2] @d @e⏎/g/⏎^[T] @@owner a@x.io⏎/h/⏎!/h/x", []),
        ("/g/", [(1, 1, "missing_entry_owner", "error", None)]),
        ("[S]⏎  /g/", [(2, 3, "missing_entry_owner", "error", None)]),
        ("/g/ dev", [(1, 5, "malformed_entry_owner", "error", None)]),
        ("  dev dev", [(1, 7, "malformed_entry_owner", "error", None)]),
        ("[dev] dev", [(1, 7, "invalid_section_owner_format", "error", None)]),
        ("/g/ @a dev @b", [(1, 8, "malformed_entry_owner", "error", None)]),
        ("/g/ @a # you", [(1, 8, "malformed_entry_owner", "error", None)]),
        (
            "/g/ @a # ask @b",
            [(1, 8, "malformed_entry_owner", "error", None), (1, 8, "comment_owner", "warning", None)],
        ),
        ("[] @a⏎/g/", [(1, 1, "missing_section_name", "error", None)]),
        ("[ ]⏎/g/ @a", [(1, 1, "missing_section_name", "error", None)]),
        ("[S][]", [(1, 4, "invalid_approval_requirement", "error", None)]),
        ("[S][1 0]", [(1, 4, "invalid_approval_requirement", "error", None)]),
        ("^[S][1] @d", [(1, 5, "invalid_approval_requirement", "error", "[S][1] @d")]),
        ("^[S][0] @d", []),
        ("[S] dev", [(1, 5, "invalid_section_owner_format", "error", None)]),
        ("[S] @d oops", [(1, 8, "invalid_section_owner_format", "error", None)]),
        ("[S] @@dev", [(1, 5, "invalid_section_owner_format", "error", None)]),
        ("[S][q]", [(1, 1, "invalid_section_format", "error", None)]),
        ("[S][ 1]", [(1, 1, "invalid_section_format", "error", None)]),
        ("[S][2]@d", [(1, 1, "invalid_section_format", "error", None)]),
        ("[S]]", [(1, 1, "invalid_section_format", "error", None)]),
        ("[S] @d+e", [(1, 1, "invalid_section_format", "error", None)]),
        ("[S", [(1, 1, "invalid_section_format", "error", "[S]")]),
        ("^[S", [(1, 1, "invalid_section_format", "error", "^[S]")]),
        (
            "[Dd]ocs/ @t",
            [
                (1, 1, "swallowed_header", "warning", "/**/[Dd]ocs/ @t"),
                (1, 5, "invalid_section_owner_format", "error", None),
            ],
        ),
        ("* @a⏎! /x", [(2, 1, "stray_exclusion", "warning", "!/x")]),
        ("*.rb @a⏎/**/*.rb @b", [(2, 1, "repeated_key", "warning", None)]),
        ("*.rb @a⏎[S]⏎*.rb @b", []),
        ("\ufeff* @a", [(1, 1, "bom", "warning", None)]),
    ],
)
def test_gitlab(file, expected):
    """Line and column count from 1, in characters; the names are those of GitLab's own report."""
    assert problems(file, "gitlab") == expected


@pytest.mark.parametrize(
    ("dialect", "bad"),
    [
        ("github", ["!", "!x @c", "/", "/[ @c", "/b/x dev", "/b/ a,b", "[q", "\\"]),
        ("gitlab", ["[q", "^[q @c", "/b/[ @c", "/b//x dev", "/c dev", "/\\"]),
    ],
)
def test_a_bad_line_costs_no_other_line_anything(dialect, bad):
    """What is wrong with one line changes nothing for the lines around it."""
    for line in bad:
        file = parse(f"/a/ @a\n/b/ @b\n{line}\n/d/ @d\n".encode(), dialect)
        owners = [file.match(path).owners for path in ("a/x", "b/x", "d/x")]
        assert owners == [("@a",), ("@b",), ("@d",)], line


@pytest.mark.parametrize("dialect", ["github", "gitlab"])
def test_a_line_that_is_no_utf8_is_reported_and_matched_byte_by_byte(dialect):
    """Bytes are never lost: a path with the same odd bytes has its owner."""
    file = parse(b"* @a\n# \xff\n/\xff\xfe/ @b\n/ok/ @c\n", dialect)
    assert [(each.line, each.kind) for each in file.problems] == [(3, "encoding")]
    assert file.match(b"\xff\xfe/x".decode(errors="surrogateescape")).owners == ("@b",)
    assert file.match(b"\xff\xfd/x".decode(errors="surrogateescape")).owners == ("@a",)


def test_a_problem_says_what_is_wrong_in_a_sentence():
    """Every problem has a message for people, and says that it is Usher's own."""
    (problem,) = parse(b"*.py @ok dev", "github").problems
    assert isinstance(problem, Problem)
    assert problem.message.endswith(".")
    assert problem.source == "usher"


def test_what_the_forge_reports_and_what_usher_found_is_told_once():
    """The same line and kind is one problem, the forge's, with what only Usher knows; other kinds pass through."""
    own = parse(b"*.py @ok dev\n/ @a\n", "github").problems
    theirs = [
        Problem(1, 1, "Invalid owner", "error", "Theirs.", source="forge"),
        Problem(2, 1, "Unknown owner", "error", "Nobody.", source="forge"),
        Problem(3, 4, "Something new", "error", "New.", "*", "forge"),
    ]
    told = [(each.line, each.column, each.kind, each.suggestion, each.source) for each in merged(own, theirs)]
    assert told == [
        (1, 10, "Invalid owner", "@dev", "forge"),
        (2, 1, "Invalid pattern", "*", "usher"),
        (2, 1, "Unknown owner", None, "forge"),
        (3, 4, "Something new", "*", "forge"),
    ]


def test_two_problems_of_one_kind_in_one_line_both_stay():
    """The forge names each of two unknown owners; what it says twice is told once."""
    theirs = [Problem(1, column, "Unknown owner", "error", "Nobody.", source="forge") for column in (3, 6, 6)]
    own = [Problem(1, column, "glued_owner", "error", "Glued.") for column in (9, 15)]
    assert [(each.column, each.source) for each in merged(own, theirs)] == [
        (3, "forge"),
        (6, "forge"),
        (9, "usher"),
        (15, "usher"),
    ]


@pytest.mark.parametrize(
    ("theirs", "ours", "lines"),
    [
        (b"* @a\n/b @x\n", b"* @a\n/b @x\n", [2]),
        (b"* @a\n/b @x\n", b"\n\n* @a\n/b @x\n", [4]),
        (b"* @a\r\n/b @x\r\n", b"/b @x\n", [1]),
        (b"* @a\n/b @x\n", b"/b @x\n/c\n/b @x", [1, 3]),
        (b"* @a\n/b @x\n", b"* @a\n/b @y\n", []),
        (b"* @a", b"/b @x", []),
    ],
    ids=["same file", "moved", "other line ends", "there twice", "changed", "beyond the end"],
)
def test_what_the_forge_says_of_its_file_is_told_of_the_same_lines_in_ours(theirs, ours, lines):
    """By what a line says, not by its number; a line that the forge does not have was not judged."""
    said = [Problem(2, 4, "Unknown owner", "error", "Nobody.", source="forge")]
    assert [each.line for each in carried_over(said, theirs, ours)] == lines
