"""What a file and a call may cost: sizes, numbers of rules, and hostile patterns, measured in steps."""

from __future__ import annotations

import sys

import pytest

from policies.owners import Dialect, parse
from policies.owners.index import REMEMBERED
from policies.owners.limits import LONG_PATTERN, MANY_RULES, NEARLY_TOO_LARGE, STEPS, TOO_LARGE

pytestmark = pytest.mark.slow  # hostile files are large

BOTH = pytest.mark.parametrize("dialect", ["github", "gitlab"])


# --- Size -----------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("size", "status", "kinds"),
    [
        (NEARLY_TOO_LARGE - 1, "ok", []),
        (NEARLY_TOO_LARGE, "ok", ["too_large"]),
        (TOO_LARGE - 1, "ok", ["too_large"]),
        (TOO_LARGE, "too_large", ["too_large"]),
    ],
)
def test_a_file_of_three_mebibytes_is_not_read_and_three_million_bytes_warn(dialect, size, status, kinds):
    """A file that is too large asks nobody; there is no other file to fall back to."""
    file = parse(b"* @a\n#".ljust(size, b"x"), dialect)
    assert (file.status, [each.kind for each in file.problems]) == (status, kinds)
    match = file.match("x")
    assert (match.owners, match.refused) == ((("@a",), None) if status == "ok" else ((), "too_large"))


@BOTH
@pytest.mark.parametrize(("place", "status"), [(0, "binary"), (7_999, "binary"), (8_000, "ok")])
def test_a_file_with_a_nul_near_its_start_is_binary(dialect, place, status):
    """A NUL in the first 8,000 bytes: no rules."""
    content = (b"* @a\n#" if place else b"").ljust(place, b"x") + b"\0\n"
    file = parse(content, dialect)
    assert file.status == status
    assert file.match("x").owners == (("@a",) if status == "ok" else ())


@BOTH
def test_more_than_twenty_thousand_rules_refuse_the_file(dialect):
    """Comments and blank lines do not count."""
    lines = b"# note\n\n" + b"/a/ @a\n" * MANY_RULES
    assert parse(lines, dialect).status == "ok"
    refused = parse(lines + b"/b/ @b\n", dialect)
    assert (refused.status, [each.kind for each in refused.problems]) == ("refused", ["too_many_rules"])
    assert (refused.match("a/x").owners, refused.match("a/x").refused) == ((), "refused")
    assert refused.rules == ()


@BOTH
def test_a_pattern_of_more_than_4096_bytes_matches_nothing(dialect):
    """The limit is in bytes; the line is reported, and the others go on."""
    name = "é" * (LONG_PATTERN // 2 - 1)
    longest, longer = f"/{name}x", f"/{name}xy"
    file = parse(f"* @a\n{longest} @b\n{longer} @c\n".encode(), dialect)
    assert [(each.line, each.kind) for each in file.problems] == [(3, "pattern_too_long")]
    assert file.match(longest[1:]).owners == ("@b",)
    assert file.match(longer[1:]).owners == ("@a",)


# --- Steps ----------------------------------------------------------------------------------------------

MANY_STARS = b"".join(b"*a" * (10 + number % 30) + b"*b%d @x\n" % number for number in range(2_000))
DOUBLE_STARS = b"".join(b"/**/" + b"*a*/**/" * 40 + b"b%d @x\n" % number for number in range(2_000))
QUESTIONS = b"".join(b"*" + b"?" * (200 + number % 50) + b"b%d @x\n" % number for number in range(500))
ONE_DIRECTORY = b"".join(b"/d/*x%d* @x\n" % number for number in range(MANY_RULES))
FLOATING = b"".join(b"*x%d*y @x\n" % number for number in range(MANY_RULES))
DEEP = "/".join(["a"] * 500)


@BOTH
@pytest.mark.parametrize(
    ("content", "path"),
    [
        pytest.param(MANY_STARS, "a" * 250, id="2,000 patterns *a*a*…b"),
        pytest.param(MANY_STARS, "/".join(["a" * 60] * 60), id="2,000 patterns *a*a*…b, deep"),
        pytest.param(DOUBLE_STARS, DEEP, id="2,000 patterns **/*a*/**/…, depth 500"),
        pytest.param(QUESTIONS, "a" * 250, id="500 patterns *????…b"),
        pytest.param(ONE_DIRECTORY, "d/" + "x" * 200, id="20,000 globs in one directory"),
        pytest.param(FLOATING, "d/" + "x" * 200, id="20,000 floating globs"),
        pytest.param(b"* @a\n/**/a/**/b @b\n", DEEP, id="depth 500"),
        pytest.param(b"*/" * 2_000 + b"x @a\n", DEEP, id="2,000 stars in a row"),
        pytest.param(b"a" * 3_000_000, "a" * 3_000_000, id="one line of 3 MB"),
    ],
)
def test_hostile_patterns_stay_within_the_steps_of_one_call(content, path, dialect):
    """Either the answer comes within the steps of a call, or nobody is asked; it never goes on."""
    match = parse(content, dialect).match(path)
    assert match.refused in (None, "too_costly")
    if match.refused:
        assert match.owners == ()


@BOTH
@pytest.mark.parametrize(
    ("content", "path", "steps"),
    [
        pytest.param(MANY_STARS, "a" * 250, 1_000_000, id="2,000 patterns *a*a*…b"),
        pytest.param(ONE_DIRECTORY, "d/" + "x" * 200, 500_000, id="20,000 globs in one directory"),
        pytest.param(b"/**/a/**/b @b\n", DEEP, 50_000, id="depth 500"),
    ],
)
def test_what_backtracking_would_never_finish_is_answered_in_few_steps(content, path, steps, dialect):
    """The work is bounded by the pattern's length times the path's, and mostly far below."""
    assert parse(content, dialect).match(path, steps=steps).refused is None


@BOTH
def test_a_call_that_spends_its_steps_names_nobody_at_all(dialect):
    """No half answers: of many paths asked together, all are refused; asked again with more steps, they are not."""
    file = parse(b"* @a\n" + b"*a*b*c*%d @x\n" * 50 % tuple(range(50)), dialect)
    paths = [f"d{number}/aabbcc{number}" for number in range(200)]
    refused = file.match_all(paths, steps=1_000)
    assert {(match.refused, match.owners, match.matched) for match in refused} == {("too_costly", (), False)}
    assert file.explain(paths[0], steps=10).match.refused == "too_costly"
    assert all(match.owners for match in file.match_all(paths, steps=STEPS))


@BOTH
def test_steps_grow_with_the_path_and_not_faster(dialect):
    """Twice the depth costs about twice the steps, and a little for the longer names of directories."""
    content = b"/**/" + b"a*b/" * 5 + b"**/x\n"

    def least(depth: int) -> int:
        path = "/".join(["ab"] * depth)
        low, high = 1, STEPS
        while low < high:
            middle = (low + high) // 2
            refused = parse(content, dialect).match(path, steps=middle).refused
            low, high = (middle + 1, high) if refused else (low, middle)
        return low

    assert least(200) < 3 * least(100)


@pytest.mark.slow
def test_what_is_remembered_is_bounded():
    """After very many directories and names the memory is cleared, and the answers stay right."""
    file = parse(b"* @a\n/d/*/x* @b\n*.md @c\n", "github")
    paths = [f"d/{number}/x{number}" for number in range(REMEMBERED + 1_000)]
    answers = file.match_all(paths, steps=100 * STEPS)
    assert {match.owners for match in answers} == {("@b",)}
    index = file.content._index
    assert len(index._places) + len(index._names) <= REMEMBERED
    assert file.match("d/1/y.md").owners == ("@c",)


# --- Parsing --------------------------------------------------------------------------------------------


def calls(content: bytes, dialect: Dialect) -> int:
    """How many functions are called while `content` is parsed."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        parse(content, dialect)
    finally:
        sys.setprofile(None)
    return count


@BOTH
@pytest.mark.parametrize(
    "part",
    [
        b"@" * 500,
        b"a@" * 500,
        b"@a.git" * 500,
        b"* " + b"dev " * 300 + b"\n",
        b"* " + b"@a@b " * 300 + b"\n",
        b"[" + b" " * 500 + b"]" + b" " * 500 + b"\n",
        b"^[a][" + b"1" * 500 + b"] " + b"@a " * 300 + b"\n",
        b"[[[[\n!!!!\n" * 100,
        b"a\\ " * 300,
        b"/a/[a-c]/**/*x* @a # b\n" * 50,
    ],
)
def test_parsing_is_linear_in_the_bytes(dialect, part):
    """Four times the content takes at most about four times the calls, whatever it is."""
    assert calls(part * 8, dialect) < 5 * calls(part * 2, dialect) + 500


@BOTH
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"* " + b"a" * 1_000_000, id="a word of 1 MB as owner"),
        pytest.param(b"[S]" + b" " * 1_000_000 + b"@a\n* @b", id="1 MB of blanks in a header"),
        pytest.param(b"* @" + b"a/" * 500_000, id="a path of 1 MB as owner"),
        pytest.param(b"* " + b"@a " * 900_000, id="900,000 owners"),
    ],
)
def test_a_huge_line_is_read(dialect, content):
    """Long lines are read to their end, and reported where something is wrong with them."""
    file = parse(content, dialect)
    assert file.status == "ok"
    assert len(file.match("x").owners) <= 1
