"""Each story here is played twice: on GitHub, and (slow) on GitLab.

`only_github.py` names those that are not, and why; where the forges differ, a story in `test_gitlab.py` tells how.
"""

from __future__ import annotations

import pytest

from app import logs
from tests.handlers.only_github import why_not


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each story is played on both forges, but those that `only_github` names."""
    if "kind" not in metafunc.fixturenames:
        return
    module = metafunc.module.__name__.rpartition(".")[2]
    forges: list[object] = [] if module == "test_gitlab" else ["github"]
    if not why_not(module, metafunc.function.__name__):
        forges.append(pytest.param("gitlab", marks=pytest.mark.slow))
    metafunc.parametrize("kind", forges)


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    logs.configure("warning")
