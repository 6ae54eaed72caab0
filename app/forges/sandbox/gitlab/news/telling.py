"""One thing that hooks are told, and where it happened."""

from __future__ import annotations

from typing import Any, NamedTuple

from app.forges.sandbox.world import Happening, Repository


class News(NamedTuple):
    """A payload, the hooks' flag that lets it through, and the name in `X-Gitlab-Event`."""

    flag: str
    event: str
    payload: dict[str, Any]


def place_of(happening: Happening) -> Repository:
    if happening.repository is None:
        raise ValueError(f"a {happening.kind} needs a project")
    return happening.repository
