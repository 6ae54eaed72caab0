"""No key of `usher.yml` does nothing, and no fact that a policy asks for is one that nobody ever tells it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from policies.rules import Rules
from policies.typed_yaml import fields_by_key, types_by_name

ROOT = Path(__file__).parents[2]
ROOMS = ("policies", "handlers", "app")

READ_AS = {
    "reviews.return": ("returns", "wait"),
    "reviews.areas": ("area",),
    "calendars": ("self",),  # as a calendar, by its own module
    "calendars.holidays": ("holidays", "terms"),
    "guidelines.exceptions": ("exempt", "exception", "each"),
    "support.severities": ("severity", "terms"),
}
"""What a group of keys is called where its keys are read, if not by its own name or `rules`."""

TOLD_BY_NOBODY = {
    "Label.remove": "Usher takes labels off when it leaves, and then without an action",
}
"""Fields that are right as they are, and why."""


def sources() -> Iterator[tuple[Path, ast.AST]]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            where = path.relative_to(ROOT)
            if "sandbox" not in where.parts:
                yield where, ast.parse(path.read_text(encoding="utf-8"))


SOURCES = dict(sources())


def reads() -> set[tuple[str, str]]:
    """Each attribute that is read, with the last name of what it is read of: `terms.rules.noise.backoff` has
    `("noise", "backoff")`. The rules' own modules count only for calendars, which they make themselves.
    """
    found = set()
    for path, tree in SOURCES.items():
        if path.parts[:2] == ("policies", "rules") and path.name != "calendars.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found.add((last_name(node.value), node.attr))
    return found


def last_name(of: ast.expr) -> str:
    while isinstance(of, ast.Subscript | ast.Call):
        of = of.value if isinstance(of, ast.Subscript) else of.func
    return of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""


def keys(
    kind: Any = Rules, path: str = "", name: str = "rules"
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each key's path, its field, and by which names its group goes."""
    for key, field in fields_by_key(kind).items():
        here = f"{path}.{key}".strip(".")
        yield here, field.name, READ_AS.get(path, (name, "rules"))
        for group in groups(types_by_name(kind)[field.name]):
            yield from keys(group, here, field.name)


def groups(kind: Any) -> Iterator[Any]:
    """The groups of keys within a type, as in a mapping of names to areas."""
    if is_dataclass(kind) and kind.__module__.startswith("policies.rules"):
        yield kind
    for inner in get_args(kind):
        yield from groups(inner)


READS = reads()


@pytest.mark.parametrize(("path", "field", "group"), [pytest.param(*each, id=each[0]) for each in keys()])
def test_every_key_is_read_somewhere(path: str, field: str, group: tuple[str, ...]) -> None:
    assert any((name, field) in READS for name in group), f"nobody reads {path}"


def made() -> dict[str, tuple[set[str], int]]:
    """How each kind of value is made: the fields that are told by keyword, and how many by their place.

    `replace` counts for every kind.
    """
    found: dict[str, tuple[set[str], int]] = {}
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                names, most = found.get(last_name(node.func), (set(), 0))
                names |= {each.arg or "*" for each in node.keywords}
                many = any(isinstance(each, ast.Starred) for each in node.args)
                found[last_name(node.func)] = (names, max(most, 99 if many else len(node.args)))
    return found


def asked_for() -> Iterator[tuple[str, str, int]]:
    """Each field with a default of the frozen values that policies are given: its class, its name, its place."""
    for path, tree in SOURCES.items():
        if path.parts[0] != "policies" or path.parts[1] == "rules":
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or node.name == "Fact":
                continue
            if any("frozen=True" in ast.unparse(each) for each in node.decorator_list):
                fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
                for place, each in enumerate(fields):
                    name = ast.unparse(each.target)
                    if each.value is not None and name != "rank":
                        yield node.name, name, place


def test_every_fact_is_told_by_somebody() -> None:
    """A default that nothing ever replaces is a question that nobody answers."""
    ways = made()
    replaced, _ = ways["replace"]
    unanswered = set()
    for kind, field, place in asked_for():
        names, most = ways.get(kind, (set(), 0))
        if not {field, "*"} & names and field not in replaced and most <= place:
            unanswered.add(f"{kind}.{field}")
    assert unanswered == set(TOLD_BY_NOBODY)
