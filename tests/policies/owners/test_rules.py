"""Each rule of both dialects, as the tables beside this file state it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from policies.owners import Dialect, Match, parse

HERE = Path(__file__).parent


def cases(dialect: Dialect) -> list:
    table = tomllib.loads((HERE / f"{dialect}.toml").read_text())
    return [
        pytest.param(*case, id=f"{rule}: {case[0]} | {case[1]}")
        for rule, stated in table.items()
        for case in stated["cases"]
    ]


def answer(match: Match) -> str:
    return " ".join(match.owners) if match.matched else "-"


@pytest.mark.parametrize(("file", "path", "owners"), cases("github"))
def test_github(file, path, owners):
    """The owners of a path are those that GitHub finds."""
    match = parse(file.replace("⏎", "\n").encode(), "github").match(path)
    assert answer(match) == owners
    assert match.sections == ()


@pytest.mark.parametrize(("file", "path", "owners"), cases("gitlab"))
def test_gitlab(file, path, owners):
    """The owners of a path are those that GitLab finds, in each section."""
    match = parse(file.replace("⏎", "\n").encode(), "gitlab").match(path)
    if isinstance(owners, str):
        assert answer(match) == owners
    else:
        sections = {each.name: "-" if each.excluded else " ".join(each.owners) for each in match.sections}
        assert sections == owners
        assert list(sections) == list(owners)
