"""The house stands as its plan says: arrows point one way, and the rules stay pure."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"policies": (), "handlers": ("policies",), "app": ("policies", "handlers", "migrations")}
NOT_IN_POLICIES = {
    "asyncio", "httpx2", "logging", "os", "psycopg", "random", "requests", "socket",
    "sqlalchemy", "structlog", "subprocess", "threading", "time",
}  # fmt: skip
WALL_CLOCKS = {"now", "today", "utcnow", "time", "monotonic", "perf_counter"}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_between_rooms_point_one_way(room: str) -> None:
    allowed = {room, *ROOMS[room]}
    for path in modules(room):
        for name in imported(ast.parse(path.read_text())):
            top = name.partition(".")[0]
            if top in {*ROOMS, "migrations", "tests", "benchmarks"}:
                assert top in allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_policies_touch_no_world() -> None:
    """No await, no wall clock, no chance, no forge, no SQL, no logging."""
    for path in modules("policies"):
        where = path.relative_to(ROOT)
        tree = ast.parse(path.read_text())
        for name in imported(tree):
            assert name.partition(".")[0] not in NOT_IN_POLICIES, f"{where} imports {name}"
        for node in ast.walk(tree):
            assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), f"{where}:{node.lineno} is async"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                reads_clock = node.func.attr in WALL_CLOCKS and isinstance(node.func.value, ast.Name)
                known = {"datetime", "date", "time"}
                assert not (reads_clock and node.func.value.id in known), (
                    f"{where}:{node.lineno} reads the clock"
                )


def test_only_the_demo_imports_the_sandbox_forge() -> None:
    for path in modules("app"):
        where = path.relative_to(ROOT)
        if where.parts[:3] == ("app", "forges", "sandbox") or where.parts[:2] == ("app", "demo"):
            continue
        for name in imported(ast.parse(path.read_text())):
            assert not name.startswith("app.forges.sandbox"), f"{where} imports {name}"


def test_every_file_opens_with_a_sentence() -> None:
    for room in ROOMS:
        for path in modules(room):
            if path.read_text().strip():
                assert ast.get_docstring(ast.parse(path.read_text())), (
                    f"{path.relative_to(ROOT)} has no docstring"
                )


def test_no_file_names_a_registry_or_a_path_of_some_machine() -> None:
    # Put together here, so that this file does not name them itself.
    hosts = [
        "files.python" + "hosted",
        "py" + "pi.org",
        "registry.npm" + "js",
        "registry.yarn" + "pkg",
        "deb.deb" + "ian",
    ]
    for pattern in ("*.py", "*.md", "*.toml", "*.lock", "*.yml", "*.yaml", "Makefile", "Dockerfile"):
        for path in ROOT.rglob(pattern):
            if not {".venv", ".git", "node_modules"} & set(path.relative_to(ROOT).parts):
                text = path.read_text(encoding="utf-8")
                for host in hosts:
                    assert host not in text, f"{path.relative_to(ROOT)} names {host}"


def test_only_checked_makes_a_comment() -> None:
    """A `Body` is what `policies.text.checked` found safe; nothing else may call a text so, and mypy asks for it."""
    for room in ROOMS:
        for path in modules(room):
            if path == ROOT / "policies/text.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                is_cast = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                assert not (is_cast and node.func.id == "Body"), f"{path.relative_to(ROOT)}:{node.lineno}"
