"""Which commands of a guideline can really be run."""

from __future__ import annotations

import pytest

from policies.facts import Tree
from policies.guidelines import builds

CONTENTS = {
    "Makefile": b".PHONY: all test\nall test: deps\n\ttrue\ndeps:\n\ttrue\nX := 1\n",
    "package.json": b'{"scripts": {"test": "x", "lint": "x", "build:web": "x"}}',
    "web/package.json": b'{"scripts": {"e2e": "x"}}',
    "api/Makefile": b"run:\n\ttrue\n",
    "justfile": b"set shell := ['sh']\n@tidy arg='x': deps\n  true\n",
    "Taskfile.yml": b"tasks:\n  fmt:\n    cmds: [x]\n",
    "broken/package.json": b"[",
}
TREE = Tree(
    (*CONTENTS, "pyproject.toml", "go.mod", "requirements.txt", "scripts/run.sh", "gradlew", "api/x.py")
)
BUILT = builds.builds(TREE, CONTENTS)


@pytest.mark.parametrize(
    ("block", "real"),
    [
        ("make test", True),
        ("$ make -j4 all", True),
        ("make", True),
        ("make world", False),
        ("make test world", False),
        ("make -C api run", True),
        ("cd api && make run", True),
        ("cd api\nmake run", True),
        ("cd api\nmake deps", False),
        ("git clone https://x.example/pay.git\ncd pay\nmake deps", True),
        ("npm test", True),
        ("npm t", True),
        ("npm run lint", True),
        ("npm run build:web -- --fast", True),
        ("npm run e2e", False),
        ("npm run e2e --workspace web", True),
        ("pnpm --filter web e2e", False),
        ("yarn", True),
        ("yarn workspace web e2e", True),
        ("npm ci", True),
        ("pytest -q", True),
        ("python -m pytest tests", True),
        ("python3 -m unittest", True),
        (".venv/bin/pytest", True),
        ("pip install -r requirements.txt", True),
        ("pip install -r requirements-dev.txt", False),
        ("go test ./...", True),
        ("cargo test", False),
        ("./gradlew check", True),
        ("./mvnw verify", False),
        ("just tidy", True),
        ("just nothing", False),
        ("task fmt", True),
        ("./scripts/run.sh", True),
        ("bash scripts/run.sh --all", True),
        ("bash scripts/gone.sh", False),
        ("CI=1 sudo make test | tee log", True),
        ("# make test", False),
        ("git push", False),
        ("echo make test", False),
        ("", False),
        ("'unclosed", False),
    ],
)
def test_a_block_of_code_can_be_run(block: str, real: bool) -> None:
    assert builds.real(block, BUILT) == real


def test_where_a_build_file_was_not_read_its_targets_are_believed() -> None:
    built = builds.builds(TREE, {})
    assert builds.real("make anything", built)
    assert builds.real("npm run anything", built)


def test_a_makefile_that_includes_others_is_believed() -> None:
    built = builds.builds(Tree(("Makefile",)), {"Makefile": b"include common.mk\n"})
    assert builds.real("make elsewhere", built)


def test_build_files_near_the_root_are_read_and_vendored_ones_are_not() -> None:
    tree = Tree(
        ("a/b/c/d/package.json", "a/package.json", "node_modules/x/package.json", "package.json", "x.py")
    )
    assert builds.worth_reading(tree) == ("package.json", "a/package.json")


@pytest.mark.parametrize(
    ("contents", "setup", "test"),
    [
        (CONTENTS, ("npm install",), ("make test",)),
        ({"Makefile": b"install:\n\tx\ncheck:\n\tx\n"}, ("make install",), ("make check",)),
        ({"go.mod": b""}, ("go mod download",), ("go test ./...",)),
        ({"pyproject.toml": b'[dependency-groups]\ndev = ["pytest"]\n'}, ("pip install -e .",), ("pytest",)),
        ({"notes.txt": b""}, (), ()),
    ],
)
def test_commands_that_a_draft_can_name(
    contents: dict[str, bytes], setup: tuple[str, ...], test: tuple[str, ...]
) -> None:
    built = builds.builds(Tree(tuple(contents)), contents)
    assert builds.suggested(built, contents) == (setup, test)
