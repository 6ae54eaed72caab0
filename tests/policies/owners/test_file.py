"""The one way in: parse a file, ask for owners, ask why."""

from __future__ import annotations

import pytest

from policies.owners import Problem, parse

FILE = b"""* @all
*.ts @a # ask @b
/docs/* @d
*.py @ok dev
"""


def test_a_path_has_the_owners_of_the_last_line_that_matches():
    match = parse(FILE, "github").match("src/x.ts")
    assert (match.owners, match.line, match.text) == (("@a",), 2, "*.ts @a # ask @b")


def test_an_explanation_names_every_line_that_matches_and_agrees_with_the_lookup():
    file = parse(FILE, "github")
    explained = file.explain("a.py")
    assert explained.owners == file.match("a.py").owners == ("@all",)
    assert [(line.line, line.outcome, line.kind) for line in explained.considered] == [
        (1, "won", None),
        (4, "skipped", "Invalid owner"),
    ]


def test_a_problem_has_line_column_kind_and_a_suggestion():
    (problem,) = parse(FILE, "github").problems
    assert isinstance(problem, Problem)
    assert (problem.line, problem.column, problem.kind, problem.suggestion) == (
        4,
        10,
        "Invalid owner",
        "@dev",
    )


def test_a_file_cannot_be_changed_from_outside():
    with pytest.raises(AttributeError):
        parse(FILE, "github").status = "binary"
