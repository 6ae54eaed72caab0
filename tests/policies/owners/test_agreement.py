"""The index answers what a matcher answers that is too simple to be wrong, and too slow to be used.

The naive matchers here try every possibility, rule by rule, straight from the forges' documentation, and share
nothing with the package.
"""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.owners import parse

# --- GitHub, naively ------------------------------------------------------------------------------------


@cache
def name_fits(pattern: str, name: str) -> bool:
    """One segment: `*` any run, `?` one character, a backslash the next one itself."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return name_fits(pattern[1:], name) or (name != "" and name_fits(pattern, name[1:]))
    if pattern[0] == "\\" and len(pattern) > 1:
        return name[:1] == pattern[1] and name_fits(pattern[2:], name[1:])
    if pattern[0] == "?":
        return name != "" and name_fits(pattern[1:], name[1:])
    return name[:1] == pattern[0] and name_fits(pattern[1:], name[1:])


def path_fits(segments: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """A row of segments: `**` is any number of names, every other segment one."""
    if not segments:
        return not names
    if segments[0] == "**":
        return path_fits(segments[1:], names) or (names != () and path_fits(segments, names[1:]))
    return names != () and name_fits(segments[0], names[0]) and path_fits(segments[1:], names[1:])


def github_covers(pattern: str, path: str) -> bool:
    names = tuple(path.split("/"))
    segments = pattern.strip("/").split("/") if pattern.strip("/") else []
    if pattern in ("*", "**", "/**"):
        return True
    if "//" in pattern or not segments:
        return False
    if "/" not in pattern.rstrip("/"):
        segments = ["**", *segments]
    row = tuple(segments)
    above = [names[:depth] for depth in range(1, len(names))]
    if row[-1] == "**":
        more = (*row[:-1], "**", "*")
        places = above if pattern.endswith("/") else [*above, names]
        return any(path_fits(more, place) for place in places)
    if pattern.endswith("/"):
        return any(path_fits(row, place) for place in above)
    if set(row[-1]) == {"*"} and row[-2:-1] != ("**",):
        return path_fits(row, names)
    return any(path_fits(row, place) for place in [*above, names])


# --- GitLab, naively ------------------------------------------------------------------------------------


def gitlab_covers(pattern: str, path: str) -> bool:
    if pattern == "*":
        return True
    if not pattern.startswith("/"):
        pattern = "/**/" + pattern
    if pattern.endswith("/"):
        pattern += "**/*"
    *directories, last = pattern[1:].split("/")
    row = (*directories, "*" if set(last) == {"*"} else last)
    return "" not in row and path_fits(row, tuple(path.split("/")))


# --- Agreement ------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "ab", "a.b", "b.a", ".a", "aab"])
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=8, unique=True)
SEGMENTS = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "a.b",
        "*",
        "**",
        "*.a",
        "*.b",
        "a*",
        "*a*",
        "?",
        "a?",
        "*a*b",
        "?b*",
        "**a",
        "***",
        "\\*",
        ".*",
    ]
)
PATTERNS = st.builds(
    lambda start, segments, end: start + "/".join(segments) + end,
    st.sampled_from(["", "", "/", "**/", "/**/"]),
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/", "/*", "/**", "/**/*"]),
)


@settings(max_examples=400, deadline=None)
@given(patterns=st.lists(PATTERNS, min_size=1, max_size=7), paths=PATHS)
def test_github_the_last_rule_that_covers_a_path_decides(patterns, paths):
    """Whatever the rules are, the index finds the last one that covers a path."""
    file = parse("\n".join(f"{pattern} @o" for pattern in patterns).encode(), "github")
    for path, match in zip(paths, file.match_all(paths), strict=True):
        covering = [line for line, pattern in enumerate(patterns, 1) if github_covers(pattern, path)]
        assert match.line == (covering[-1] if covering else None), (path, patterns)


LINES = st.tuples(PATTERNS, st.booleans())
SECTIONS = st.lists(st.lists(LINES, max_size=4), min_size=1, max_size=4)


@settings(max_examples=400, deadline=None)
@given(sections=SECTIONS, paths=PATHS)
def test_gitlab_each_section_has_its_last_rule_or_an_exclusion(sections, paths):
    """Whatever the sections are, each answers with its last rule, or not at all where it excludes the path."""
    lines: list[str] = []
    tables: dict[str, dict[str, tuple[int, bool]]] = {}
    for number, rules in enumerate(sections):
        lines.append(f"[S{number}]")
        table = tables[f"S{number}"] = {}
        for pattern, excludes in rules:
            lines.append(f"!{pattern}" if excludes else f"{pattern} @o")
            full = "/**/*" if pattern == "*" else pattern if pattern.startswith("/") else "/**/" + pattern
            table[full + "**/*" if full.endswith("/") else full] = (len(lines), excludes)
    file = parse("\n".join(lines).encode(), "gitlab")
    for path, match in zip(paths, file.match_all(paths), strict=True):
        expected = {}
        for name, table in tables.items():
            covering = [content for pattern, content in table.items() if gitlab_covers(pattern, path)]
            if covering:
                expected[name] = "-" if any(excludes for _, excludes in covering) else covering[-1][0]
        found = {each.name: "-" if each.excluded else each.line for each in match.sections}
        assert found == expected, (path, lines)


@settings(max_examples=300, deadline=None)
@given(
    patterns=st.lists(PATTERNS, min_size=1, max_size=6),
    paths=PATHS,
    dialect=st.sampled_from(["github", "gitlab"]),
)
def test_an_explanation_agrees_with_the_lookup(patterns, paths, dialect):
    """What is explained is what was answered, by the same line."""
    file = parse(
        "\n".join(f"{pattern} @o{place}" for place, pattern in enumerate(patterns)).encode(), dialect
    )
    for path in paths:
        match, explained = file.match(path), file.explain(path)
        won = [line.line for line in explained.considered if line.outcome == "won"]
        assert explained.owners == match.owners
        assert won == ([match.line] if match.matched else [])
        told = {line.line for line in explained.considered}
        assert all(line.by in told for line in explained.considered if line.outcome == "overridden")


@settings(max_examples=200, deadline=None)
@given(
    patterns=st.lists(PATTERNS, min_size=1, max_size=6),
    paths=PATHS,
    dialect=st.sampled_from(["github", "gitlab"]),
)
def test_a_path_has_the_same_answer_alone_and_among_others(patterns, paths, dialect):
    """What was looked up before changes no answer."""
    content = "\n".join(f"{pattern} @o{place}" for place, pattern in enumerate(patterns)).encode()
    together = parse(content, dialect).match_all(paths)
    assert together == [parse(content, dialect).match(path) for path in paths]


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200) | st.text("ab*?/[]!^#@\\ \t\r\n.-", max_size=200).map(str.encode))
def test_no_content_is_too_odd_to_be_read(content):
    """Any bytes can be parsed, asked and explained, and every problem has its place."""
    for dialect in ("github", "gitlab"):
        file = parse(content, dialect)
        lines = content.split(b"\n")
        for problem in file.problems:
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        for path in ("a", "a/b", "ab/a.b/aab"):
            assert file.explain(path).owners == file.match(path).owners
